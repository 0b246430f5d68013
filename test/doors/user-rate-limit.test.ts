import { startRedis } from '@portcullis/kernel/testing'
import depthLimit from '@portcullis/depth-limit'
import queryCost from '@portcullis/query-cost'
import userRateLimit from '@portcullis/user-rate-limit'
import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import { describe, expect, it } from 'vitest'
import { codeOf, requestThrough, SERVERS } from './servers.ts'

const schema = `
  type Query { users(first: Int): [User] }
  type User { id: ID friends(first: Int): [User] }
  type Mutation { touch: Boolean poke: Boolean }
`
const mutations = {
  quota: 2,
  window: '1m',
  partitionKey: 'address' as const,
  when: 'mutation' as const,
  message: 'Mutation rate limit exceeded',
}

async function post(
  app: FastifyInstance,
  payload: object,
): Promise<[number, string | undefined, LightMyRequestResponse]> {
  const answer = await app.inject({ method: 'POST', url: '/graphql', payload })
  return [answer.statusCode, codeOf(answer.body), answer]
}

describe.each(SERVERS)('$name', (server) => {
  it.each([
    ['a plain mutation', { query: 'mutation { touch }' }],
    ['one behind a comment', { query: '# a query\nmutation { touch }' }],
    ['one behind commas and a byte order mark', { query: '\uFEFF,,, mutation { touch }' }],
    ['one behind a fragment', { query: 'fragment F on Mutation { touch } mutation { ...F }' }],
    [
      'one that is chosen by its name',
      { query: 'query Q { __typename } mutation M { touch }', operationName: 'M' },
    ],
  ])('counts %s as a mutation, and queries not at all', async (_name, payload) => {
    const app = server.build({
      schema,
      register: (instance) => void instance.register(userRateLimit, { policies: { mutations } }),
    })
    for (let round = 0; round < 2; round++) {
      expect((await post(app, payload))[0]).toBe(200)
      expect((await post(app, { query: '{ __typename }' }))[0]).toBe(200)
    }
    const [status, code, answer] = await post(app, payload)
    expect([status, code]).toEqual([429, 'USER_RATE_LIMIT_EXCEEDED'])
    const { errors } = answer.json<{ errors: { message: string; extensions: { retryAfter: number } }[] }>()
    expect(errors[0]?.message).toBe('Mutation rate limit exceeded')
    expect(String(errors[0]?.extensions.retryAfter)).toBe(answer.headers['retry-after'])
    expect((await post(app, { query: '{ __typename }' }))[0]).toBe(200)
    await app.close()
  })

  it('counts each mutation of a batch, before any of them runs', async () => {
    const app = server.build({
      schema,
      register: (instance) => void instance.register(userRateLimit, { policies: { mutations } }),
    })
    const entry = { query: 'mutation { touch }' }
    expect((await post(app, [entry, entry, entry] as object)).slice(0, 2)).toEqual([
      429,
      'USER_RATE_LIMIT_EXCEEDED',
    ])
    expect((await post(app, [entry, { query: '{ __typename }' }, entry] as object))[0]).toBe(200)
    expect((await post(app, entry))[0]).toBe(429)
    await app.close()
  })

  it('counts each call of a root field, under every alias, in fragments and batches, before any of them runs', async () => {
    const app = server.build({
      schema,
      register: (instance) =>
        void instance.register(userRateLimit, {
          policies: {
            touches: { quota: 5, window: '5m', partitionKey: 'address', when: 'Mutation.touch' },
          },
        }),
    })
    const free = { query: 'mutation { poke touch: poke }' }
    const six = Array.from({ length: 6 }, (_, index) => `a${index}: touch`).join(' ')
    const spread = { query: `fragment F on Mutation { ${six} } mutation { ... { ...F } }` }
    const entries = [
      { query: 'mutation { a: touch b: touch touch }' },
      free,
      { query: 'mutation { c: touch }' },
    ]
    expect((await post(app, { query: `mutation { ${six} }` })).slice(0, 2)).toEqual([
      429,
      'USER_RATE_LIMIT_EXCEEDED',
    ])
    expect((await post(app, spread))[0]).toBe(429)
    expect((await post(app, free))[0]).toBe(200)
    // Under one response key it is one call.
    expect(
      (await post(app, { query: 'mutation { touch touch ...F } fragment F on Mutation { touch }' }))[0],
    ).toBe(200)
    expect((await post(app, entries))[0]).toBe(200)
    expect((await post(app, { query: 'mutation { touch }' }))[0]).toBe(429)
    expect((await post(app, free))[0]).toBe(200)
    await app.close()
  })

  it('does not start with a policy for a root field that no schema has', async () => {
    const app = server.build({
      schema,
      register: (instance) =>
        void instance.register(userRateLimit, {
          policies: { touches: { quota: 5, window: '5m', when: ['mutation', 'Mutation.tuoch'] } },
        }),
    })
    await expect(app.ready()).rejects.toMatchObject({
      code: 'PORTCULLIS_USER_RATE_LIMIT_UNKNOWN_FIELD',
      message: expect.stringContaining('Mutation.tuoch'),
    })
    await app.close()
  })

  describe('a policy by cost', () => {
    const points = {
      quota: 50,
      window: '1m',
      partitionKey: 'address',
      cost: 'queryCost',
      unit: 'points',
    } as const
    /** Query 1 + users field 1 + 18 users. */
    const query = '{ users(first: 18) { id } }'

    function priced(
      users: () => unknown,
      register: (app: FastifyInstance) => void = () => undefined,
    ): FastifyInstance {
      return server.build({
        schema,
        resolvers: { Query: { users } },
        register(instance) {
          void instance.register(userRateLimit, { policies: { points } })
          void instance.register(queryCost, { maxCost: 45, exposeLimits: true })
          register(instance)
        },
      })
    }
    const people = (count: number) => () => Array.from({ length: count }, (_, id) => ({ id }))
    const leftOf = (answer: LightMyRequestResponse): number | undefined =>
      answer.json<{ extensions?: { cost?: { throttleStatus?: { currentlyAvailable: number } } } }>()
        .extensions?.cost?.throttleStatus?.currentlyAvailable

    it('is charged the price of operations', async () => {
      const app = priced(people(18))
      const [first, second, third] = [
        await post(app, { query }),
        await post(app, { query }),
        await post(app, { query }),
      ]
      expect([first[0], second[0], third[0]]).toEqual([200, 200, 429])
      expect(first[2].headers['ratelimit']).toContain('"points";r=30')
      expect(second[2].headers['ratelimit']).toContain('"points";r=10')
      const dear = await post(app, { query: '{ users(first: 90) { id } }' })
      expect(dear.slice(0, 2)).toEqual([400, 'QUERY_TOO_EXPENSIVE'])
      expect((await post(app, { query: '{ users(first: 3) { id } }' }))[0]).toBe(200)
      await app.close()
    })

    it('is charged in the end what they really cost, as throttleStatus says in the same answer', async () => {
      const app = priced(people(3))
      const left: (number | undefined)[] = []
      for (let sent = 0; sent < 7; sent++) {
        const [status, , answer] = await post(app, { query })
        left.push(status === 200 ? leftOf(answer) : undefined)
      }
      // 5 of each 20 that were reserved; with 20 left one more fits.
      expect(left).toEqual([45, 40, 35, 30, 25, 20, 15])
      expect((await post(app, { query }))[0]).toBe(429)
      await app.close()
    })

    it('is charged in full where an answer has errors, since they hide what was done', async () => {
      const app = priced(() => {
        throw new Error('late')
      })
      const seen: number[] = []
      for (let sent = 0; sent < 4; sent++) seen.push((await post(app, { query }))[0])
      expect(seen.filter((status) => status === 429)).toHaveLength(2)
      await app.close()
    })

    it('admits no more at once than was reserved', async () => {
      const app = priced(people(1))
      await app.ready()
      const answers = await Promise.all(Array.from({ length: 10 }, () => post(app, { query })))
      expect(answers.filter(([status]) => status === 200).length).toBeGreaterThanOrEqual(2)
      // Ten that cost 3 each would be 30: whatever the order, the quota was never passed.
      const [, , last] = await post(app, { query: '{ users(first: 1) { id } }' })
      expect(leftOf(last)).toBe(50 - 3 - 3 * answers.filter(([status]) => status === 200).length)
      await app.close()
    })

    it('settles a batch as a whole', async () => {
      const app = priced(people(1))
      const entry = { query }
      const [status] = await post(app, [entry, entry])
      expect(status).toBe(200)
      const [, , last] = await post(app, { query: '{ users(first: 1) { id } }' })
      expect(leftOf(last)).toBe(50 - 6 - 3)
      await app.close()
    })
  })

  it('gives back what an operation that another gate refuses had charged', async () => {
    const app = server.build({
      schema,
      register(instance) {
        void instance.register(userRateLimit, {
          policies: { all: { quota: 3, window: '1m', partitionKey: 'address' } },
        })
        void instance.register(depthLimit, { maxDepth: 1 })
      },
    })
    for (let round = 0; round < 10; round++) {
      expect((await post(app, { query: '{ users { id } }' }))[1]).toBe('MAX_DEPTH_EXCEEDED')
    }
    for (const status of [200, 200, 200, 429])
      expect((await post(app, { query: '{ __typename }' }))[0]).toBe(status)
    await app.close()
  })

  it('refuses before the body is read where only the address counts, with the same code', async () => {
    const app = server.build({
      schema,
      register: (instance) =>
        void instance.register(userRateLimit, {
          policies: { all: { quota: 1, window: '1m', partitionKey: 'address' } },
        }),
    })
    await app.ready()
    const operation = requestThrough('post', { query: '{ __typename }' })
    expect((await app.inject(operation)).statusCode).toBe(200)
    const refused = await app.inject(operation)
    expect(refused.statusCode).toBe(429)
    // Without graphql-gate in the scope, a limit on addresses is a limit like any other: the app's own error format.
    expect(codeOf(refused.body)).toMatch(/USER_RATE_LIMIT_EXCEEDED/)
    await app.close()
  })
})

describe('a policy by cost, in Redis', () => {
  it('is charged what operations really cost, over instances and in flight', async () => {
    const redis = await startRedis()
    const [server] = SERVERS
    if (server === undefined) throw new Error('no server')
    const build = (): FastifyInstance =>
      server.build({
        schema,
        resolvers: { Query: { users: () => [{ id: 1 }] } },
        register(instance) {
          void instance.register(userRateLimit, {
            redis: redis.url,
            keySecret: 'a secret of this test that is long enough',
            storeTimeout: '2s',
            policies: { points: { quota: 50, window: '1m', partitionKey: 'address', cost: 'queryCost' } },
          })
          void instance.register(queryCost, { maxCost: 45, exposeLimits: true })
        },
      })
    const [first, second] = [build(), build()]
    const query = '{ users(first: 18) { id } }'
    const admitted: number[] = []
    for (let sent = 0; sent < 12; sent++)
      admitted.push((await post(sent % 2 === 0 ? first : second, { query }))[0])
    // Each reserves 20 and is settled to 3: after 11, 17 are left.
    expect(admitted).toEqual([...Array.from({ length: 11 }, () => 200), 429])
    await Promise.all([first.close(), second.close()])
    await redis.stop()
  })
})
