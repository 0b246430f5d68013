import { once } from 'node:events'
import http2 from 'node:http2'
import net from 'node:net'
import type { AddressInfo } from 'node:net'
import depthLimit from '@portcullis/depth-limit'
import graphqlGate from '@portcullis/graphql-gate'
import userRateLimit from '@portcullis/user-rate-limit'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import mercurius from 'mercurius'
import { afterEach, describe, expect, it } from 'vitest'
import { codeOf } from '../doors/servers.ts'

const schema = 'type Query { node: Node } type Node { id: ID node: Node }'
const deep = `{ ${'node { '.repeat(8)}id${' }'.repeat(8)} }`
const perAddress = { quota: 3, window: '1m', partitionKey: 'address' } as const
const apps: { close: () => Promise<unknown> }[] = []

afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()))
})

function track<App extends { close: () => Promise<unknown> }>(app: App): App {
  apps.push(app)
  return app
}

async function listen(app: FastifyInstance): Promise<number> {
  await app.listen({ port: 0, host: '127.0.0.1' })
  return (app.server.address() as AddressInfo).port
}

async function sendRaw(port: number, head: readonly string[]): Promise<string> {
  const socket = net.connect(port, '127.0.0.1')
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.write([...head, 'Host: shop', 'Connection: close', '', ''].join('\r\n'))
  await once(socket, 'close')
  return Buffer.concat(chunks).toString('latin1')
}

describe('routers that take many spellings of one path', () => {
  it.each(['/api/gql', '/API/GQL', '/api/gql/', '//api//gql'])(
    'hold the options of the route for %s',
    async (url) => {
      const app = track(
        Fastify({
          routerOptions: { caseSensitive: false, ignoreTrailingSlash: true, ignoreDuplicateSlashes: true },
        }),
      )
      void app.register(graphqlGate, { routes: { '/api/gql': { depthLimit: { maxDepth: 3 } } } })
      void app.register(depthLimit, { maxDepth: 50 })
      void app.register(mercurius, { schema, prefix: '/api', path: '/gql' })
      const answer = await app.inject({ method: 'POST', url, payload: { query: deep } })
      expect([answer.statusCode, codeOf(answer.body)]).toEqual([400, 'MAX_DEPTH_EXCEEDED'])
    },
  )
})

it('HTTP/2 requests are judged, counted and numbered like others', async () => {
  const app = track(Fastify({ http2: true }))
  void app.register(userRateLimit, { policies: { perAddress: { ...perAddress, quota: 2, penalty: 1 } } })
  void app.register(depthLimit, { maxDepth: 3 })
  void app.register(mercurius, { schema })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const client = http2.connect(`http://127.0.0.1:${(app.server.address() as AddressInfo).port}`)
  const answers: unknown[] = []
  for (let index = 0; index < 3; index++) {
    const stream = client.request({
      ':method': 'POST',
      ':path': '/graphql',
      'content-type': 'application/json',
    })
    stream.end(JSON.stringify({ query: deep }))
    const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders]
    answers.push([headers[':status' as keyof typeof headers], typeof headers['x-request-id']])
    stream.close()
  }
  client.close()
  expect(answers).toEqual([
    [400, 'string'],
    [400, 'string'],
    [429, 'string'],
  ])
})

it('a client that hangs up before the answer stays charged', async () => {
  const app = track(Fastify())
  let arrived = (): void => undefined
  void app.register(userRateLimit, { policies: { perAddress } })
  app.get('/slow', async () => {
    arrived()
    await new Promise((resolve) => setTimeout(resolve, 50))
    return 'late'
  })
  const port = await listen(app)
  for (let index = 0; index < 3; index++) {
    const inside = new Promise<void>((resolve) => {
      arrived = resolve
    })
    const socket = net.connect(port, '127.0.0.1')
    socket.write('GET /slow HTTP/1.1\r\nHost: shop\r\n\r\n')
    await inside
    socket.destroy()
    await once(socket, 'close')
  }
  expect((await fetch(`http://127.0.0.1:${port}/slow`)).status).toBe(429)
})

it('paths that lead nowhere are counted', async () => {
  const app = track(Fastify())
  void app.register(userRateLimit, { policies: { perAddress } })
  const send = async (path: string): Promise<number> => (await app.inject(path)).statusCode
  expect([await send('/a'), await send('/b'), await send('/%00'), await send('/c')]).toEqual([
    404, 404, 404, 429,
  ])
})

it('no request id that is long, doubled or folded comes back', async () => {
  const app = track(Fastify({ trustProxy: true }))
  void app.register(userRateLimit, { policies: { perAddress: { ...perAddress, quota: 100 } } })
  app.get('/', async (request) => request.id)
  const port = await listen(app)
  const forwarded = 'X-Forwarded-For: 192.0.2.1'
  for (const ids of [
    [`X-Request-Id: ${'a'.repeat(10_000)}`],
    ['X-Request-Id: aaaaaaaa', 'X-Request-Id: bbbbbbbb'],
    ['X-Request-Id: aaaaaaaa bbbbbbbb'],
  ]) {
    const answer = await sendRaw(port, ['GET / HTTP/1.1', forwarded, ...ids])
    expect(answer).toMatch(/^HTTP\/1\.1 200 /)
    expect(answer).toMatch(/\r\nx-request-id: [0-9a-f-]{36}\r\n/)
    expect(answer).not.toContain('aaaaaaaa')
  }
  expect(await sendRaw(port, ['GET / HTTP/1.1', forwarded, 'X-Request-Id: aaaaaaaa', ' b'])).toMatch(
    /^HTTP\/1\.1 400 /,
  )
})
