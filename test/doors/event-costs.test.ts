import { setTimeout as delay } from 'node:timers/promises'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { buildSchema, graphql, parse, subscribe } from 'graphql'
import { afterEach, describe, expect, it } from 'vitest'
import depthLimit from '@portcullis/depth-limit'
import kernel from '@portcullis/kernel'
import queryCost from '@portcullis/query-cost'
import { startRedis } from '@portcullis/kernel/testing'
import userRateLimit from '@portcullis/user-rate-limit'
import type { UserRateLimitOptions } from '@portcullis/user-rate-limit'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})

interface Body {
  readonly query: string
}
interface Event {
  readonly data?: unknown
  readonly errors?: readonly { readonly extensions: { readonly code: string } }[]
}

/** A route of one's own that answers with all events of a subscription, or runs anything else. */
function build(
  options: UserRateLimitOptions,
  {
    events = 10,
    before = async () => undefined,
    extra = () => undefined,
  }: {
    events?: number
    before?: (event: number) => Promise<unknown>
    extra?: (app: FastifyInstance) => void
  } = {},
): { app: FastifyInstance; finish: () => void; running: () => number } {
  const schema = buildSchema(`
    type Query { fast: Int slow: Int }
    type Subscription { tick: Int tock: Int }
  `)
  const waiting: (() => void)[] = []
  for (const field of Object.values(schema.getSubscriptionType()?.getFields() ?? {})) {
    field.subscribe = async function* () {
      for (let event = 1; event <= events; event += 1) {
        await before(event)
        yield { [field.name]: event }
      }
    }
  }
  const rootValue = {
    fast: () => 1,
    slow: () => new Promise<number>((resolve) => waiting.push(() => resolve(1))),
  }
  const run = async ({ query }: Body): Promise<unknown> => {
    const document = parse(query)
    const isSubscription = query.includes('subscription')
    if (!isSubscription) return graphql({ schema, source: query, rootValue })
    const stream = await subscribe({ schema, document })
    if (!(Symbol.asyncIterator in stream)) return stream
    const results: unknown[] = []
    for await (const result of stream) results.push(result)
    return { data: { results } }
  }
  const app = Fastify()
  closers.push(() => app.close())
  void app.register(kernel, {
    environment: 'test',
    identify: ({ headers }) => ({ id: String(headers['x-user'] ?? 'ada') }),
  })
  void app.register(userRateLimit, options)
  void app.register(depthLimit)
  extra(app)
  app.post<{ Body: Body | Body[] }>('/graphql', { config: { graphql: { schema } } }, async ({ body }) =>
    Array.isArray(body) ? Promise.all(body.map(run)) : run(body),
  )
  return {
    app,
    finish: () => waiting.splice(0).forEach((resolve) => resolve()),
    running: () => waiting.length,
  }
}

async function post(
  app: FastifyInstance,
  payload: object,
): Promise<{ status: number; body: unknown; code?: string }> {
  const answer = await app.inject({ method: 'POST', url: '/graphql', payload })
  const body = answer.json<{ errors?: { extensions: { code: string } }[] }>()
  const first = [body].flat()[0]
  const code = first?.errors?.[0]?.extensions.code
  return { status: answer.statusCode, body, ...(code === undefined ? {} : { code }) }
}

/** What each event of a subscription was: its number, or the code of its error. */
async function eventsOf(app: FastifyInstance, field = 'tick'): Promise<unknown[]> {
  const { body, code } = await post(app, { query: `subscription { ${field} }` })
  const { data } = body as { data?: { results: Event[] } }
  if (data === undefined) return [`refused: ${code}`]
  return data.results.map(({ data: one, errors }) =>
    errors === undefined ? Object.values(one as object)[0] : errors[0]?.extensions.code,
  )
}

const minute = { window: '1m' } as const

describe('events of subscriptions', () => {
  it('cost what eventCost says, by every policy that is for them, all or nothing', async () => {
    const { app } = build({
      policies: {
        all: { ...minute, quota: 10, eventCost: ({ headers }) => ('x-dear' in headers ? 5 : 3) },
        tocks: { ...minute, quota: 5, when: 'Subscription.tock', cost: 0, eventCost: 1 },
      },
    })
    // The request is 1, each event 3.
    expect(await eventsOf(app)).toEqual([1, 2, 3, 'USER_RATE_LIMIT_EXCEEDED'])
    expect(await eventsOf(app, 'tock')).toEqual(['refused: USER_RATE_LIMIT_EXCEEDED'])
    app.userRateLimit.reload({
      policies: { tocks: { ...minute, quota: 5, when: 'Subscription.tock', cost: 0, eventCost: 1 } },
    })
    // What the policy that refused had the other one give back is all there.
    expect(await eventsOf(app, 'tock')).toEqual([1, 2, 3, 4, 5, 'USER_RATE_LIMIT_EXCEEDED'])
    expect((await eventsOf(app)).length).toBe(10)
  })

  it('cost the price of the operation with queryCost', async () => {
    const { app } = build(
      { policies: { points: { ...minute, quota: 14, cost: 'queryCost', eventCost: 'queryCost' } } },
      { extra: (scope) => void scope.register(queryCost, { weights: { 'Subscription.tick': { cost: 3 } } }) },
    )
    // The price is 4: the field's, and 1 of the operation.
    expect(await eventsOf(app)).toEqual([1, 2, 'USER_RATE_LIMIT_EXCEEDED'])
    expect(await eventsOf(app)).toEqual(['refused: USER_RATE_LIMIT_EXCEEDED'])
  })

  it('are charged by leases, to the unit', async () => {
    const { app } = build(
      {
        policies: {
          events: { ...minute, quota: 7, cost: 0, eventCost: 1, lease: { size: 3, maxAge: '1s' } },
        },
      },
      { events: 20 },
    )
    expect((await eventsOf(app)).at(-1)).toBe('USER_RATE_LIMIT_EXCEEDED')
    expect((await eventsOf(app))[0]).toBe('USER_RATE_LIMIT_EXCEEDED')
  })

  it('follow a reload while they go on', async () => {
    let app: FastifyInstance | undefined
    const built = build(
      { policies: { events: { ...minute, quota: 100, cost: 0, eventCost: 1 } } },
      {
        before: async (event) => {
          if (event === 3)
            app?.userRateLimit.reload({
              policies: { events: { ...minute, quota: 3, cost: 0, eventCost: 1 } },
            })
        },
      },
    )
    app = built.app
    expect(await eventsOf(app)).toEqual([1, 2, 3, 'USER_RATE_LIMIT_EXCEEDED'])
  })

  it('keep nothing of what they were charged: a subscription may have any number of them', async () => {
    const { app } = build(
      { policies: { events: { ...minute, quota: 1_000_000, cost: 0, eventCost: 1 } } },
      { events: 20_000 },
    )
    let limits = 0
    app.addHook('onResponse', async (request) => void (limits = request.userRateLimit.length))
    const { body } = await post(app, { query: 'subscription { tick }' })
    expect((body as { data: { results: Event[] } }).data.results).toHaveLength(20_000)
    expect(limits).toBe(1)
  })

  it.each([
    ['closed', [1, 'RATE_LIMIT_STORE_UNAVAILABLE']],
    ['open', [1, 2, 3, 4, 5]],
    ['local', [1, 2, 3, 'USER_RATE_LIMIT_EXCEEDED']],
  ] as const)('do what a policy declares while Redis is away: %s', async (onStoreError, expected) => {
    const redis = await startRedis()
    const stop = async (): Promise<void> => redis.stop()
    let isStopped = false
    closers.push(async () => (isStopped ? undefined : stop()))
    const { app } = build(
      {
        redis: redis.url,
        keySecret: 'a secret of this test that is long enough',
        storeTimeout: '2s',
        policies: { events: { ...minute, quota: 2, cost: 0, eventCost: 1, onStoreError } },
      },
      {
        events: 5,
        before: async (event) => {
          if (event !== 2) return
          isStopped = true
          await stop()
          await delay(20)
        },
      },
    )
    const seen = await eventsOf(app)
    if (onStoreError === 'local') expect(seen.slice(0, 3)).toEqual(expected.slice(0, 3))
    else expect(seen).toEqual(expected)
  })

  it.each([
    [
      { partitionKey: 'account', account: { argument: 'Subscription.tick.of' } },
      "takes no partitionKey 'account'",
    ],
    [{ when: 'mutation' }, 'when selects none'],
    [{ when: ['query', 'Mutation.login'] }, 'when selects none'],
    [{ eventCost: -1 }, 'eventCost'],
    [{ eventCost: 'twice' }, 'eventCost'],
    [{ when: 'Subscription.tuck' }, 'Subscription.tuck'],
  ])('do not boot with %o', async (wrong, message) => {
    const { app } = build({
      policies: { events: { ...minute, quota: 2, eventCost: 1, ...wrong } as never },
    })
    await expect(app.ready()).rejects.toThrow(message)
  })
})

describe('a limit on operations at once', () => {
  it('counts those it is for, each entry of a batch, until they are over', async () => {
    const { app, finish, running } = build({
      concurrency: { reports: { limit: 2, when: ['Query.slow', 'subscription'] } },
    })
    const entry = { query: '{ a: slow b: slow }' }
    const under = [post(app, entry), post(app, { query: '{ slow }' })]
    while (running() < 3) await delay(5)
    expect((await post(app, entry)).code).toBe('CONCURRENCY_LIMIT_EXCEEDED')
    expect((await post(app, { query: '{ fast }' })).status).toBe(200)
    finish()
    await Promise.all(under)
    await delay(20)
    expect(await post(app, [entry, entry, entry])).toMatchObject({ status: 429 })
    expect(running()).toBe(0)
    // What the refused batch had taken is free.
    const batch = post(app, [entry, { query: '{ fast }' }, entry])
    while (running() < 4) await delay(5)
    finish()
    expect((await batch).status).toBe(200)
  })

  it('gives back what policies had charged for an operation that it refuses', async () => {
    const { app, finish, running } = build({
      policies: { queries: { ...minute, quota: 2, when: 'query' } },
      concurrency: { reports: { limit: 1, when: 'query' } },
    })
    const first = post(app, { query: '{ slow }' })
    while (running() < 1) await delay(5)
    for (let times = 0; times < 5; times += 1)
      expect((await post(app, { query: '{ fast }' })).code).toBe('CONCURRENCY_LIMIT_EXCEEDED')
    finish()
    await first
    await delay(20)
    expect((await post(app, { query: '{ fast }' })).status).toBe(200)
    await delay(20)
    expect((await post(app, { query: '{ fast }' })).code).toBe('USER_RATE_LIMIT_EXCEEDED')
  })

  it('does not boot for a root field that is nowhere, nor where nobody tells operations', async () => {
    const unknown = build({ concurrency: { reports: { limit: 1, when: 'Query.solw' } } })
    await expect(unknown.app.ready()).rejects.toMatchObject({
      code: 'PORTCULLIS_USER_RATE_LIMIT_UNKNOWN_FIELD',
      message: expect.stringContaining('concurrency.reports is for the root field Query.solw'),
    })
    const rest = Fastify()
    closers.push(() => rest.close())
    void rest.register(userRateLimit)
    const config = {
      userRateLimit: { concurrency: { streams: { limit: 1, when: 'subscription' } } },
    } as const
    rest.get('/', { config }, () => 'ok')
    await expect(rest.ready()).rejects.toMatchObject({
      code: 'PORTCULLIS_USER_RATE_LIMIT_MISSING_GATE',
      message: expect.stringContaining('concurrency.streams'),
    })
  })
})
