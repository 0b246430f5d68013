import kernel from '@portcullis/kernel'
import queryCost from '@portcullis/query-cost'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyServerOptions, InjectOptions } from 'fastify'
import { buildSchema, graphql } from 'graphql'
import type { GraphQLSchema } from 'graphql'
import mercurius from 'mercurius'
import { describe, expect, it } from 'vitest'
import { requestThrough, SERVERS } from '../doors/servers.ts'
import { accept, acceptRefusalToBoot, operation, verdictOf } from './acceptance.ts'
import { guardUrl } from './flawed/compare-url.ts'
import { unusualRequests } from './unusual-requests.ts'

const schema = 'type Query { users(first: Int): [User] } type User { id: ID }'
const dear = '{ users(first: 5000) { id } }'
const cheap = '{ users(first: 5) { id } }'
const honest = operation(cheap)
const refused = [400, 'QUERY_TOO_EXPENSIVE']

/** mercurius on `/graphql` with everything open that a client may use. */
function mercuriusApp(withGate: boolean, prefix = '', options: FastifyServerOptions = {}): FastifyInstance {
  const app = Fastify(options)
  void app.register(kernel, { environment: 'development' })
  if (withGate) void app.register(queryCost)
  void app.register(
    async (scope) => {
      await scope.register(mercurius, {
        schema,
        allowBatchedQueries: true,
        persistedQueries: { stored: dear },
      })
    },
    { prefix },
  )
  return app
}

const ways: readonly [string, InjectOptions][] = [
  ['a trailing slash', { ...operation(dear), url: '/graphql/' }],
  ['a query string', { ...operation(dear), url: '/graphql?via=somewhere' }],
  ['another spelling of the path', { ...operation(dear), url: '/GraphQL' }],
  ['a percent-encoded path', { ...operation(dear), url: '/%67raphql' }],
  ['GET', requestThrough('get', { query: dear })],
  ['a batch', requestThrough('batch', { query: dear })],
  ['the id of a stored document', requestThrough('prepared', { query: dear }, 'stored')],
  ['a body of plain GraphQL', requestThrough('application/graphql', { query: dear })],
]
const lenientRouter = { routerOptions: { ignoreTrailingSlash: true, caseSensitive: false } }

describe('F16: the flawed pattern', () => {
  const evading = ways.filter(([way]) => way !== 'a body of plain GraphQL')
  it.each(evading)('a guard on the text of the URL is evaded or crashed by %s', async (_way, request) => {
    const app = Fastify(lenientRouter)
    app.addHook(
      'preHandler',
      guardUrl((query) => query === dear),
    )
    await app.register(mercurius, { schema, allowBatchedQueries: true, persistedQueries: { stored: dear } })
    expect(verdictOf(await app.inject(operation(dear)))).toEqual(refused)
    expect(verdictOf(await app.inject(request))).not.toEqual(refused)
    await app.close()
  })

  it('and by a prefix', async () => {
    const app = Fastify()
    app.addHook(
      'preHandler',
      guardUrl((query) => query === dear),
    )
    await app.register(
      async (scope) => {
        await scope.register(mercurius, { schema })
      },
      { prefix: '/api' },
    )
    expect((await app.inject({ ...operation(dear), url: '/api/graphql' })).statusCode).toBe(200)
    await app.close()
  })
})

describe('F16: cost is judged on every route and door that carries an operation', () => {
  for (const [way, request] of ways) {
    accept(`through ${way}`, {
      build: (withGate) => mercuriusApp(withGate, '', lenientRouter),
      honest,
      assert: async (app) => expect(verdictOf(await app.inject(request))).toEqual(refused),
    })
  }

  accept('behind a prefix', {
    build: (withGate) => mercuriusApp(withGate, '/api'),
    honest: { ...honest, url: '/api/graphql' },
    assert: async (app) =>
      expect(verdictOf(await app.inject({ ...operation(dear), url: '/api/graphql' }))).toEqual(refused),
  })

  for (const server of SERVERS) {
    for (const door of server.doors) {
      accept(`${server.name}, ${door}`, {
        build: (withGate) =>
          server.build({
            schema,
            stored: { stored: dear },
            register(app) {
              void app.register(kernel, { environment: 'development' })
              if (withGate) void app.register(queryCost)
            },
          }),
        honest,
        assert: async (app) =>
          expect(verdictOf(await app.inject(requestThrough(door, { query: dear })))).toEqual(refused),
      })
    }
  }

  accept('on any route that is named, and with the limits of each', {
    build(withGate) {
      const app = Fastify()
      void app.register(kernel, { environment: 'development' })
      if (withGate) void app.register(queryCost)
      const built = buildSchema(schema)
      app.post('/graphql', { config: { graphql: { schema: built } } }, execute(built))
      app.post('/reports/:year', { config: reportsConfig(built) }, execute(built))
      return app
    },
    honest,
    async assert(app) {
      const reports = { ...operation(dear), url: '/reports/2024' }
      expect((await app.inject(reports)).statusCode).toBe(200)
      expect(verdictOf(await app.inject(operation(dear)))).toEqual(refused)
    },
  })

  accept('on a route that another plugin answers with reply.graphql()', {
    build(withGate) {
      const app = Fastify()
      void app.register(kernel, { environment: 'development' })
      if (withGate) void app.register(queryCost)
      void app.register(mercurius, { schema })
      app.get('/users', async (_request, reply) => reply.graphql(dear))
      return app
    },
    honest,
    assert: async (app) => {
      const answer = await app.inject('/users')
      expect(verdictOf(answer)).toEqual(refused)
    },
  })

  accept('of a form with files, whose operation another plugin takes out of it', {
    build(withGate) {
      const app = Fastify()
      app.addContentTypeParser('multipart/form-data', { parseAs: 'string' }, (_request, _body, done) => {
        done(null, { query: dear })
      })
      void app.register(kernel, { environment: 'development' })
      if (withGate) void app.register(queryCost)
      void app.register(mercurius, { schema })
      return app
    },
    honest,
    assert: async (app) =>
      expect(
        verdictOf(
          await app.inject({
            method: 'POST',
            url: '/graphql',
            headers: { 'content-type': 'multipart/form-data; boundary=b' },
            payload: '--b--',
          }),
        ),
      ).toEqual(refused),
  })

  accept('of a body that a hook of another plugin puts in place late', {
    build(withGate) {
      const app = Fastify()
      void app.register(kernel, { environment: 'development' })
      if (withGate) void app.register(queryCost)
      app.addHook('preValidation', async (request) => {
        if (request.headers['x-late'] === 'yes') request.body = { query: dear }
      })
      void app.register(mercurius, { schema })
      return app
    },
    honest,
    assert: async (app) =>
      expect(verdictOf(await app.inject({ ...operation(cheap), headers: { 'x-late': 'yes' } }))).toEqual(
        refused,
      ),
  })

  accept('and no request of an unusual shape makes the server run what costs too much', {
    build(withGate) {
      const app = Fastify()
      const sizes: number[] = []
      void app.register(kernel, { environment: 'development' })
      if (withGate) void app.register(queryCost)
      void app.register(mercurius, {
        schema: 'type Query { users(first: Int): [User] executed: [Int] } type User { id: ID }',
        resolvers: {
          Query: {
            users(_root: unknown, { first }: { first?: number }) {
              sizes.push(first ?? 0)
              return []
            },
            executed: () => sizes.filter((size) => size > 1_000),
          },
        },
        allowBatchedQueries: true,
      })
      return app
    },
    honest: operation('{ users(first: 5) { id } }'),
    async assert(app) {
      for (const request of unusualRequests(cheap, dear)) await app.inject(request)
      const answer = await app.inject(operation('{ executed }'))
      expect(answer.json<{ data: unknown }>().data).toEqual({ executed: [] })
    },
  })

  acceptRefusalToBoot(
    'a door that no gate can see does not open in production',
    (withGate) => {
      const app = Fastify()
      void app.register(kernel, { environment: 'production' })
      if (withGate) void app.register(queryCost)
      void app.register(mercurius, { schema })
      app.server.on('upgrade', () => undefined)
      return app
    },
    'app.server',
    'WebSocket',
  )

  acceptRefusalToBoot(
    'a gate that would guard nothing does not boot',
    (withGate) => {
      const app = Fastify()
      if (withGate) void app.register(queryCost)
      app.post('/graphql', async () => 'unmarked')
      return app
    },
    'queryCost',
    'no GraphQL route',
  )
})

/** A GraphQL route as somebody writes it who uses graphql-js alone. */
function execute(built: GraphQLSchema) {
  return async ({ body }: { body: unknown }): Promise<unknown> =>
    graphql({ schema: built, source: (body as { query: string }).query })
}

function reportsConfig(built: GraphQLSchema) {
  return { graphql: { schema: built }, queryCost: { maxCost: 10_000 } }
}
