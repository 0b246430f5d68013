import kernel from '@portcullis/kernel'
import type { SecurityEvent } from '@portcullis/kernel'
import queryCost from '@portcullis/query-cost'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { buildSchema } from 'graphql'
import { describe, expect, it } from 'vitest'
import { SERVERS } from '../doors/servers.ts'
import { accept, messageOf, operation, verdictOf } from './acceptance.ts'
import { readBodyFirst } from './flawed/read-body-first.ts'
import { pricedApp } from './priced-app.ts'

const schema = `
  type Query { users(first: Int): [User] report: Report }
  type Mutation { touch: User }
  type User { id: ID friends(first: Int): [User] }
  type Report { id: ID }
`
const honest = operation('{ users(first: 3) { id } }')
const refusedByPrice = [400, 'QUERY_TOO_EXPENSIVE']
const passed = [200, undefined]

/** Query 1, the field 1, each user 1. */
const costing = (cost: number): string => `{ users(first: ${cost - 2}) { id } }`

const send = async (
  app: FastifyInstance,
  query: string,
  headers: Record<string, string> = {},
): Promise<unknown> => verdictOf(await app.inject({ ...operation(query), headers }))

describe.each(SERVERS)('$name', (server) => {
  describe('F9: cost analysis is on once registered, can be switched off, or only measures', () => {
    accept('it is on', {
      build: pricedApp({ schema, server }),
      honest,
      assert: async (app) => expect(await send(app, costing(5_000))).toEqual(refusedByPrice),
    })

    accept('it only measures', {
      build: pricedApp({ schema, server, options: { mode: 'measure' } }),
      honest,
      async assert(app) {
        const events: SecurityEvent[] = []
        app.securityEvents.subscribe((event) => void events.push(event))
        expect(await send(app, costing(5_000))).toEqual(passed)
        expect(events).toMatchObject([
          {
            type: 'query.cost_exceeded',
            outcome: 'measured',
            details: { code: 'QUERY_TOO_EXPENSIVE', limit: 1_000, actual: 5_000 },
          },
        ])
      },
    })

    it('it is off on a route that says so', async () => {
      const app = pricedApp({ schema, server, config: { queryCost: false } })(true)
      expect(await send(app, costing(5_000))).toEqual(passed)
      await app.close()
    })
  })

  describe('F10: the highest cost is 1000, and differs by route, role and kind of operation', () => {
    accept('1000 passes, 1001 does not', {
      build: pricedApp({ schema, server }),
      honest,
      async assert(app) {
        expect(await send(app, costing(1_000))).toEqual(passed)
        expect(await send(app, costing(1_001))).toEqual(refusedByPrice)
      },
    })

    accept('by route', {
      build: pricedApp({ schema, server, config: { queryCost: { maxCost: 20 } } }),
      honest,
      async assert(app) {
        expect(await send(app, costing(20))).toEqual(passed)
        expect(await send(app, costing(21))).toEqual(refusedByPrice)
      },
    })

    accept('by role, the most generous of which holds', {
      build: pricedApp({ schema, server, options: { roles: { analyst: { maxCost: 2_000 } } } }),
      honest,
      async assert(app) {
        expect(await send(app, costing(2_000), { 'x-role': 'analyst' })).toEqual(passed)
        expect(await send(app, costing(2_001), { 'x-role': 'analyst' })).toEqual(refusedByPrice)
        expect(await send(app, costing(1_001), { 'x-role': 'visitor' })).toEqual(refusedByPrice)
      },
    })

    accept('by kind of operation', {
      build: pricedApp({ schema, server, options: { maxCost: 100, operationCost: { mutation: 100 } } }),
      honest,
      async assert(app) {
        expect(await send(app, costing(100))).toEqual(passed)
        expect(await send(app, 'mutation { touch { id } }')).toEqual(refusedByPrice)
      },
    })

    accept('by objects alone, and by resolver calls alone', {
      build: pricedApp({ schema, server, options: { maxTypeCost: 21, maxFieldCost: 11 } }),
      honest,
      async assert(app) {
        expect(await send(app, '{ users(first: 20) { id } }')).toEqual(passed)
        expect(await send(app, '{ users(first: 21) { id } }')).toEqual(refusedByPrice)
        expect(await send(app, '{ users(first: 10) { friends(first: 1) { id } } }')).toEqual(passed)
        expect(await send(app, '{ users(first: 11) { friends(first: 0) { id } } }')).toEqual(refusedByPrice)
      },
    })
  })

  describe('F18: QUERY_TOO_EXPENSIVE is a 400, with the cost in the extensions', () => {
    const accepted = ['application/json', 'application/graphql-response+json']
    for (const type of accepted) {
      accept(`in ${type}`, {
        build: pricedApp({ schema, server }),
        honest,
        async assert(app) {
          const answer = await app.inject({ ...operation(costing(1_500)), headers: { accept: type } })
          expect(verdictOf(answer)).toEqual(refusedByPrice)
          expect(answer.headers['content-type']).toBe(`${type}; charset=utf-8`)
          expect(answer.json()).toEqual({
            errors: [
              {
                message: 'Query cost 1500 exceeds limit 1000',
                extensions: {
                  code: 'QUERY_TOO_EXPENSIVE',
                  cost: { requestedQueryCost: 1_500, maximumQueryCost: 1_000 },
                },
              },
            ],
          })
        },
      })
    }

    accept('without numbers in production, with them by choice', {
      build: pricedApp({ schema, server, environment: 'production' }),
      honest,
      async assert(app) {
        const answer = await app.inject(operation(costing(1_500)))
        expect(verdictOf(answer)).toEqual(refusedByPrice)
        expect(messageOf(answer)).toBe('Query cost exceeds limit')
        expect(answer.body).not.toMatch(/\d{3}/)
        expect((await app.inject(honest)).json<{ extensions?: unknown }>().extensions).toBeUndefined()

        const open = pricedApp({
          schema,
          server,
          environment: 'production',
          options: { exposeLimits: true },
        })(true)
        expect(messageOf(await open.inject(operation(costing(1_500))))).toBe(
          'Query cost 1500 exceeds limit 1000',
        )
        await open.close()
      },
    })

    accept('with status 200 for clients that read errors only there', {
      build: pricedApp({ schema, server, graphqlGateOptions: { legacyStatus: true } }),
      honest,
      assert: async (app) => expect(await send(app, costing(1_500))).toEqual([200, 'QUERY_TOO_EXPENSIVE']),
    })

    accept('over a real socket, where the body is read once and reaches the server whole', {
      build: pricedApp({ schema, server }),
      honest,
      async assert(app) {
        const url = `${await app.listen({ host: '127.0.0.1', port: 0 })}/graphql`
        const post = async (query: string): Promise<Response> =>
          fetch(url, {
            method: 'POST',
            headers: { 'content-type': 'application/json' },
            body: JSON.stringify({ query }),
          })
        const answer = await post(costing(3))
        expect(await answer.json()).toEqual({
          data: { users: null },
          extensions: { cost: { requestedQueryCost: 3, actualQueryCost: 2, maximumQueryCost: 1_000 } },
        })
        const refused = await post(costing(1_001))
        expect([refused.status, refused.headers.get('content-type')]).toEqual([
          400,
          'application/json; charset=utf-8',
        ])
      },
    })
  })
})

describe('F9: of two routes in one scope', () => {
  const answer = async (): Promise<object> => ({ data: {} })
  accept('the one that is switched off is off, the other is on', {
    build(withGate) {
      const app = Fastify()
      const built = buildSchema(schema)
      void app.register(kernel, { environment: 'development' })
      if (withGate) void app.register(queryCost)
      app.post('/graphql', { config: { graphql: { schema: built } } }, answer)
      app.post('/internal', { config: { graphql: { schema: built }, queryCost: false } }, answer)
      return app
    },
    honest,
    async assert(app) {
      const dear = operation(costing(5_000))
      expect(verdictOf(await app.inject({ ...dear, url: '/internal' }))).toEqual(passed)
      expect(verdictOf(await app.inject(dear))).toEqual(refusedByPrice)
    },
  })
})

describe('F18: the flawed pattern', () => {
  it('a middleware that reads the body for itself leaves nothing for the server', async () => {
    const read: string[] = []
    const app = Fastify({ requestTimeout: 1_000 })
    app.addHook('onRequest', readBodyFirst(read))
    app.post('/graphql', async ({ body }) => body)
    const url = `${await app.listen({ host: '127.0.0.1', port: 0 })}/graphql`
    const body = JSON.stringify({ query: costing(3) })
    const answered = fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      signal: AbortSignal.timeout(400),
    }).then(
      (answer) => answer.status,
      () => 'no answer',
    )
    expect(await answered).not.toBe(200)
    expect(read).toEqual([body])
    await app.close()
  })
})
