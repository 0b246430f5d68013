import depthLimit from '@portcullis/depth-limit'
import graphqlGate from '@portcullis/graphql-gate'
import queryCost from '@portcullis/query-cost'
import userRateLimit from '@portcullis/user-rate-limit'
import Fastify from 'fastify'
import type { FastifyInstance, InjectOptions, LightMyRequestResponse } from 'fastify'
import { parse } from 'graphql'
import mercurius from 'mercurius'
import type { MercuriusOptions } from 'mercurius'
import { afterEach, describe, expect, it } from 'vitest'
import { codeOf } from '../doors/servers.ts'

const schema = `
  type Query { node: Node users(first: Int): [Node] }
  type Node { id: ID node: Node }
  type Mutation { touch: Boolean }
`
const apps: FastifyInstance[] = []

afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()))
})

interface Counted {
  readonly app: FastifyInstance
  readonly calls: { touch: number; users: number; node: number }
}

function build(options: object, register: (app: FastifyInstance) => void): Counted {
  const app = Fastify()
  apps.push(app)
  const calls = { touch: 0, users: 0, node: 0 }
  const count = (name: keyof typeof calls, answer: unknown) => (): unknown => {
    calls[name] += 1
    return answer
  }
  register(app)
  const resolvers = {
    Query: { node: count('node', {}), users: count('users', []) },
    Node: { node: () => ({}), id: () => '1' },
    Mutation: { touch: count('touch', true) },
  }
  void app.register(mercurius, {
    schema,
    allowBatchedQueries: true,
    resolvers,
    ...options,
  } as MercuriusOptions)
  return { app, calls }
}

function post(
  app: FastifyInstance,
  payload: unknown,
  more: InjectOptions = {},
): Promise<LightMyRequestResponse> {
  return app.inject({ method: 'POST', url: '/graphql', payload: payload as object, ...more })
}

const deep = (levels: number): string => `{ ${'node { '.repeat(levels)}id${' }'.repeat(levels)} }`
const mutations = { quota: 2, window: '1m', partitionKey: 'address', when: 'mutation' } as const

describe('compiled documents (jit)', () => {
  it('run the operation that was judged, not the one they were compiled for', async () => {
    const { app, calls } = build(
      { jit: 1 },
      (one) => void one.register(userRateLimit, { policies: { mutations } }),
    )
    const query = 'query Q { __typename } mutation M { touch }'
    const send = async (operationName: string): Promise<number> =>
      (await post(app, { query, operationName })).statusCode
    expect([await send('M'), await send('M'), await send('M')]).toEqual([200, 200, 429])
    for (let round = 0; round < 4; round++) {
      expect((await post(app, { query, operationName: 'Q' })).json()).toEqual({
        data: { __typename: 'Query' },
      })
      const overGet = await app.inject(`/graphql?operationName=Q&query=${encodeURIComponent(query)}`)
      expect(overGet.json()).toEqual({ data: { __typename: 'Query' } })
    }
    expect(calls.touch).toBe(2)
  })

  it('run at the price that was charged', async () => {
    const points = { quota: 700, window: '1m', partitionKey: 'address', cost: 'queryCost' } as const
    const { app, calls } = build({ jit: 1 }, (one) => {
      void one.register(userRateLimit, { policies: { points } })
      void one.register(queryCost)
    })
    const query = 'query Cheap { __typename } query Dear { users(first: 300) { id } }'
    for (const operationName of ['Dear', 'Dear', 'Cheap', 'Cheap', 'Cheap', 'Dear'])
      await post(app, { query, operationName })
    // Settled to what its few users really cost, the third fits as well; the cheap one never runs as the dear one.
    expect(calls.users).toBe(3)
    const poor = build({ jit: 1 }, (one) => {
      void one.register(userRateLimit, { policies: { points: { ...points, quota: 100 } } })
      void one.register(queryCost)
    })
    for (const operationName of ['Cheap', 'Dear', 'Cheap', 'Cheap', 'Dear'])
      await post(poor.app, { query, operationName })
    expect(poor.calls.users).toBe(0)
  })

  it('judge conditions anew on every request', async () => {
    const { app } = build({ jit: 1 }, (one) => void one.register(depthLimit, { maxDepth: 2 }))
    const query = `query ($x: Boolean!) { node { id ... @include(if: $x) ${deep(5)} } }`
    for (const x of [false, false, true, false, true]) {
      expect(
        (await post(app, { query: query.replace('{ node { node', '{ node { node'), variables: { x } }))
          .statusCode,
      ).toBe(x ? 400 : 200)
    }
  })
})

describe('documents that are no text', () => {
  it.each([
    '1',
    'null',
    'true',
    '"x"',
    '[]',
    '{}',
    '[1]',
    '1e309',
    ' {"kind":"Document","definitions":[]}',
    '\uFEFF{}',
  ])('are refused with a 400 on every door (%j)', async (query) => {
    for (const errorHandler of [undefined, false]) {
      const { app } = build({ errorHandler }, (one) => void one.register(depthLimit))
      const answers = [
        await post(app, { query }),
        await post(app, [{ query }]),
        await app.inject(`/graphql?query=${encodeURIComponent(query)}`),
        await post(app, query, { headers: { 'content-type': 'application/graphql' } }),
      ]
      for (const answer of answers) {
        expect([answer.statusCode, codeOf(answer.body)], answer.body).toEqual([
          400,
          expect.stringMatching(/AST_NOT_ALLOWED|GRAPHQL_PARSE_FAILED/),
        ])
      }
    }
  })

  it.each([true, false])(
    'are refused beside the hash of another one, and whatever source they claim (batch: %s)',
    async (batch) => {
      const stored: Record<string, string> = { ok: '{ __typename }' }
      const { app, calls } = build({ persistedQueries: stored }, (one) => {
        void one.register(graphqlGate, { persistedQuery: (id) => stored[id] })
        void one.register(depthLimit, { maxDepth: 3 })
      })
      const tree = { ...parse(deep(20), { noLocation: true }), loc: { source: { body: '{ __typename }' } } }
      const entry = { query: JSON.stringify(tree), extensions: { persistedQuery: { sha256Hash: 'ok' } } }
      const answer = await post(app, batch ? [entry] : entry)
      expect([answer.statusCode, codeOf(answer.body)]).toEqual([400, 'AST_NOT_ALLOWED'])
      const claimed = await post(app, {
        query: deep(20),
        extensions: { persistedQuery: { sha256Hash: 'ok' } },
      })
      expect(claimed.statusCode).toBe(400)
      expect(calls.node).toBe(0)
    },
  )

  it('are refused in reply.graphql() too', async () => {
    const { app, calls } = build({}, (one) => void one.register(depthLimit, { maxDepth: 3 }))
    const tree = { ...parse(deep(20), { noLocation: true }), loc: { source: { body: '{ __typename }' } } }
    app.get('/rest', async (_request, reply) => reply.graphql(JSON.stringify(tree)))
    const answer = await app.inject('/rest')
    expect([answer.statusCode, codeOf(answer.body), calls.node]).toEqual([400, 'AST_NOT_ALLOWED', 0])
  })
})

describe('a door whose request schema the app replaced', () => {
  it('is found all the same', async () => {
    const additionalRouteOptions = { schema: { hide: true } }
    const { app } = build({ additionalRouteOptions, graphiql: true }, (one) => {
      void one.register(depthLimit, { maxDepth: 3, maxBatch: 2, maxTokens: 50 })
    })
    app.post('/rest', async () => 'ok')
    await app.ready()
    expect(
      app.graphqlGate
        .doors()
        .map(({ method, url }) => `${method} ${url}`)
        .toSorted(),
    ).toEqual(['GET /graphql', 'HEAD /graphql', 'POST /graphql'])
    expect(codeOf((await post(app, { query: '1' })).body)).toBe('AST_NOT_ALLOWED')
    expect(
      codeOf(
        (
          await post(
            app,
            Array.from({ length: 3 }, () => ({ query: '{ __typename }' })),
          )
        ).body,
      ),
    ).toBe('MAX_BATCH_EXCEEDED')
    expect(codeOf((await post(app, { query: `{ ${'node '.repeat(60)} }` })).body)).toBe('MAX_TOKENS_EXCEEDED')
    expect((await post(app, 'text', { url: '/rest', headers: { 'content-type': 'text/plain' } })).body).toBe(
      'ok',
    )
  })
})

describe('methods that browsers send across sites', () => {
  it.each(['GET', 'HEAD'] as const)('run no mutation over %s, stored or not', async (method) => {
    const { app, calls } = build(
      { persistedQueries: { m: 'mutation { touch }' } },
      (one) => void one.register(depthLimit),
    )
    for (const query of ['query=m&persisted=true', `query=${encodeURIComponent('mutation { touch }')}`]) {
      expect((await app.inject({ method, url: `/graphql?${query}` })).statusCode).toBe(405)
    }
    expect(calls.touch).toBe(0)
  })
})

describe('charges', () => {
  it('stay for what was let through, whatever is refused afterwards in the same request', async () => {
    const { app, calls } = build({}, (one) => {
      void one.register(userRateLimit, {
        policies: {
          mutations: { ...mutations, quota: 3 },
          address: { quota: 5, window: '1m', partitionKey: 'address' },
        },
      })
    })
    app.post('/rest', async (_request, reply) => {
      const answers: unknown[] = []
      for (let index = 0; index < 4; index++)
        answers.push(await reply.graphql('mutation { touch }').catch((error: Error) => error.message))
      return answers
    })
    for (let round = 0; round < 10; round++) await post(app, {}, { url: '/rest' })
    expect(calls.touch).toBe(3)
    expect((await post(app, {}, { url: '/rest' })).statusCode).toBe(429)
  })

  it('are made once for a request with empty variables in its URL', async () => {
    const policies = { address: { quota: 10, window: '1m', partitionKey: 'address', when: 'query' } } as const
    const { app } = build({}, (one) => void one.register(userRateLimit, { policies }))
    const answer = await app.inject(`/graphql?variables=&query=${encodeURIComponent('{ __typename }')}`)
    expect(answer.headers['ratelimit']).toContain('r=9')
  })
})

describe('hostile variables', () => {
  it('nested without end are refused in a URL, and harmless in a body', async () => {
    const { app } = build({}, (one) => {
      void one.register(queryCost)
      void one.register(depthLimit)
    })
    const nested = `{"x":${'['.repeat(5000)}${']'.repeat(5000)}}`
    const query = encodeURIComponent('{ __typename }')
    const overGet = await app.inject(`/graphql?query=${query}&variables=${encodeURIComponent(nested)}`)
    expect([overGet.statusCode, codeOf(overGet.body)]).toEqual([400, 'MALFORMED_GRAPHQL_REQUEST'])
    const body = `[{"query":"{ __typename }","variables":${nested}},{"query":"{ __typename }","variables":${nested}}]`
    const answer = await post(app, body, { headers: { 'content-type': 'application/json' } })
    expect(answer.json()).toMatchObject([
      { data: { __typename: 'Query' } },
      { data: { __typename: 'Query' } },
    ])
  })

  it('with names that every object has are names like any other', async () => {
    const { app } = build({}, (one) => {
      void one.register(queryCost, { maxCost: 50 })
      void one.register(depthLimit)
    })
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      const query = `query ${name}($${name}: Int) { ${name}: users(first: $${name}) { id } }`
      const body = `{"query":${JSON.stringify(query)},"operationName":"${name}","variables":{"${name}":1000000}}`
      const answer = await post(app, body, { headers: { 'content-type': 'application/json' } })
      expect(answer.statusCode, answer.body).toBe(400)
    }
  })
})
