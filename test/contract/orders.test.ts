import depthLimit from '@portcullis/depth-limit'
import graphqlGate from '@portcullis/graphql-gate'
import kernel from '@portcullis/kernel'
import type { SecurityEvent } from '@portcullis/kernel'
import queryCost from '@portcullis/query-cost'
import userRateLimit from '@portcullis/user-rate-limit'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import mercurius from 'mercurius'
import { describe, expect, it } from 'vitest'

const schema = `
  type Query { users(first: Int): [User] }
  type User { id: ID friends(first: Int): [User] }
  type Mutation { touch: Boolean }
`

/** Everything an app of the suite consists of, each as one registration. */
const PARTS: readonly ((app: FastifyInstance) => void)[] = [
  (app) =>
    void app.register(kernel, {
      environment: 'test',
      identify: ({ headers }) => ({ id: String(headers['x-user']) }),
    }),
  (app) =>
    void app.register(graphqlGate, {
      maxTokens: 200,
      routes: { '/graphql': { queryCost: { maxCost: 60 } } },
    }),
  (app) => void app.register(depthLimit, { maxDepth: 3, maxAliases: 4 }),
  (app) => void app.register(queryCost, { maxCost: 1000 }),
  (app) =>
    void app.register(userRateLimit, {
      policies: {
        address: { quota: 30, window: '1m', partitionKey: 'address' },
        perUser: { quota: 12, window: '1m' },
        mutations: { quota: 2, window: '1m', when: 'mutation' },
        points: { quota: 200, window: '1m', cost: 'queryCost' },
      },
    }),
  (app) => void app.register(mercurius, { schema, allowBatchedQueries: true }),
  (app) =>
    void app.get(
      '/rest',
      { config: { userRateLimit: { policies: { rest: { quota: 1, window: '1m' } } } } },
      async () => 'ok',
    ),
]

const REQUESTS: readonly (object | string)[] = [
  { query: '{ users(first: 5) { id } }' },
  { query: '{ users { friends { friends { id } } } }' },
  { query: '{ a: users { id } b: users { id } c: users { id } d: users { id } e: users { id } }' },
  { query: 'query ($n: Int) { users(first: $n) { id } }', variables: { n: 1_000_000 } },
  { query: `{ ${'users '.repeat(300)} }` },
  [
    { query: '{ users(first: 20) { id } }' },
    { query: '{ users(first: 20) { id } }' },
    { query: '{ users(first: 20) { id } }' },
  ],
  { query: 'mutation { touch }' },
  [{ query: 'mutation { touch }' }, { query: 'mutation { touch }' }],
  { query: 'mutation { touch }' },
  { query: 'mutation { touch }' },
  '/rest',
  '/rest',
  '/missing',
  { query: '{ users(first: 50) { id } }' },
  { query: '{ users(first: 50) { id } }' },
  { query: '{ users(first: 50) { id } }' },
  { query: '{ users(first: 50) { id } }' },
  { query: '{ users(first: 50) { id } }' },
  { query: '{ broken' },
]

interface Seen {
  readonly answers: readonly unknown[]
  readonly events: readonly unknown[]
}

async function run(order: readonly number[]): Promise<Seen> {
  const app = Fastify()
  for (const index of order) PARTS[index]?.(app)
  await app.ready()
  const events: unknown[] = []
  app.securityEvents.subscribe(({ type, outcome, details, principal }: SecurityEvent) => {
    events.push([type, outcome, details, principal])
  })
  const answers: unknown[] = []
  for (const request of REQUESTS) {
    const headers = { 'x-user': 'ada' }
    const answer = await app.inject(
      typeof request === 'string'
        ? { url: request, headers }
        : { method: 'POST', url: '/graphql', payload: request, headers },
    )
    const { ratelimit, 'ratelimit-policy': policy } = answer.headers
    // The seconds until a window is free again depend on the clock, the rest must not differ.
    answers.push([
      answer.statusCode,
      answer.body.replaceAll(/"retryAfter":\d+/g, ''),
      String(ratelimit).replaceAll(/;t=\d+/g, ''),
      policy,
    ])
  }
  await app.close()
  return { answers, events }
}

function shuffled(seed: number): number[] {
  let state = seed
  const next = (): number => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648
  return PARTS.map((_part, index) => ({ index, rank: next() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ index }) => index)
}

describe('the order of registration', () => {
  it('changes no status, body, charge or event, in 20 shuffled orders', async () => {
    const expected = await run([...PARTS.keys()])
    const statuses = expected.answers.map((answer) => (answer as unknown[])[0])
    expect(new Set(statuses)).toEqual(new Set([200, 400, 404, 429]))
    for (let seed = 1; seed <= 20; seed++) {
      const order = shuffled(seed)
      expect(await run(order), `order ${order.join()}`).toEqual(expected)
    }
  })
})
