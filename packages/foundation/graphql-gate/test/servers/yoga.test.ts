import { kernel } from '@portcullis/kernel'
import Fastify from 'fastify'
import type { FastifyInstance, InjectOptions } from 'fastify'
import type { GraphQLSchema } from 'graphql'
import { createYoga } from 'graphql-yoga'
import type { Plugin, YogaServerInstance, YogaServerOptions } from 'graphql-yoga'
import { afterEach, describe, expect, it } from 'vitest'
import { yogaGate } from '../../src/servers/yoga.ts'
import { addGate, appWith, schemaOf } from './parts.ts'
import type { Judged } from './parts.ts'

const apps: FastifyInstance[] = []

afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()))
})

type Yoga = YogaServerInstance<object, object>

function mount(app: FastifyInstance, yoga: Yoga, url = yoga.graphqlEndpoint): void {
  apps.push(app)
  app.route({
    url,
    method: ['GET', 'POST', 'OPTIONS'],
    handler: (request, reply) => yoga.handleNodeRequestAndResponse(request, reply, {}),
  })
}

interface Built {
  readonly app: FastifyInstance
  readonly yoga: Yoga
  readonly judged: Judged
  readonly called: string[]
}

function build(options: Partial<YogaServerOptions<object, object>> = {}): Built {
  const judged: Judged = []
  const called: string[] = []
  const app = appWith(judged)
  const schema = schemaOf(called)
  const yoga: Yoga = createYoga({
    schema,
    logging: false,
    batching: true,
    ...options,
    plugins: [...(options.plugins ?? []), yogaGate(app)],
  })
  mount(app, yoga)
  return { app, yoga, judged, called }
}

const post = (payload: object, headers: Record<string, string> = {}): InjectOptions => ({
  method: 'POST',
  url: '/graphql',
  headers: { host: 'me', ...headers },
  payload,
})

/** A form with an operation and a file, as the specification of GraphQL uploads has it. */
function upload(operations: unknown, map: object = {}): InjectOptions {
  const part = (name: string, value: string): string =>
    `--x\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
  const payload = `${part('operations', JSON.stringify(operations))}${part('map', JSON.stringify(map))}--x--\r\n`
  const headers = { host: 'me', 'content-type': 'multipart/form-data; boundary=x' }
  return { method: 'POST', url: '/graphql', headers, payload }
}

describe('operations in requests of the app', () => {
  it('are judged once each, and their fields know for whom they are', async () => {
    const { app, judged } = build()
    const query = '{ b: a ...f } fragment f on Query { a }'
    for (let round = 0; round < 3; round++) {
      expect((await app.inject(post({ query }))).json()).toEqual({ data: { b: 'a for me', a: 'a for me' } })
    }
    await app.inject(post([{ query: '{ a }' }, { query: '{ a x: a }' }] as object))
    await app.inject(
      `/graphql?query=${encodeURIComponent('query ($x: Int) { a @skip(if: false) }')}&variables={"x":1}`,
    )
    expect(judged).toEqual(['a ...', 'a ...', 'a ...', 'a', 'a a', 'a'].map((one) => one.replace('...', 'f')))
  })

  it('are refused with the status and code of the gate, in both media types', async () => {
    const { app, called } = build()
    for (const accept of ['application/json', 'application/graphql-response+json']) {
      const answer = await app.inject(post({ query: '{ forbidden }' }, { accept }))
      expect([answer.statusCode, answer.json()]).toMatchObject([
        403,
        { errors: [{ extensions: { code: 'FORBIDDEN_FIELD' } }] },
      ])
    }
    expect(called).toEqual([])
  })

  it('keep the suggestions of the schema to themselves in production', async () => {
    const { app } = build()
    const answer = await app.inject(post({ query: '{ forbiden }' }))
    expect([answer.statusCode, answer.body]).toEqual([200, expect.not.stringContaining('Did you mean')])
    expect(answer.body).toContain('Cannot query field')
  })

  it('are answered over HEAD without a body and never with a 500, and run nothing', async () => {
    const { app, called } = build()
    const url = (query: string): string => `/graphql?query=${encodeURIComponent(query)}`
    const head = async (path: string, headers: Record<string, string> = {}): Promise<unknown[]> => {
      const { statusCode, body, headers: told } = await app.inject({ method: 'HEAD', url: path, headers })
      return [statusCode, body, told['allow'] ?? told['content-type']]
    }
    expect(await head(url('{ a }'))).toEqual([405, '', 'GET, POST'])
    expect(await head('/graphql')).toEqual([405, '', 'GET, POST'])
    expect(await head(url('{ forbidden }'))).toEqual([403, '', expect.stringContaining('json')])
    expect(called).toEqual([])
  })

  it('hold also where the schema is made for each request', async () => {
    const called: string[] = []
    let schema: GraphQLSchema = schemaOf(called)
    const { app } = build({ schema: () => schema })
    for (let round = 0; round < 3; round++) {
      expect((await app.inject(post({ query: '{ a }' }))).json()).toEqual({ data: { a: 'a for me' } })
      schema = schemaOf(called)
    }
  })

  it('hold in what is sent later', async () => {
    const { app } = build()
    const query = '{ ... @defer { a } }'
    const answer = await app.inject(post({ query }, { accept: 'multipart/mixed' }))
    expect(answer.body).toContain('a for me')
    expect(answer.body).not.toContain('"a":"a"')
  })
})

describe('what plugins of the app make of a request', () => {
  it('is judged where they choose another operation', async () => {
    const chooses: Plugin = {
      onParams: ({ params, setParams }) => setParams({ ...params, operationName: 'B' }),
    }
    const { app, called } = build({ plugins: [chooses] })
    const query = 'query A { a } query B { forbidden }'
    const answer = await app.inject(post({ query, operationName: 'A' }))
    expect([answer.statusCode, answer.body]).toEqual([403, expect.stringContaining('FORBIDDEN_FIELD')])
    expect(called).toEqual([])
  })

  it('is bounded and judged where they read it from a place that nobody else knows', async () => {
    const reads: Plugin = {
      onRequestParse({ request, setRequestParser }) {
        const query = request.headers.get('x-query') ?? ''
        setRequestParser(() => ({ query }))
      },
    }
    const { app, judged, called } = build({ plugins: [reads] })
    const ask = async (query: string): Promise<string> =>
      (await app.inject({ url: '/graphql', headers: { host: 'me', 'x-query': query } })).body
    expect(await ask('{ a }')).toBe('{"data":{"a":"a for me"}}')
    expect(await ask('{ forbidden }')).toContain('FORBIDDEN_FIELD')
    expect(await ask(`{${'a{'.repeat(300)}`)).toContain('MAX_NESTING_EXCEEDED')
    expect([judged, called]).toEqual([['a', 'forbidden'], ['a']])
  })

  it('is judged as often as it runs', async () => {
    const twice: Plugin = {
      onParams({ paramsHandler, setParamsHandler }) {
        setParamsHandler(async (payload) => {
          await paramsHandler(payload)
          return paramsHandler(payload)
        })
      },
    }
    const { app, judged } = build({ plugins: [twice] })
    await app.inject(post({ query: '{ a }' }))
    expect(judged).toEqual(['a', 'a'])
  })
})

describe('subscriptions as server-sent events', () => {
  it('are judged before they start, and their fields know for whom they are', async () => {
    const { app, called } = build()
    const headers = { accept: 'text/event-stream' }
    const answer = await app.inject(post({ query: 'subscription { a }' }, headers))
    expect(answer.body).toContain('{"data":{"a":"a for me"}}')
    called.length = 0
    const refused = await app.inject(post({ query: 'subscription { forbidden }' }, headers))
    expect([refused.statusCode, refused.body]).toEqual([403, expect.stringContaining('FORBIDDEN_FIELD')])
    expect(called).toEqual([])
  })
})

describe('uploads', () => {
  it('are no JSON and refused where the app has no parser for them', async () => {
    const { app, called } = build()
    expect((await app.inject(upload({ query: '{ a }' }))).statusCode).toBe(415)
    expect(called).toEqual([])
  })

  function withUploads(): Built {
    const built = build()
    built.app.addContentTypeParser('multipart/form-data', (_request, _payload, done) => done(null))
    return built
  }

  it('are judged when Yoga has read them, once', async () => {
    const { app, judged } = withUploads()
    expect((await app.inject(upload({ query: '{ a }' }))).json()).toEqual({ data: { a: 'a for me' } })
    expect(judged).toEqual(['a'])
  })

  it.each([
    ['one operation', { query: '{ forbidden }' }, [403, 'FORBIDDEN_FIELD']],
    ['a mutation', { query: 'mutation { forbidden }' }, [403, 'FORBIDDEN_FIELD']],
    ['the last of a batch', [{ query: '{ a }' }, { query: '{ forbidden }' }], [403, 'FORBIDDEN_FIELD']],
    [
      'the second operation',
      { query: 'query A { a } query B { forbidden }', operationName: 'B' },
      [403, 'FORBIDDEN_FIELD'],
    ],
    [
      'an unknown operation',
      { query: 'query A { a } query B { forbidden }', operationName: 'C' },
      [400, 'UNKNOWN_OPERATION'],
    ],
    [
      'a batch without end',
      Array.from({ length: 50 }, () => ({ query: '{ a }' })),
      [400, 'MAX_BATCH_EXCEEDED'],
    ],
    ['a long document', { query: `{ ${'a '.repeat(60_000)} }` }, [413, 'MAX_BYTES_EXCEEDED']],
    ['a deep document', { query: '{a'.repeat(300) }, [400, 'MAX_NESTING_EXCEEDED']],
    ['a tree', { query: '{"kind":"Document"}' }, [400, 'AST_NOT_ALLOWED']],
    ['a syntax error', { query: '{ a "secret-4711" }' }, [400, 'GRAPHQL_PARSE_FAILED']],
  ])('with %s run nothing', async (_name, operations, [status, code]) => {
    const { app, called } = withUploads()
    const answer = await app.inject(upload(operations))
    expect([answer.statusCode, answer.body]).toEqual([status, expect.stringContaining(String(code))])
    expect(answer.body).not.toContain('secret-4711')
    expect(called).toEqual([])
  })
})

describe('operations that come by no route of the gate', () => {
  it('run nothing: another route, another app, a socket, a call of the server itself', async () => {
    const { app, yoga, called } = build()
    app.post('/other', (request, reply) => yoga.handleNodeRequestAndResponse(request, reply, {}))
    const other = Fastify()
    mount(other, yoga)
    const query = '{ a }'
    const elsewhere = createYoga({
      schema: schemaOf(called),
      graphqlEndpoint: '/other',
      logging: false,
      plugins: [yogaGate(app)],
    })
    app.post('/third', (request, reply) => elsewhere.handleNodeRequestAndResponse(request, reply, {}))
    expect((await other.inject(post({ query }))).statusCode).toBe(403)
    expect(await (await yoga.fetch(`http://yoga/graphql?query=${query}`)).json()).toMatchObject({
      errors: [{ extensions: { code: 'UNKNOWN_ROUTE' } }],
    })
    const { schema, execute, subscribe, parse, contextFactory } = yoga.getEnveloped({})
    const contextValue: unknown = await contextFactory()
    const answers = [
      await execute({ schema, document: parse(query), contextValue }),
      await subscribe({ schema, document: parse('subscription { a }'), contextValue }),
    ]
    for (const answer of answers) expect(JSON.stringify(answer)).toContain('not taken here')
    expect(called).toEqual([])
  })

  it('two apps that share a server have their own gates each', async () => {
    const judged: Judged[] = [[], []]
    const shared = [appWith(judged[0] ?? []), appWith(judged[1] ?? [])]
    const yoga: Yoga = createYoga({
      schema: schemaOf(),
      logging: false,
      plugins: shared.map((app) => yogaGate(app)),
    })
    for (const app of shared) mount(app, yoga)
    for (const app of shared)
      expect((await app.inject(post({ query: '{ a }' }))).json()).toEqual({ data: { a: 'a for me' } })
    expect(judged).toEqual([['a'], ['a']])
  })
})

describe("an app that calls another's unguarded route", () => {
  it.each(['in the scope of the gates', 'beside it'])('%s, is refused', async (place) => {
    const called: string[] = []
    const inner = Fastify()
    const open: { yoga?: Yoga } = {}
    void inner.register((scope, _options, done) => {
      const gated = place === 'beside it' ? scope : inner
      addGate(gated, [])
      const plugins = [yogaGate(gated, { path: '/guarded' })]
      open.yoga = createYoga({ schema: schemaOf(called), graphqlEndpoint: '/:path', logging: false, plugins })
      mount(scope, open.yoga, '/guarded')
      done()
    })
    inner.post('/open', (request, reply) => open.yoga?.handleNodeRequestAndResponse(request, reply, {}))
    const outer = appWith([])
    apps.push(inner, outer)
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
  it('the route is found by the endpoint of Yoga, or by the path that is told', async () => {
    const judged: Judged = []
    const app = appWith(judged)
    const schema = schemaOf()
    mount(app, createYoga({ schema, graphqlEndpoint: '/api/gql', plugins: [yogaGate(app)] }))
    mount(
      app,
      createYoga({ schema, graphqlEndpoint: '/second', plugins: [yogaGate(app, { path: '/second/*' })] }),
      '/second/*',
    )
    await app.ready()
    const doors = app.graphqlGate.doors().map(({ url, engine }) => `${engine} ${url}`)
    expect([...new Set(doors)]).toEqual(['yoga /api/gql', 'yoga /second/*'])
  })

  it('a path without a route, and a server without gates, are refused', async () => {
    const app = appWith([])
    mount(app, createYoga({ schema: schemaOf(), plugins: [yogaGate(app)] }), '/elsewhere')
    await expect(app.ready()).rejects.toMatchObject({ code: 'PORTCULLIS_GRAPHQL_GATE_NO_SERVER_ROUTE' })
    const open = Fastify()
    void open.register(kernel, { environment: 'production' })
    mount(open, createYoga({ schema: schemaOf(), plugins: [yogaGate(open)] }))
    await expect(open.ready()).rejects.toThrow(/has no gate in its scope/)
    const scoped = Fastify()
    void scoped.register(kernel, { environment: 'production' })
    void scoped.register((scope, _options, done) => {
      addGate(scope, [])
      done()
    })
    mount(scoped, createYoga({ schema: schemaOf(), plugins: [yogaGate(scoped)] }))
    await expect(scoped.ready()).rejects.toMatchObject({ code: 'PORTCULLIS_GRAPHQL_GATE_NO_DOOR' })
  })

  it('a socket beside the server has to say that it takes no GraphQL', async () => {
    for (const [config, verdict] of [
      [{}, /GET \/ws takes WebSocket connections/],
      [{ graphql: { schema: schemaOf() } }, /GET \/ws takes GraphQL over WebSocket, but not from/],
      [{ graphql: true }, /GET \/ws is marked, but nobody told its schema/],
      [{ graphql: false }, undefined],
    ] as const) {
      const { app } = build()
      const socket = { websocket: true, config }
      app.get('/ws', socket, () => 'a socket')
      if (verdict === undefined) await app.ready()
      else await expect(app.ready()).rejects.toThrow(verdict)
    }
  })

  it('a marked route that Yoga answers without the plugin is refused', async () => {
    const app = Fastify()
    apps.push(app)
    void app.register(kernel, { environment: 'production' })
    addGate(app, [])
    const schema = schemaOf()
    const yoga: Yoga = createYoga({ schema, logging: false })
    app.post('/graphql', { config: { graphql: { schema } } }, (request, reply) =>
      yoga.handleNodeRequestAndResponse(request, reply, {}),
    )
    await expect(app.ready()).rejects.toThrow(/POST \/graphql is answered by GraphQL Yoga or Apollo Server/)
  })

  it('wrong options are refused at once', () => {
    const app = Fastify()
    apps.push(app)
    for (const options of [{ path: '' }, { path: 5 }, { paths: '/graphql' }])
      expect(() => yogaGate(app, options as never)).toThrow(/yogaGate/)
  })
})
