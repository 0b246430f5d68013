import { get, request as send } from 'node:http'
import type { ClientRequest, IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import websocket from '@fastify/websocket'
import depthLimit from '@portcullis/depth-limit'
import kernel from '@portcullis/kernel'
import userRateLimit from '@portcullis/user-rate-limit'
import type { UserRateLimitOptions } from '@portcullis/user-rate-limit'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { parse, subscribe } from 'graphql'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { channel } from './channel.ts'
import { executable } from './executable.ts'
import { yogaServer } from './yoga-server.ts'
import type { ServerParts } from './server.ts'

const schema = `
  type Query { name: String }
  type Subscription { tick: Int }
`
const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})

/** A route of one's own that answers with server-sent events. */
function handWritten({ schema: sdl, resolvers, register }: ServerParts): FastifyInstance {
  const app = Fastify()
  const executed = executable(sdl, resolvers)
  register(app)
  app.post<{ Body: { query: string } }>(
    '/graphql',
    { config: { graphql: { schema: executed } } },
    async ({ body }, reply) => {
      const stream = await subscribe({ schema: executed, document: parse(body.query) })
      if (!(Symbol.asyncIterator in stream)) return stream
      reply.hijack()
      reply.raw.writeHead(200, { 'content-type': 'text/event-stream' })
      reply.raw.on('close', () => void stream.return(undefined))
      for await (const result of stream) reply.raw.write(`event: next\ndata: ${JSON.stringify(result)}\n\n`)
      reply.raw.end('event: complete\ndata:\n\n')
    },
  )
  return app
}

/** A client that reads server-sent events. */
interface Reader {
  readonly status: number
  readonly text: () => string
  readonly closed: Promise<void>
  readonly leave: () => void
}

async function serve(build: (parts: ServerParts) => FastifyInstance, options: UserRateLimitOptions) {
  const ticks = channel()
  const app = build({
    schema,
    resolvers: { Query: { name: () => 'x' }, Subscription: { tick: () => ticks.source() } },
    register(instance) {
      void instance.register(kernel, {
        environment: 'test',
        identify: ({ headers }) => ({ id: String(headers['x-user']) }),
      })
      void instance.register(userRateLimit, options)
      void instance.register(depthLimit)
    },
  })
  closers.push(async () => {
    ticks.close()
    await app.close()
  })
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const read = (user: string, query = 'subscription { tick }'): Promise<Reader> =>
    new Promise((resolve, reject) => {
      const headers = {
        'x-user': user,
        'content-type': 'application/json',
        accept: 'text/event-stream, application/json',
      }
      const sent: ClientRequest = send({
        port,
        host: '127.0.0.1',
        path: '/graphql',
        method: 'POST',
        headers,
        agent: false,
      })
      sent.on('error', reject)
      sent.on('response', (response: IncomingMessage) => {
        let text = ''
        response.on('data', (data: Buffer) => (text += data.toString()))
        const closed = new Promise<void>((over) => response.on('close', over))
        response.on('error', () => undefined)
        closers.push(() => void sent.destroy())
        resolve({
          status: response.statusCode ?? 0,
          text: () => text,
          closed,
          leave: () => void sent.destroy(),
        })
      })
      sent.end(JSON.stringify({ query }))
    })
  return { app, port, ticks, read }
}

async function until(what: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 600 && !what(); attempt += 1) await delay(5)
  expect(what()).toBe(true)
}

function answersOf(reader: Reader): unknown[] {
  return [...reader.text().matchAll(/^data: (\{.*\})$/gm)].map(
    ([, data]) => JSON.parse(data ?? '') as unknown,
  )
}

describe.each([
  ['GraphQL Yoga', (parts: ServerParts) => yogaServer.build(parts)],
  ['a hand-written route', handWritten],
])('server-sent events of %s', (_name, build) => {
  it('are charged one by one, and end with the one that is too much', async () => {
    const events = { quota: 3, window: '1m', when: 'subscription', eventCost: 1 } as const
    const { ticks, read } = await serve(build, { policies: { events } })
    const reading = read('ada')
    await until(() => ticks.started() === 1)
    for (let tick = 1; tick <= 20; tick += 1) ticks.publish({ tick })
    const reader = await reading
    await reader.closed
    const answers = answersOf(reader)
    expect(answers.slice(0, 2)).toEqual([{ data: { tick: 1 } }, { data: { tick: 2 } }])
    expect(answers).toHaveLength(3)
    expect(answers[2]).toMatchObject({
      errors: [
        {
          extensions: { code: 'USER_RATE_LIMIT_EXCEEDED', policy: 'events', retryAfter: expect.any(Number) },
        },
      ],
    })
    const again = await read('ada')
    await again.closed
    expect(again.text()).toContain('USER_RATE_LIMIT_EXCEEDED')
    expect(ticks.started()).toBe(1)
  })

  it('are capped while they are open, and free their slot when the client has gone', async () => {
    const { ticks, read } = await serve(build, {
      concurrency: { subscriptions: { limit: 1, when: 'subscription' } },
    })
    const reading = read('ada')
    await until(() => ticks.started() === 1)
    ticks.publish({ tick: 1 })
    const reader = await reading
    const refused = await read('ada')
    await refused.closed
    expect(refused.text()).toContain('CONCURRENCY_LIMIT_EXCEEDED')
    reader.leave()
    await delay(100)
    const next = read('ada')
    await until(() => ticks.started() === 2)
    ticks.publish({ tick: 2 })
    await next
  })

  it('end when their user is blocked, also where the source is silent', async () => {
    const { app, ticks, read } = await serve(build, {})
    const reading = read('ada')
    await until(() => ticks.started() === 1)
    ticks.publish({ tick: 1 })
    const reader = await reading
    await app.userRateLimit.block({ principal: 'ada' }, { for: '1m', reason: 'test' })
    await reader.closed
    expect(answersOf(reader).at(-1)).toMatchObject({ errors: [{ extensions: { code: 'REQUEST_BLOCKED' } }] })
    expect((await read('ada')).status).toBe(403)
  })
})

describe('a socket that takes no GraphQL', () => {
  it('is closed as well when its address is blocked', async () => {
    const app = Fastify()
    closers.push(() => app.close())
    void app.register(userRateLimit)
    void app.register(websocket)
    void app.register(async (scope) => {
      scope.get('/echo', { websocket: true }, (socket) => {
        socket.on('message', (data) => socket.send(data))
      })
    })
    await app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = app.server.address() as AddressInfo
    const socket = new WebSocket(`ws://127.0.0.1:${port}/echo`)
    const closed = new Promise<number>((resolve) => socket.on('close', resolve))
    await new Promise((resolve) => socket.once('open', resolve))
    await app.userRateLimit.block({ address: '127.0.0.1' }, { for: '1m', reason: 'test' })
    expect(await closed).toBe(4403)
    const status = await new Promise((resolve) =>
      get({ port, host: '127.0.0.1' }, (response) => resolve(response.resume().statusCode)),
    )
    expect(status).toBe(403)
  })
})
