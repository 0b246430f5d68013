import queryCost from '@portcullis/query-cost'
import { describe, expect, it } from 'vitest'
import { codeOf, countingResolvers, requestThrough, SERVERS } from './servers.ts'

const schema = `
  type Query { users(first: Int = 2): [User] user: User }
  type User { id: ID friends(first: Int): [User] }
  type Mutation { touch: User }
`
const query = 'query Users($n: Int) { users(first: $n) { id friends(first: 5) { id } } }'

describe.each(SERVERS)('$name', (server) => {
  describe.each(server.doors.filter((door) => door !== 'application/graphql'))('through %s', (door) => {
    it('prices the variables of each request, whether the document is new or cached', async () => {
      const { resolvers, calls } = countingResolvers(['users'])
      const app = server.build({
        schema,
        resolvers,
        stored: { query },
        register: (instance) => void instance.register(queryCost, { maxCost: 100 }),
      })
      for (let round = 0; round < 3; round++) {
        const dear = await app.inject(requestThrough(door, { query, variables: { n: 1_000_000 } }, 'query'))
        expect([dear.statusCode, codeOf(dear.body)], dear.body).toEqual([400, 'QUERY_TOO_EXPENSIVE'])
        expect(calls()).toBe(round)
        const honest = await app.inject(requestThrough(door, { query, variables: { n: 3 } }, 'query'))
        expect([honest.statusCode, codeOf(honest.body)], honest.body).toEqual([200, undefined])
        expect(calls()).toBe(round + 1)
      }
      await app.close()
    })
  })

  it('tells cost and limit in extensions where limits are exposed, and nowhere else', async () => {
    for (const exposeLimits of [true, false]) {
      const app = server.build({
        schema,
        register: (instance) => void instance.register(queryCost, { maxCost: 100, exposeLimits }),
      })
      // Query 1 + users field 1 + 3 users + 3 friends fields + 15 friends.
      const honest = await app.inject(requestThrough('post', { query, variables: { n: 3 } }))
      const dear = await app.inject(requestThrough('post', { query, variables: { n: 30 } }))
      const price = { requestedQueryCost: 23, maximumQueryCost: 100 }
      expect(honest.json<{ extensions?: unknown }>().extensions).toEqual(
        exposeLimits ? { cost: { ...price, actualQueryCost: 2 } } : undefined,
      )
      expect(dear.json()).toMatchObject({
        errors: [
          {
            message: exposeLimits ? 'Query cost 212 exceeds limit 100' : 'Query cost exceeds limit',
            extensions: {
              code: 'QUERY_TOO_EXPENSIVE',
              ...(exposeLimits ? { cost: { requestedQueryCost: 212, maximumQueryCost: 100 } } : {}),
            },
          },
        ],
      })
      await app.close()
    }
  })

  it('prices a batch as a sum, and tells each entry its own price', async () => {
    const app = server.build({
      schema,
      register: (instance) => void instance.register(queryCost, { maxCost: 50, exposeLimits: true }),
    })
    const entry = { query, variables: { n: 3 } }
    const two = await app.inject({ method: 'POST', url: '/graphql', payload: [entry, entry] })
    expect(two.statusCode, two.body).toBe(200)
    expect(two.json<{ extensions: unknown }[]>().map(({ extensions }) => extensions)).toEqual([
      { cost: { requestedQueryCost: 23, actualQueryCost: 2, maximumQueryCost: 50 } },
      { cost: { requestedQueryCost: 23, actualQueryCost: 2, maximumQueryCost: 50 } },
    ])
    const three = await app.inject({ method: 'POST', url: '/graphql', payload: [entry, entry, entry] })
    expect([three.statusCode, codeOf(three.body)]).toEqual([400, 'QUERY_TOO_EXPENSIVE'])
    await app.close()
  })
})
