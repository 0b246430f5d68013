import { createHash } from 'node:crypto'
import { ApolloServer, HeaderMap } from '@apollo/server'
import type { ApolloServerOptions, BaseContext } from '@apollo/server'
import fastifyApollo, { fastifyApolloHandler } from '@as-integrations/fastify'
import { kernel } from '@portcullis/kernel'
import Fastify from 'fastify'
import type { FastifyInstance, InjectOptions } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { apolloGate } from '../../src/servers/apollo.ts'
import { addGate, appWith, schemaOf } from './parts.ts'
import type { Judged } from './parts.ts'

const apps: FastifyInstance[] = []
const servers: ApolloServer[] = []

afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()))
  await Promise.all(servers.splice(0).map((server) => server.stop()))
})

async function start(options: ApolloServerOptions<BaseContext>): Promise<ApolloServer> {
  const server = new ApolloServer({ allowBatchedHttpRequests: true, ...options })
  await server.start()
  servers.push(server)
  return server
}

async function mount(app: FastifyInstance, server: ApolloServer, path?: string): Promise<void> {
  apps.push(app)
  await app.register(fastifyApollo(server), path === undefined ? {} : { path })
}

interface Built {
  readonly app: FastifyInstance
  readonly server: ApolloServer
  readonly judged: Judged
  readonly called: string[]
}

async function build(options: Partial<ApolloServerOptions<BaseContext>> = {}): Promise<Built> {
  const judged: Judged = []
  const called: string[] = []
  const app = appWith(judged)
  const server = await start({
    schema: schemaOf(called),
    ...options,
    plugins: [apolloGate(app)],
  } as ApolloServerOptions<BaseContext>)
  await mount(app, server)
  return { app, server, judged, called }
}

const post = (payload: object, headers: Record<string, string> = {}): InjectOptions => ({
  method: 'POST',
  url: '/graphql',
  headers: { host: 'me', ...headers },
  payload,
})

const hashed = (text: string): object => {
  const sha256Hash = createHash('sha256').update(text).digest('hex')
  return { extensions: { persistedQuery: { version: 1, sha256Hash } } }
}

describe('operations in requests of the app', () => {
  it('are judged once each, and their fields know for whom they are', async () => {
    const { app, judged } = await build()
    const query = '{ b: a ...f } fragment f on Query { a }'
    for (let round = 0; round < 3; round++) {
      expect((await app.inject(post({ query }))).json()).toEqual({ data: { b: 'a for me', a: 'a for me' } })
    }
    await app.inject(post([{ query: '{ a }' }, { query: '{ a x: a }' }] as object))
    const search = `query=${encodeURIComponent('query ($x: Int) { a @skip(if: false) }')}&variables={"x":1}`
    const headers = { 'content-type': 'application/json' }
    await app.inject({ url: `/graphql?${search}`, headers })
    expect(judged).toEqual(['a f', 'a f', 'a f', 'a', 'a a', 'a'])
  })

  it('are refused with the status and code of the gate, in both media types', async () => {
    const { app, called } = await build()
    for (const accept of ['application/json', 'application/graphql-response+json']) {
      const answer = await app.inject(post({ query: '{ forbidden }' }, { accept }))
      expect([answer.statusCode, answer.json()]).toMatchObject([
        403,
        { errors: [{ extensions: { code: 'FORBIDDEN_FIELD' } }] },
      ])
    }
    expect(called).toEqual([])
  })

  it('are judged by their hash as well, in the status and code of the gate', async () => {
    const { app, judged, called } = await build()
    const text = 'query q { a }'
    expect((await app.inject(post(hashed(text)))).body).toContain('PERSISTED_QUERY_NOT_FOUND')
    await app.inject(post({ query: text, ...hashed(text) }))
    for (let round = 0; round < 2; round++)
      expect((await app.inject(post(hashed(text)))).json()).toEqual({ data: { a: 'a for me' } })
    expect(judged).toEqual(['a', 'a', 'a'])
    // What was refused is not remembered either.
    const forbidden = '{ forbidden }'
    const refused = await app.inject(post({ query: forbidden, ...hashed(forbidden) }))
    expect(refused.statusCode).toBe(403)
    expect((await app.inject(post(hashed(forbidden)))).body).toContain('PERSISTED_QUERY_NOT_FOUND')
    expect(called).not.toContain('forbidden')
  })

  it('a stored document that is refused gets the status and code of the gate', async () => {
    const key = `apq:${createHash('sha256').update('{ forbidden }').digest('hex')}`
    const cache = {
      get: (name: string) => Promise.resolve(name === key ? '{ forbidden }' : undefined),
      set: () => Promise.resolve(),
      delete: () => Promise.resolve(),
    }
    const { app, called } = await build({ persistedQueries: { cache } })
    const answer = await app.inject(post(hashed('{ forbidden }')))
    expect([answer.statusCode, answer.json()]).toEqual([
      403,
      { errors: [{ message: 'Not this one.', extensions: { code: 'FORBIDDEN_FIELD' } }] },
    ])
    expect(called).toEqual([])
  })

  it('keep the suggestions of the schema and their own values to themselves in production', async () => {
    const { app } = await build({ hideSchemaDetailsFromClientErrors: false })
    const answer = await app.inject(post({ query: '{ forbiden }' }))
    expect([answer.statusCode, answer.body]).toEqual([400, expect.stringContaining('Cannot query field')])
    expect(answer.body).not.toContain('Did you mean')
    const variables = { n: 'secret-4711' }
    const echoed = await app.inject(post({ query: 'query ($n: Int) { a @skip(if: $n) }', variables }))
    expect(echoed.body).not.toContain('secret-4711')
  })

  it('the page for browsers and the guard against requests across sites stay as Apollo has them', async () => {
    const { app } = await build()
    const page = await app.inject({ url: '/graphql', headers: { accept: 'text/html' } })
    expect([page.statusCode, page.headers['content-type']]).toEqual([200, 'text/html'])
    const across = await app.inject(`/graphql?query=${encodeURIComponent('{ a }')}`)
    expect([across.statusCode, across.body]).toEqual([
      400,
      expect.stringContaining('Cross-Site Request Forgery'),
    ])
  })
})

describe('operations that come by no route of the gate', () => {
  it('run nothing: another route, another app, another HTTP server', async () => {
    const { app, server, called } = await build()
    // A config that is wrong: what would refuse to boot without it is refused when it comes.
    app.post('/other', { config: { graphql: false } }, fastifyApolloHandler(server))
    const open = Fastify()
    await mount(open, server)
    expect((await app.inject({ ...post({ query: '{ a }' }), url: '/other' })).statusCode).toBe(403)
    expect((await open.inject(post({ query: '{ a }' }))).statusCode).toBe(403)
    const answer = await server.executeHTTPGraphQLRequest({
      httpGraphQLRequest: {
        method: 'POST',
        headers: new HeaderMap([['content-type', 'application/json']]),
        search: '',
        body: { query: '{ a }' },
      },
      context: () => Promise.resolve({}),
    })
    expect(answer.status).toBe(403)
    expect(called).toEqual([])
  })

  it("the app's own calls pass, with the field steps of every scope", async () => {
    const { app, server, judged } = await build()
    await app.ready()
    const { body } = await server.executeOperation({ query: '{ a }' })
    expect(body).toMatchObject({ singleResult: { data: { a: 'a for nobody' } } })
    expect(judged).toEqual([])
  })

  it('two apps that share a server have their own gates each', async () => {
    const judged: Judged[] = [[], []]
    const shared = [appWith(judged[0] ?? []), appWith(judged[1] ?? [])]
    const server = await start({ schema: schemaOf(), plugins: shared.map((app) => apolloGate(app)) })
    for (const app of shared) await mount(app, server)
    for (const app of shared)
      expect((await app.inject(post({ query: '{ a }' }))).json()).toEqual({ data: { a: 'a for me' } })
    expect(judged).toEqual([['a'], ['a']])
  })
})

describe("an app that calls another's unguarded route", () => {
  it('is refused', async () => {
    const called: string[] = []
    const inner = Fastify()
    const outer = appWith([])
    apps.push(inner, outer)
    const open: { server?: ApolloServer } = {}
    await inner.register(async (scope) => {
      addGate(scope, [])
      open.server = await start({ schema: schemaOf(called), plugins: [apolloGate(scope)] })
      await scope.register(fastifyApollo(open.server))
    })
    if (open.server !== undefined) inner.post('/open', fastifyApolloHandler(open.server) as never)
    // A door, so that a request of a guarded app is running when the other app's server is asked.
    outer.post('/api', { config: { graphql: { schema: schemaOf() } } }, async ({ body }) => {
      const answer = await inner.inject({ method: 'POST', url: '/open', payload: body as object })
      return { status: answer.statusCode }
    })
    const answer = await outer.inject({ ...post({ query: '{ a }' }), url: '/api' })
    expect(answer.json()).toEqual({ status: 403 })
    expect(called).toEqual([])
  })
})

describe('at boot', () => {
  it('the route is found by its path, in a scope with a prefix too', async () => {
    const judged: Judged = []
    const app = appWith(judged)
    apps.push(app)
    await app.register(
      async (scope) => {
        const server = await start({
          schema: schemaOf(),
          plugins: [apolloGate(scope, { path: '/api/graphql' })],
        })
        scope.route({ url: '/graphql', method: ['GET', 'POST'], handler: fastifyApolloHandler(server) })
      },
      { prefix: '/api' },
    )
    const answer = await app.inject({ ...post({ query: '{ forbidden }' }), url: '/api/graphql' })
    expect(answer.statusCode).toBe(403)
    expect(app.graphqlGate.doors()[0]).toEqual({ method: 'GET,POST', url: '/api/graphql', engine: 'apollo' })
  })

  it('a path without a route, and a server without gates, are refused', async () => {
    const app = appWith([])
    await mount(app, await start({ schema: schemaOf(), plugins: [apolloGate(app)] }), '/elsewhere')
    await expect(app.ready()).rejects.toMatchObject({ code: 'PORTCULLIS_GRAPHQL_GATE_NO_SERVER_ROUTE' })
    const open = Fastify()
    void open.register(kernel, { environment: 'production' })
    await mount(open, await start({ schema: schemaOf(), plugins: [apolloGate(open)] }))
    await expect(open.ready()).rejects.toThrow(/has no gate in its scope/)
  })

  it('a gateway runs no resolver here, so gates that work around resolvers refuse it', async () => {
    const app = appWith([])
    const gateway: NonNullable<ApolloServerOptions<BaseContext>['gateway']> = {
      onSchemaLoadOrUpdate(tell) {
        tell({ apiSchema: schemaOf(), coreSupergraphSdl: 'type Query { a: String }' })
        return () => undefined
      },
      load: () => Promise.resolve({ executor: () => Promise.resolve({ data: { a: 'unmasked' } }) }),
      stop: () => Promise.resolve(),
    }
    await mount(app, await start({ gateway, plugins: [apolloGate(app)] }))
    await expect(app.ready()).rejects.toThrow(/tester .* works around resolvers/)
  })

  it('a marked route that Apollo Server answers without the plugin is refused', async () => {
    const app = Fastify()
    apps.push(app)
    void app.register(kernel, { environment: 'production' })
    addGate(app, [])
    const schema = schemaOf()
    const handler = fastifyApolloHandler(await start({ schema }))
    app.route({ url: '/graphql', method: ['GET', 'POST'], config: { graphql: { schema } }, handler })
    await expect(app.ready()).rejects.toThrow(/\/graphql is answered by GraphQL Yoga or Apollo Server/)
  })

  it('wrong options are refused at once', () => {
    const app = Fastify()
    apps.push(app)
    addGate(app, [])
    for (const options of [{ path: '' }, { path: 5 }, { paths: '/graphql' }])
      expect(() => apolloGate(app, options as never)).toThrow(/apolloGate/)
  })
})
