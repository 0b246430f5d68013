import diagnosticsChannel from 'node:diagnostics_channel'
import type { SecurityEvent } from '@portcullis/kernel'
import queryCost, { QUERY_COST_CHANNEL } from '@portcullis/query-cost'
import type { MeasuredCost, QueryCostOptions, RequestCost } from '@portcullis/query-cost'
import userRateLimit from '@portcullis/user-rate-limit'
import type { FastifyInstance } from 'fastify'
import { describe, expect, it } from 'vitest'
import { requestThrough, SERVERS } from './servers.ts'
import type { Server } from './server.ts'

const schema = `
  type Query { users(first: Int = 2): [User] node: Node broken: Broken }
  interface Node { id: ID }
  type User implements Node { id: ID friends(first: Int): [User] }
  type Broken { id: ID users: [User] must: String! }
`
const query = 'query Users($n: Int) { users(first: $n) { id friends(first: 5) { id } } }'

interface Answer {
  readonly data?: unknown
  readonly errors?: readonly { readonly message: string; readonly extensions?: Record<string, unknown> }[]
  readonly extensions?: { readonly cost?: Record<string, unknown> }
}

interface Built {
  readonly app: FastifyInstance
  readonly costs: (RequestCost | undefined)[]
  readonly events: SecurityEvent[]
  readonly calls: () => number
}

/** An app with so many users that each have so many friends, whatever is asked for. */
function build(
  server: Server,
  options: QueryCostOptions,
  { users = 2, friends = 1 } = {},
  register: (app: FastifyInstance) => void = () => undefined,
): Built {
  const costs: (RequestCost | undefined)[] = []
  const events: SecurityEvent[] = []
  let calls = 0
  const user = (id: number): unknown => ({
    __typename: 'User',
    id,
    friends: () => {
      calls += 1
      return Array.from({ length: friends }, (_, index) => ({ id: index }))
    },
  })
  const resolvers = {
    Query: {
      users: () => Array.from({ length: users }, (_, index) => user(index)),
      node: () => user(1),
      broken: () => ({ id: 1, users: [user(1), user(2)], must: null }),
    },
    // A compiled query calls no methods of objects.
    User: { friends: (source: { friends: () => unknown }) => source.friends() },
  }
  const app = server.build({
    schema,
    resolvers,
    stored: { stored: query },
    register(instance) {
      void instance.register(queryCost, { exposeLimits: true, ...options })
      register(instance)
      instance.addHook('onResponse', async (request) => void costs.push(request.queryCost))
      instance.after(() => void instance.securityEvents.subscribe((event) => void events.push(event)))
    },
  })
  return { app, costs, events, calls: () => calls }
}

const post = (app: FastifyInstance, payload: object) =>
  app.inject({ method: 'POST', url: '/graphql', payload })

describe.each(SERVERS)('the actual cost on $name', (server) => {
  it.each(['result', 'executing'] as const)(
    'is told in extensions, headers and on the request: %s',
    async (actual) => {
      const { app, costs } = build(server, { maxCost: 100, actual, headers: true })
      const answer = await post(app, { query, variables: { n: 3 } })
      // The root, 2 users and their friends, and the calls of users and twice of friends.
      const counted = { cost: 8, typeCost: 5, fieldCost: 3, introspectionCost: 0, approximate: false }
      expect(answer.statusCode, answer.body).toBe(200)
      expect(answer.json<Answer>().extensions).toEqual({
        cost: { requestedQueryCost: 23, actualQueryCost: 8, maximumQueryCost: 100 },
      })
      expect(answer.headers).toMatchObject({
        'x-cost-estimated': '23',
        'x-cost-actual': '8',
        'x-cost-max': '100',
      })
      expect(costs.map((cost) => [cost?.cost, cost?.actual])).toEqual([[23, counted]])
      await app.close()
    },
  )

  it('is told for each entry of a batch, and for all of them together', async () => {
    for (const actual of ['result', 'executing'] as const) {
      const { app, costs } = build(server, { maxCost: 100, actual, headers: true })
      const entry = { query, variables: { n: 3 } }
      const answer = await post(app, [entry, { query: '{ node { id } }' }, entry])
      expect(answer.statusCode, answer.body).toBe(200)
      const told = answer.json<Answer[]>().map(({ extensions }) => extensions?.cost?.['actualQueryCost'])
      expect(told).toEqual([8, 3, 8])
      expect(costs.map((cost) => cost?.actual?.cost)).toEqual([19])
      expect(answer.headers).toMatchObject({ 'x-cost-estimated': '49', 'x-cost-actual': '19' })
      await app.close()
    }
  })

  it('is in no answer where limits are not exposed, and in no header unless asked for', async () => {
    const { app, costs } = build(server, { maxCost: 100, exposeLimits: false })
    const answer = await post(app, { query, variables: { n: 3 } })
    expect(answer.json<Answer>().extensions).toBeUndefined()
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('x-cost'))).toEqual([])
    expect(costs.map((cost) => cost?.actual?.cost)).toEqual([8])
    await app.close()
  })

  it('has the price in the headers of a refusal, and no actual cost', async () => {
    const { app, costs } = build(server, { maxCost: 10, headers: true })
    const answer = await post(app, { query, variables: { n: 3 } })
    expect(answer.statusCode).toBe(400)
    expect(answer.headers).toMatchObject({ 'x-cost-estimated': '23', 'x-cost-max': '10' })
    expect(answer.headers).not.toHaveProperty('x-cost-actual')
    expect(costs.map((cost) => [cost?.cost, cost?.actual])).toEqual([[23, undefined]])
    await app.close()
  })

  it('is told on a channel of diagnostics, with the estimate and their difference', async () => {
    const seen: MeasuredCost[] = []
    const listen = (measured: unknown): void => void seen.push(measured as MeasuredCost)
    diagnosticsChannel.subscribe(QUERY_COST_CHANNEL, listen)
    const { app } = build(server, { maxCost: 100, exposeLimits: false })
    await post(app, { query, variables: { n: 3 } })
    await app.inject(requestThrough('get', { query: '{ __typename }' }))
    diagnosticsChannel.unsubscribe(QUERY_COST_CHANNEL, listen)
    expect(seen).toMatchObject([
      { outcome: 'answered', estimated: 23, actual: 8, delta: 15, kind: 'query', route: '/graphql' },
      { outcome: 'answered', estimated: 1, actual: 1, delta: 0, kind: 'query', route: '/graphql' },
    ])
    await app.close()
  })

  it('is told of what is refused too, once, by its estimate', async () => {
    const seen: MeasuredCost[] = []
    const listen = (measured: unknown): void => void seen.push(measured as MeasuredCost)
    diagnosticsChannel.subscribe(QUERY_COST_CHANNEL, listen)
    const { app } = build(server, { maxCost: 10 })
    for (const n of [3, 1e9, -1]) expect((await post(app, { query, variables: { n } })).statusCode).toBe(400)
    const measuring = build(server, { maxCost: 10, mode: 'measure' })
    await post(measuring.app, { query, variables: { n: 3 } })
    diagnosticsChannel.unsubscribe(QUERY_COST_CHANNEL, listen)
    const told = { kind: 'query', route: '/graphql', requestId: expect.any(String) as string }
    expect(seen).toEqual([
      { ...told, outcome: 'refused', estimated: 23 },
      { ...told, outcome: 'refused', estimated: expect.any(Number) },
      { ...told, outcome: 'refused', estimated: Number.MAX_SAFE_INTEGER },
      { ...told, outcome: 'answered', estimated: 23, actual: 8, delta: 15 },
    ])
    expect(seen[1]?.estimated).toBeGreaterThan(1e9)
    await Promise.all([app.close(), measuring.app.close()])
  })

  it.each(server.doors.filter((door) => door === 'hash' || door === 'prepared'))(
    'and once through the door %s, where the server answers the refusal',
    async (door) => {
      const seen: MeasuredCost[] = []
      const listen = (measured: unknown): void => void seen.push(measured as MeasuredCost)
      diagnosticsChannel.subscribe(QUERY_COST_CHANNEL, listen)
      const { app } = build(server, { maxCost: 10 })
      const answer = await app.inject(requestThrough(door, { query, variables: { n: 3 } }))
      diagnosticsChannel.unsubscribe(QUERY_COST_CHANNEL, listen)
      expect(answer.statusCode, answer.body).toBe(400)
      expect(seen).toMatchObject([{ outcome: 'refused', estimated: 23 }])
      await app.close()
    },
  )

  it('is what the answer shows, or what was called, where an error took something away', async () => {
    const failing = '{ broken { id users { id } must } }'
    const byResult = build(server, { maxCost: 100 })
    await post(byResult.app, { query: failing })
    // Of broken, only the call is left.
    expect(byResult.costs.map((cost) => cost?.actual?.cost)).toEqual([2])
    const byCall = build(server, { maxCost: 100, actual: 'executing' })
    await post(byCall.app, { query: failing })
    expect(byCall.costs.map((cost) => cost?.actual?.cost)).toEqual([6])
    await Promise.all([byResult.app.close(), byCall.app.close()])
  })
})

describe.each(SERVERS)('counting while executing on $name', (server) => {
  it('ends an operation whose resolvers return more than was asked for', async () => {
    const { app, costs, events, calls } = build(server, { maxCost: 100, actual: 'executing' }, { users: 200 })
    for (let round = 1; round <= 3; round++) {
      const answer = await post(app, { query, variables: { n: 3 } })
      const { data, errors } = answer.json<Answer>()
      expect([answer.statusCode, data, errors?.length], answer.body).toEqual([200, null, 1])
      expect(errors?.[0]).toMatchObject({
        message: 'The query was ended: it cost more than its limit while it executed',
        extensions: { code: 'QUERY_BUDGET_EXHAUSTED' },
      })
      expect(answer.body).not.toContain('"id"')
      expect(calls()).toBe(0)
      expect(costs.at(-1)?.actual).toMatchObject({ cost: 202, typeCost: 201, fieldCost: 1 })
      expect(events.at(-1)).toMatchObject({
        type: 'query.cost_exceeded',
        outcome: 'refused',
        details: { code: 'QUERY_BUDGET_EXHAUSTED', limit: 100, actual: 202 },
      })
      expect(events).toHaveLength(round)
    }
    await app.close()
  })

  it('calls no resolver once the limit is passed', async () => {
    const { app, calls } = build(server, { maxCost: 100, actual: 'executing' }, { users: 3, friends: 60 })
    const answer = await post(app, { query, variables: { n: 3 } })
    expect(answer.json<Answer>().errors?.[0]?.extensions?.['code']).toBe('QUERY_BUDGET_EXHAUSTED')
    expect(calls()).toBe(2)
    await app.close()
  })

  it('holds objects and calls to their own limits too', async () => {
    const { app, events } = build(
      server,
      { maxCost: 500, maxTypeCost: 25, actual: 'executing' },
      { users: 30 },
    )
    await post(app, { query, variables: { n: 3 } })
    expect(events).toMatchObject([{ details: { code: 'QUERY_BUDGET_EXHAUSTED', limit: 25, actual: 31 } }])
    await app.close()
  })

  it('measures without ending anything in measure mode, and says so once', async () => {
    const { app, events, calls } = build(
      server,
      { maxCost: 100, actual: 'executing', mode: 'measure' },
      { users: 200 },
    )
    const answer = await post(app, { query, variables: { n: 3 } })
    expect(answer.json<Answer>().errors).toBeUndefined()
    expect(calls()).toBe(200)
    expect(events).toMatchObject([
      { outcome: 'measured', details: { code: 'QUERY_BUDGET_EXHAUSTED', limit: 100, actual: 202 } },
    ])
    await app.close()
  })

  it('counts each request for itself', async () => {
    const { app, costs } = build(server, { maxCost: 100, actual: 'executing' })
    await Promise.all(
      Array.from({ length: 10 }, (_, index) => post(app, { query, variables: { n: 1 + (index % 3) } })),
    )
    expect(costs.map((cost) => cost?.actual?.cost)).toEqual(Array.from({ length: 10 }, () => 8))
    await app.close()
  })
})

describe.each(SERVERS)('throttleStatus on $name', (server) => {
  it('tells the quota that prices are charged to', async () => {
    const limits = (app: FastifyInstance): void =>
      void app.register(userRateLimit, {
        policies: {
          perRequest: { quota: 5, window: '1m' },
          points: { quota: 120, window: '1m', cost: 'queryCost' },
          more: { quota: 6000, window: '1h', cost: 'queryCost' },
        },
      })
    const { app } = build(server, { maxCost: 100 }, {}, limits)
    // What it did not cost is available again: 120 less 8, and less 8 again.
    for (const left of [112, 104]) {
      const answer = await post(app, { query, variables: { n: 3 } })
      expect(answer.json<Answer>().extensions?.cost, answer.body).toEqual({
        requestedQueryCost: 23,
        actualQueryCost: 8,
        maximumQueryCost: 100,
        throttleStatus: { maximumAvailable: 120, currentlyAvailable: left, restoreRate: 2 },
      })
    }
    await app.close()
  })

  it('keeps what was charged for an operation that was ended while it executed', async () => {
    const limits = (app: FastifyInstance): void =>
      void app.register(userRateLimit, {
        policies: { points: { quota: 120, window: '1m', cost: 'queryCost' } },
      })
    const { app } = build(server, { maxCost: 100, actual: 'executing' }, { users: 200 }, limits)
    for (const left of [97, 74]) {
      const answer = await post(app, { query, variables: { n: 3 } })
      expect(answer.json<Answer>().extensions?.cost?.['throttleStatus']).toMatchObject({
        currentlyAvailable: left,
      })
    }
    await app.close()
  })
})
