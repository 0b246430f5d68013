import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import kernel, { frameworkErrors } from '@portcullis/kernel'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { afterAll, describe, expect, it } from 'vitest'
import { auditLogger } from '../src/index.ts'
import type { AuditLoggerOptions } from '../src/index.ts'
import { recordsIn, removeTrails, requestsIn, trailOptions } from './trails.ts'

afterAll(removeTrails)

interface Server {
  readonly app: FastifyInstance
  readonly directory: string
  readonly port: number
}

async function serve(
  more: Partial<AuditLoggerOptions>,
  routes: (app: FastifyInstance) => void,
): Promise<Server> {
  const options = trailOptions(more)
  const app = Fastify({ frameworkErrors })
  void app.register(kernel, {
    identify: ({ headers }) => (headers['x-user'] ? { id: String(headers['x-user']) } : null),
  })
  void app.register(auditLogger, options)
  routes(app)
  await app.listen({ port: 0, host: '127.0.0.1' })
  return { app, directory: options.directory, port: (app.server.address() as AddressInfo).port }
}

/** Sends bytes and waits until the server ends the connection. */
async function sendBytes(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let answer = ''
  socket.on('data', (data) => (answer += data.toString()))
  socket.end(bytes)
  await once(socket, 'close')
  return answer
}

const settled = async ({ app }: Server): Promise<void> => {
  await app.audit.flush()
}

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds() && tries < 200; tries++)
    await new Promise((resolve) => setTimeout(resolve, 10))
  expect(holds()).toBe(true)
}

describe('every request is recorded exactly once', () => {
  it('whatever becomes of it', async () => {
    const server = await serve({}, (app) => {
      app.get('/fine', () => 'ok')
      app.get('/throws', () => {
        throw new Error('it failed')
      })
      app.get('/hijacked', (_request, reply) => {
        reply.hijack()
        reply.raw.end('raw')
      })
      app.get('/ended', (_request, reply) => {
        reply.raw.end('raw')
      })
      app.post('/body', () => 'ok')
    })
    const { port, directory } = server
    const get = (path: string, method = 'GET', extra = '', body = ''): Promise<string> =>
      sendBytes(port, `${method} ${path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n${extra}\r\n${body}`)
    for (const path of ['/fine', '/throws', '/hijacked', '/ended', '/no-such-page?token=t', '/%'])
      await get(path)
    await get('/fine', 'HEAD')
    await get('/body', 'POST', 'content-type: application/json\r\ncontent-length: 1\r\n', '{')
    await until(() => requestsIn(directory).length === 8)
    await settled(server)
    const seen = requestsIn(directory).map(({ request, reason }) => [
      request?.method,
      request?.route ?? request?.path,
      request?.status,
      reason,
    ])
    expect(seen).toEqual([
      ['GET', '/fine', 200, undefined],
      ['GET', '/throws', 500, undefined],
      ['GET', '/hijacked', 200, undefined],
      ['GET', '/ended', 200, undefined],
      ['GET', '/no-such-page', 404, undefined],
      ['GET', { shown: '/[…]', length: 2, digest: server.app.audit.digestOfPath('/%') }, 400, 'UNROUTED'],
      ['HEAD', '/fine', 200, undefined],
      ['POST', '/body', 400, undefined],
    ])
    await server.app.close()
  })

  it('when the client goes away while the handler runs, or waits for ever', async () => {
    let entered = 0
    const server = await serve({}, (app) => {
      app.post('/slow', async () => {
        entered += 1
        await new Promise((resolve) => setTimeout(resolve, 50))
        return 'nobody hears this'
      })
      app.get('/hangs', () => {
        entered += 1
        return new Promise(() => undefined)
      })
    })
    for (const [method, path] of [
      ['POST', '/slow'],
      ['GET', '/hangs'],
    ] as const) {
      const before = entered
      const client = httpRequest({
        port: server.port,
        host: '127.0.0.1',
        method,
        path,
        headers: { 'x-user': 'ada' },
      })
      client.on('error', () => undefined)
      client.end()
      await until(() => entered > before)
      client.destroy()
    }
    await until(() => requestsIn(server.directory).length === 2)
    await new Promise((resolve) => setTimeout(resolve, 80))
    await settled(server)
    expect(requestsIn(server.directory)).toMatchObject([
      { outcome: 'failed', request: { route: '/slow', completed: false }, actor: { kind: 'user' } },
      { outcome: 'failed', request: { route: '/hangs', completed: false }, actor: { kind: 'user' } },
    ])
    await server.app.close()
  })

  it('and bytes that are no HTTP are recorded too', async () => {
    const server = await serve({}, () => undefined)
    await sendBytes(server.port, 'GET / HTTP/1.1\r\nbad header\r\n\r\n')
    await until(() => recordsIn(server.directory).some(({ type }) => type === 'http.malformed'))
    expect(recordsIn(server.directory).filter(({ type }) => type.startsWith('http.'))).toHaveLength(1)
    await server.app.close()
  })

  it('once, though the bytes of its body are none, and so is each of a connection that is kept', async () => {
    const server = await serve({}, (app) => void app.post('/body', () => 'ok'))
    const head = 'POST /body HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n'
    await sendBytes(server.port, `${head}transfer-encoding: chunked\r\n\r\nZZ\r\n`)
    await sendBytes(server.port, `${head}content-length: 2\r\n\r\n{}`.repeat(3))
    await until(() => requestsIn(server.directory).length === 4)
    await settled(server)
    expect(recordsIn(server.directory).filter(({ type }) => type.startsWith('http.'))).toHaveLength(4)
    await server.app.close()
  })

  it('when a gate or a hook refuses it first, whatever the order of registration', async () => {
    const options = trailOptions()
    const app = Fastify()
    app.addHook('onRequest', async (request, reply) => {
      if (request.headers['x-stop'] !== undefined) return reply.code(418).send('stopped')
    })
    void app.register(auditLogger, options)
    app.get('/', () => 'ok')
    await app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = app.server.address() as AddressInfo
    await sendBytes(port, 'GET / HTTP/1.1\r\nhost: a\r\nx-stop: 1\r\nconnection: close\r\n\r\n')
    await until(() => requestsIn(options.directory).length === 1)
    expect(requestsIn(options.directory)).toMatchObject([{ request: { status: 418 }, reason: 'UNROUTED' }])
    await app.close()
  })
})

describe('levels', () => {
  it('record what they say, and never nothing of a route that changes something by default', async () => {
    const server = await serve({ level: 'none' }, (app) => {
      app.get('/read', () => 'ok')
      app.post('/write', () => 'ok')
      app.post('/silent', { config: { audit: { level: 'none' } } }, () => 'ok')
      app.post('/off', { config: { audit: false } }, () => 'ok')
      app.post('/full/:id', { config: { audit: { level: 'request', action: 'card.add' } } }, () => 'ok')
    })
    const payload = {
      password: 'hunter2',
      note: 'write to ada@example.org',
      creditCard: '4111111111111111',
      count: 3,
    }
    await server.app.inject('/read')
    for (const url of ['/write', '/silent', '/off', '/full/7?q=1'])
      await server.app.inject({ method: 'POST', url, payload })
    await settled(server)
    expect(
      requestsIn(server.directory).map(({ request, action, input }) => [request?.route, action, input]),
    ).toEqual([
      ['/write', undefined, undefined],
      [
        '/full/:id',
        'card.add',
        {
          params: { id: '7' },
          query: { q: '1' },
          body: { password: '[masked]', note: 'write to [masked]', creditCard: '[masked]', count: 3 },
        },
      ],
    ])
    await server.app.close()
  })
})

describe('what was sent', () => {
  it('is recorded as it was sent, whatever the handler does to it', async () => {
    const server = await serve({ level: 'request' }, (app) => {
      app.post('/', (request) => {
        const body = request.body as { amount?: number }
        delete body.amount
        return 'ok'
      })
    })
    await server.app.inject({ method: 'POST', url: '/', payload: { amount: 7 } })
    await settled(server)
    expect(requestsIn(server.directory)[0]?.input).toMatchObject({ body: { amount: 7 } })
    await server.app.close()
  })
})

describe('many at once', () => {
  it(
    'give a trail that verifies at any moment, and closes though identify never answers',
    { timeout: 30_000 },
    async () => {
      const options = trailOptions({ checkpointInterval: 10, sinkTimeout: 100 })
      const app = Fastify()
      void app.register(kernel, { identify: () => new Promise(() => undefined) })
      void app.register(auditLogger, options)
      app.get('/', () => 'ok')
      await app.ready()
      const work = Array.from({ length: 64 }, async () => {
        for (let count = 0; count < 20; count++) expect((await app.inject('/')).statusCode).toBe(200)
      })
      const alarms: unknown[] = []
      for (let count = 0; count < 10; count++) alarms.push((await app.audit.verify()).fault)
      await Promise.all(work)
      await app.close()
      expect(alarms).toEqual(Array.from({ length: 10 }, () => undefined))
      expect(requestsIn(options.directory)).toHaveLength(1280)
    },
  )

  it('more than the queue holds are refused or counted, never forgotten', async () => {
    const options = trailOptions({ maxQueue: 4 })
    const app = Fastify()
    void app.register(auditLogger, options)
    app.get('/', { config: { audit: { delivery: 'blocking-strict' } } }, () => 'ok')
    await app.ready()
    const answers = await Promise.all(Array.from({ length: 200 }, () => app.inject('/')))
    await app.audit.flush()
    await app.inject('/')
    await app.close()
    const passed = answers.filter(({ statusCode }) => statusCode === 200).length
    expect(new Set(answers.map(({ statusCode }) => statusCode))).toEqual(new Set([200, 503]))
    const records = recordsIn(options.directory)
    expect(records.filter(({ stage }) => stage === 'received').length).toBeGreaterThanOrEqual(passed)
    expect(records.some(({ type }) => type === 'audit.gap')).toBe(true)
  })
})

describe('delivery', () => {
  it('blocking-strict records the intent before the handler runs, and the answer before it leaves', async () => {
    const stages: string[][] = []
    const server = await serve({}, (app) => {
      app.post('/pay', { config: { audit: { delivery: 'blocking-strict' } } }, () => {
        stages.push(recordsIn(app.audit.directory).flatMap(({ stage }) => stage ?? []))
        return 'paid'
      })
    })
    const answer = await server.app.inject({ method: 'POST', url: '/pay', headers: { 'x-user': 'ada' } })
    expect(answer.body).toBe('paid')
    expect(stages).toEqual([['received']])
    await settled(server)
    const records = recordsIn(server.directory).filter(({ type }) => type === 'http.request')
    expect(records.map(({ stage }) => stage)).toEqual(['received', 'responding', 'complete'])
    expect(new Set(records.map(({ request }) => request?.id)).size).toBe(1)
    expect(records[0]?.actor).toEqual({
      kind: 'user',
      id: server.app.audit.pseudonymOfPrincipal({ id: 'ada' }),
    })
    await server.app.close()
  })

  it('asks nobody who they are before the handler, unless the route waits for its record', async () => {
    const server = await serve({}, (app) => void app.get('/', () => 'ok'))
    expect((await server.app.inject({ url: '/', headers: { 'x-user': 'x'.repeat(2000) } })).statusCode).toBe(
      200,
    )
    await settled(server)
    expect(requestsIn(server.directory)).toHaveLength(1)
    await server.app.close()
  })
})
