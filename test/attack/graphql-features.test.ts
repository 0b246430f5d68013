import depthLimit from '@portcullis/depth-limit'
import graphqlGate from '@portcullis/graphql-gate'
import type { GraphqlGateOptions } from '@portcullis/graphql-gate'
import kernel from '@portcullis/kernel'
import type { SecurityEvent } from '@portcullis/kernel'
import { queryCost } from '@portcullis/query-cost'
import type { FastifyInstance } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { codeOf, requestThrough, SERVERS } from '../doors/servers.ts'
import type { Server } from '../doors/server.ts'
import { connect, listen } from '../doors/sockets.ts'
import { thenable } from './thenable.ts'

const apps: FastifyInstance[] = []

afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()))
})

const never = (): Promise<never> => new Promise(() => undefined)

type Resolvers = Record<string, Record<string, () => unknown>>

interface Gates {
  readonly gate?: GraphqlGateOptions
  readonly executing?: boolean
  readonly sockets?: boolean
}

function build(
  server: Server,
  schema: string,
  resolvers: Resolvers,
  { gate = {}, executing = false, sockets = false }: Gates,
): { readonly app: FastifyInstance; readonly events: SecurityEvent[] } {
  const events: SecurityEvent[] = []
  const app = server.build({
    schema,
    resolvers,
    sockets,
    register(instance) {
      void instance.register(kernel, { environment: 'production' })
      void instance.register(graphqlGate, gate)
      if (executing) void instance.register(queryCost, { maxCost: 100, actual: 'executing' })
      else void instance.register(depthLimit)
      instance.addHook('onReady', (done) => {
        instance.securityEvents.subscribe((event) => void events.push(event))
        done()
      })
    },
  })
  apps.push(app)
  return { app, events }
}

/** graphql 16 reads no async lists; Yoga executes by itself and does. */
const READS_ASYNC_LISTS = ['GraphQL Yoga']

describe.each(SERVERS)('$name', (server) => {
  const hanging: Record<string, () => unknown> = {
    set: () => new Set([never(), 1]),
    promised: () => Promise.resolve(new Set([1, never()])),
    nested: () => [[1], [never()]],
    deep: () => [Promise.resolve(new Set([never()]))],
    async *steps() {
      yield 1
      await never()
    },
  }
  const lists =
    'type Query { set: [Int] promised: [Int!]! nested: [[Int]] deep: [[Int!]!] steps: [Int] ok: [[Int]] }'
  const fields = Object.keys(hanging).filter(
    (name) => name !== 'steps' || READS_ASYNC_LISTS.includes(server.name),
  )

  it.each(fields)('the timeout ends a list that hangs however it is made: %s', async (field) => {
    const { app } = build(server, lists, { Query: hanging }, { gate: { executionTimeout: 50 } })
    const answer = await app.inject(requestThrough('post', { query: `{ ${field} }` }))
    expect([answer.statusCode, codeOf(answer.body)]).toEqual([503, 'EXECUTION_TIMEOUT'])
  })

  it('and leaves lists that are in time as they are', async () => {
    const ok = {
      set: () => new Set([1, Promise.resolve(2)]),
      nested: () => [[1, thenable(2)], null, Promise.resolve(new Set([3]))],
      ok: () => thenable([[1]]),
      *promised() {
        yield 1
        yield 2
      },
    }
    const { app } = build(server, lists, { Query: ok }, { gate: { executionTimeout: '1m' } })
    const answer = await app.inject(requestThrough('post', { query: '{ set nested ok promised }' }))
    const data = { set: [1, 2], nested: [[1, 2], null, [3]], ok: [[1]], promised: [1, 2] }
    expect(answer.json()).toEqual({ data })
  })

  const many = Array.from({ length: 500 }, (_, id) => ({ id }))
  const users = 'type Query { thenable(first: Int): [User] steps(first: Int): [User] } type User { id: ID }'
  const uncounted: Record<string, () => unknown> = {
    thenable: () => thenable(many),
    async *steps() {
      yield* many
    },
  }

  it.each(READS_ASYNC_LISTS.includes(server.name) ? ['thenable', 'steps'] : ['thenable'])(
    'rows are counted while they execute, however a resolver hands them over: %s',
    async (field) => {
      const { app } = build(server, users, { Query: uncounted }, { executing: true })
      const answer = await app.inject(requestThrough('post', { query: `{ ${field}(first: 1) { id } }` }))
      expect(codeOf(answer.body), answer.body.slice(0, 200)).toBe('QUERY_BUDGET_EXHAUSTED')
      expect(answer.json()).toMatchObject({ data: null })
    },
  )

  it.each(['__proto__', 'constructor', 'toString'])(
    'an id that every object has (%s) finds no document, whoever looks it up in one',
    async (id) => {
      const stored: Record<string, string> = {}
      const find = (hash: string): string | undefined => stored[hash]
      for (const gate of [{ persistedQuery: find }, { trustedDocuments: { documents: find } }]) {
        const { app } = build(server, 'type Query { hello: Int }', {}, { gate })
        const extensions = { persistedQuery: { version: 1, sha256Hash: id } }
        const one = [{ documentId: id }, { query: id, persisted: true }, { query: id }, { extensions }]
        for (const payload of [...one, [{ documentId: id }]]) {
          const answer = await app.inject({ method: 'POST', url: '/graphql', payload })
          expect(answer.statusCode, answer.body).toBeLessThan(500)
          expect(answer.body).not.toContain('"data":{')
          expect(answer.body).not.toContain('sizeCalculation')
        }
      }
    },
  )

  it.each(['-0', '1e400'])(
    '%s over a socket is judged once, and its time ends with its answer',
    async (n) => {
      const schema = 'type Query { hello(n: Float): Int hangs: Int }'
      const resolvers = { Query: { hello: () => 1, hangs: never } }
      const gates = { gate: { executionTimeout: 150 }, sockets: true }
      const { app, events } = build(server, schema, resolvers, gates)
      const client = await connect(await listen(app, server.socketPath))
      const query = 'query ($n: Float) { hello(n: $n) }'
      client.send(`{"id":"1","type":"subscribe","payload":{"query":"${query}","variables":{"n":${n}}}}`)
      const answer = await client.until(({ id }) => id === '1')
      expect(answer.payload).toEqual({ data: { hello: 1 } })
      // By the time that this one is ended, the time of the first would be over too.
      await client.run({ query: '{ hangs }' }, '2')
      expect(events).toHaveLength(1)
      await client.close()
    },
  )

  it.each([
    '{"__proto__":{"n":1}}',
    '{"n":{"constructor":{"prototype":{}}}}',
    String.raw`{"\u005f_proto__":1}`,
  ])('names that servers refuse close the socket, as they are refused over HTTP: %s', async (variables) => {
    const { app } = build(server, 'type Query { hello: Int }', {}, { sockets: true })
    const client = await connect(await listen(app, server.socketPath))
    client.send(`{"id":"1","type":"subscribe","payload":{"query":"{ hello }","variables":${variables}}}`)
    expect(await client.closed).toBe(4400)
    const headers = { 'content-type': 'application/json' }
    const payload = `{"query":"{ hello }","variables":${variables}}`
    expect((await app.inject({ method: 'POST', url: '/graphql', headers, payload })).statusCode).toBe(400)
  })
})
