import { once } from 'node:events'
import { request as send } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { createSchema, createYoga } from 'graphql-yoga'
import mercurius from 'mercurius'
import { afterEach, expect, it } from 'vitest'
import { graphqlGate } from '../../src/index.ts'
import type { GraphqlGateOptions } from '../../src/index.ts'
import { yogaGate } from '../../src/servers/yoga.ts'
import { addGate } from '../servers/parts.ts'

const apps: FastifyInstance[] = []

afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()))
})

function guarded(options: GraphqlGateOptions): FastifyInstance {
  const app = Fastify()
  apps.push(app)
  void app.register(graphqlGate, options)
  addGate(app, [])
  return app
}

/** An app whose one field never ends, and the signal it was given. */
function withSignal(options: GraphqlGateOptions): { app: FastifyInstance; signal: Promise<AbortSignal> } {
  const app = guarded(options)
  let tell: (signal: AbortSignal) => void
  const signal = new Promise<AbortSignal>((resolve) => {
    tell = resolve
  })
  const hangs = (_root: unknown, _args: unknown, { reply }: { reply: FastifyReply }): Promise<never> => {
    tell(reply.request.graphqlSignal)
    return new Promise(() => undefined)
  }
  void app.register(mercurius, { schema: 'type Query { hangs: Int }', resolvers: { Query: { hangs } } })
  return { app, signal }
}

it('what a resolver waits for can end with the time of its operation', async () => {
  const { app, signal } = withSignal({ executionTimeout: 50 })
  await app.inject({ method: 'POST', url: '/graphql', payload: { query: '{ hangs }' } })
  expect((await signal).reason).toMatchObject({ extensions: { code: 'EXECUTION_TIMEOUT' } })
})

it('and with the connection of its client', async () => {
  const { app, signal } = withSignal({})
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo
  const headers = { 'content-type': 'application/json' }
  const client = send({ host: '127.0.0.1', port, path: '/graphql', method: 'POST', headers })
  client.on('error', () => undefined)
  client.end(JSON.stringify({ query: '{ hangs }' }))
  const given = await signal
  expect(given.aborted).toBe(false)
  client.destroy()
  await once(given, 'abort')
})

it('a subscription goes on for as long as it likes', async () => {
  const app = guarded({ executionTimeout: 40 })
  const ticks = async function* () {
    for (let tick = 0; tick < 3; tick++) {
      await wait(30)
      yield { tick }
    }
  }
  const yoga = createYoga<object>({
    logging: false,
    schema: createSchema({
      typeDefs: 'type Query { a: Int } type Subscription { tick: Int }',
      resolvers: { Subscription: { tick: { subscribe: ticks } } },
    }),
    plugins: [yogaGate(app)],
  })
  app.route({
    url: '/graphql',
    method: ['GET', 'POST', 'OPTIONS'],
    handler: (request, reply) => yoga.handleNodeRequestAndResponse(request, reply, {}),
  })
  const answer = await app.inject({
    method: 'POST',
    url: '/graphql',
    headers: { accept: 'text/event-stream' },
    payload: { query: 'subscription { tick }' },
  })
  expect(answer.body.match(/"tick":\d/g)).toEqual(['"tick":0', '"tick":1', '"tick":2'])
})

it('a time for one route alone is refused, since it wraps the schema of a scope', async () => {
  const app = guarded({ routes: { '/graphql': { graphqlGate: { executionTimeout: 50 } as object } } })
  void app.register(mercurius, { schema: 'type Query { a: Int }' })
  await expect(app.ready()).rejects.toThrow('executionTimeout is not an option')
})
