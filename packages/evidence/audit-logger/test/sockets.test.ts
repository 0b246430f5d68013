import { once } from 'node:events'
import { connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { Readable } from 'node:stream'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import { afterAll, describe, expect, it } from 'vitest'
import { recordedPath } from '../src/core/recorded-path.ts'
import { auditLogger, verify } from '../src/index.ts'
import type { AuditLoggerOptions, AuditRecord } from '../src/index.ts'
import { publicKey, rawLines, recordsIn, removeTrails, requestsIn, trailOptions } from './trails.ts'

afterAll(removeTrails)

interface Server {
  readonly app: FastifyInstance
  readonly directory: string
  readonly port: number
}

async function serve(
  routes: (app: FastifyInstance) => void,
  more: Partial<AuditLoggerOptions> = {},
  server: FastifyServerOptions = {},
): Promise<Server> {
  const options = trailOptions(more)
  const app = Fastify(server)
  void app.register(auditLogger, options)
  routes(app)
  await app.listen({ port: 0, host: '127.0.0.1' })
  return { app, directory: options.directory, port: (app.server.address() as AddressInfo).port }
}

/** A connection with these bytes sent. */
async function dial(port: number, bytes: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined).resume()
  await once(socket, 'connect')
  socket.write(bytes)
  return socket
}

/** Waits for a number of records of HTTP, and that no more come. */
async function httpRecords({ app, directory }: Server, count: number): Promise<AuditRecord[]> {
  const records = () => recordsIn(directory).filter(({ type }) => type.startsWith('http.'))
  await expect.poll(() => records().length, { timeout: 5000 }).toBeGreaterThanOrEqual(count)
  await app.close()
  expect(records()).toHaveLength(count)
  return records()
}

const POST = 'POST /body HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n'

describe('a client that goes away', () => {
  it('in its body, or before its headers ended, is recorded at most once', async () => {
    const server = await serve((app) => void app.post('/body', () => 'ok'))
    const inBody = await dial(server.port, `${POST}{"a":`)
    await expect.poll(() => server.app.server.listenerCount('request')).toBeGreaterThan(0)
    inBody.end()
    const inHeaders = await dial(server.port, 'GET /nothing HTTP/1.1\r\nhost: a\r\nx-half')
    inHeaders.end()
    const records = await httpRecords(server, 2)
    const byType = records.toSorted((a, b) => (a.type < b.type ? -1 : 1))
    expect(byType.map(({ type, outcome }) => [type, outcome])).toEqual([
      ['http.malformed', 'refused'],
      ['http.request', expect.stringMatching(/failed|refused/) as string],
    ])
  })

  it('in the middle of a stream is recorded as not completed', async () => {
    let began: (() => void) | undefined
    const streaming = new Promise<void>((resolve) => (began = resolve))
    const server = await serve((app) => {
      app.get('/stream', (_request, reply) => {
        const endless = new Readable({ read: () => undefined })
        endless.push('x'.repeat(1000))
        began?.()
        return reply.send(endless)
      })
    })
    const socket = await dial(server.port, 'GET /stream HTTP/1.1\r\nhost: a\r\n\r\n')
    await streaming
    await once(socket, 'data')
    socket.destroy()
    const [record] = await httpRecords(server, 1)
    expect(record).toMatchObject({
      outcome: 'failed',
      request: { route: '/stream', status: 200, completed: false },
    })
  })
})

describe('requests of one connection', () => {
  it('that come at once are each recorded once, with what is broken behind them', async () => {
    const server = await serve((app) => {
      app.get('/:name', ({ params }) => params)
      app.addHook('onRequest', async ({ url }) => {
        if (url === '/boom') throw new Error('a hook of the app')
      })
    })
    const get = (path: string, method = 'GET'): string => `${method} ${path} HTTP/1.1\r\nhost: a\r\n\r\n`
    const socket = await dial(
      server.port,
      [
        get('/a'),
        get('/boom'),
        get('/c', 'HEAD'),
        get('/%'),
        get('http://other.example/d'),
        get('/e/f'),
      ].join(''),
    )
    await expect.poll(() => requestsIn(server.directory).length).toBe(6)
    socket.destroy()
    const records = await httpRecords(server, 6)
    const seen = records.map(({ request: { method, route, path, status } = {} }) =>
      JSON.stringify([method, route ?? path, status]),
    )
    const expected = [
      ['GET', '/:name', 200],
      ['GET', '/:name', 200],
      ['GET', '/:name', 500],
      ['GET', { shown: '/[…]', length: 2, digest: server.app.audit.digestOfPath('/%') }, 400],
      ['GET', '/e/f', 404],
      ['HEAD', '/:name', 200],
    ]
    expect(seen.toSorted()).toEqual(expected.map((one) => JSON.stringify(one)).toSorted())
  })

  it('that ask for another protocol, or take too long, are recorded once', async () => {
    const server = await serve((app) => void app.get('/', () => 'ok'), {}, { connectionTimeout: 200 })
    const upgrade = await dial(
      server.port,
      'GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-key: x\r\n\r\n',
    )
    await expect.poll(() => requestsIn(server.directory).length).toBe(1)
    upgrade.destroy()
    const slow = await dial(server.port, POST)
    await once(slow, 'close')
    const records = await httpRecords(server, 2)
    expect(records.map(({ request }) => request?.method)).toEqual(['GET', 'POST'])
  })
})

describe('what clients send', () => {
  it('as secrets in headers, query, path and body is not in the trail, at any level', async () => {
    const server = await serve(
      (app) => {
        app.post('/in/:token', () => 'ok')
      },
      { level: 'request' },
    )
    const body = JSON.stringify({
      user: { passwordConfirmation: 'hunter2-a', notes: 'card 4111 1111 1111 1111 password=hunter2-b' },
      query: 'mutation { login(password: "hunter2-c d") }',
      number: 4_111_111_111_111_111,
    })
    const answer = await server.app.inject({
      method: 'POST',
      url: '/in/hunter2-e?apiKey=hunter2-f&q=ada%40example.org',
      headers: {
        authorization: 'Bearer hunter2-g',
        cookie: 'session=hunter2-h',
        'x-api-key': 'hunter2-i',
        'user-agent': 'curl token=hunter2-j ada@example.org \u009b31m',
        'content-type': 'application/json',
      },
      body,
    })
    expect(answer.statusCode).toBe(200)
    await server.app.inject('/missing/ada%40example.org?password=hunter2-k')
    await server.app.close()
    const text = rawLines(server.directory).join('\n')
    expect(requestsIn(server.directory)).toHaveLength(2)
    expect(text).not.toMatch(/hunter2|4111|example\.org|\u009b/)
  })
})

describe('a path that no route has', () => {
  const sent = [
    '/%c0%aehostile',
    '/hostile%1b%5B31m',
    '/a/hostile%0aGET%20/fake',
    '/<script>hostile</script>',
    "/'hostile'--",
    '/reset/h0st1le0123456789',
    `/${'hostile'.repeat(6)}`,
    '/hostile@example.org',
    '/users/hostile%40example.org?hostile=1',
    '/1995-hostile',
  ]

  it('leaves nothing of it in the trail but its plain words, and can be found again', async () => {
    const server = await serve(() => undefined)
    for (const path of [...sent, '/.env', '/wp-login.php?hostile=1'])
      (await dial(server.port, `GET ${path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`)).resume()
    await expect.poll(() => requestsIn(server.directory).length).toBe(sent.length + 2)
    const digests = sent.map((path) => server.app.audit.digestOfPath(path))
    await server.app.close()
    expect(rawLines(server.directory).join('')).not.toMatch(/host|h0st|script|%|example/i)
    const paths = requestsIn(server.directory).map(({ request }) => request?.path)
    expect(paths).toEqual(
      expect.arrayContaining([
        '/.env',
        '/wp-login.php',
        { shown: '/users/[…]', length: 28, digest: digests[8] },
        ...digests.map((digest) => expect.objectContaining({ digest }) as object),
      ]),
    )
    expect(new Set(digests).size).toBe(sent.length)
  })

  it('is recorded in time linear in its length', () => {
    const time = (length: number): number => {
      const begun = performance.now()
      for (const part of ['/', '/a', '1', '-', '%', '/@']) recordedPath(part.repeat(length), () => '')
      return performance.now() - begun
    }
    time(1_000)
    expect(time(100_000)).toBeLessThan(1_000)
  })
})

describe('ten thousand at once', () => {
  it('are all recorded, in a trail that verifies', { timeout: 60_000 }, async () => {
    const server = await serve((app) => {
      app.get('/', async ({ audit }) => {
        const events = Array.from({ length: 100 }, () => audit.dataAccess('orders'))
        return (await Promise.all(events)).length
      })
    })
    await Promise.all(Array.from({ length: 99 }, () => server.app.inject('/')))
    await server.app.close()
    const records = recordsIn(server.directory)
    expect(records.filter(({ type }) => type === 'data.accessed')).toHaveLength(9900)
    expect(records.filter(({ type }) => type === 'audit.gap')).toEqual([])
    expect(await verify(server.directory, { publicKey })).toMatchObject({ ok: true })
  })
})
