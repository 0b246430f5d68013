import depthLimit from '@portcullis/depth-limit'
import { describe, expect, it } from 'vitest'
import { codeOf, countingResolvers, requestThrough, SERVERS } from './servers.ts'

const schema = `
  type Query { node: Node }
  type Node { id: ID, node: Node, name(of: String): String }
  type Mutation { touch: Boolean }
`
const deep = `query Deep { ${'node { '.repeat(8)}id${' }'.repeat(8)} }`
const shallow = 'query Shallow { node { node { id } } }'

describe.each(SERVERS)('$name', (server) => {
  describe.each(server.doors)('through %s', (door) => {
    it('refuses the deep operation before anything runs, first and cached, and lets the honest one pass', async () => {
      const { resolvers, calls } = countingResolvers(['node'])
      const app = server.build({
        schema,
        resolvers,
        stored: { deep, shallow },
        register: (instance) => void instance.register(depthLimit, { maxDepth: 5 }),
      })
      for (let round = 0; round < 3; round++) {
        const refused = await app.inject(requestThrough(door, { query: deep }, 'deep'))
        expect(codeOf(refused.body), refused.body).toBe('MAX_DEPTH_EXCEEDED')
        expect(refused.statusCode).toBe(400)
        expect(refused.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
        expect(calls()).toBe(round)

        const honest = await app.inject(requestThrough(door, { query: shallow }, 'shallow'))
        expect(codeOf(honest.body), honest.body).toBeUndefined()
        expect(honest.statusCode).toBe(200)
        expect(calls()).toBe(round + 1)
      }
      await app.close()
    })
  })

  it('lets a bomb of fragments pass that comes to one field, and none that comes to millions', async () => {
    const app = server.build({ schema, register: (instance) => void instance.register(depthLimit) })
    const bomb = (body: (next: string) => string): string => {
      const fragments = Array.from(
        { length: 24 },
        (_, i) => `fragment F${i} on Node { ${body(`...F${i + 1}`)} }`,
      )
      return `{ node { ...F0 } } ${fragments.join(' ')} fragment F24 on Node { id }`
    }
    const flat = await app.inject(requestThrough('post', { query: bomb((next) => `${next} ${next}`) }))
    expect([flat.statusCode, codeOf(flat.body)], flat.body).toEqual([200, undefined])
    const fields = bomb((next) => `node { ${next} } n: node { ${next} }`)
    const refused = await app.inject(requestThrough('post', { query: fields }))
    expect(refused.statusCode).toBe(400)
    expect(codeOf(refused.body)).toMatch(/^MAX_/)
    await app.close()
  })

  it('judges the operation that is named, not its neighbours', async () => {
    const app = server.build({
      schema,
      register: (instance) => void instance.register(depthLimit, { maxDepth: 5 }),
    })
    const query = `${deep} ${shallow}`
    const cheap = await app.inject(requestThrough('post', { query, operationName: 'Shallow' }))
    expect(cheap.statusCode, cheap.body).toBe(200)
    const dear = await app.inject(requestThrough('post', { query, operationName: 'Deep' }))
    expect(codeOf(dear.body)).toBe('MAX_DEPTH_EXCEEDED')
    const unknown = await app.inject(requestThrough('post', { query, operationName: 'Other' }))
    expect(codeOf(unknown.body)).toBe('UNKNOWN_OPERATION')
    const none = await app.inject(requestThrough('get', { query }))
    expect([none.statusCode, codeOf(none.body)]).toEqual([400, 'UNKNOWN_OPERATION'])
    await app.close()
  })

  it('refuses a batch as a whole: one error for each entry, none runs', async () => {
    const { resolvers, calls } = countingResolvers(['node'])
    const app = server.build({
      schema,
      resolvers,
      register: (instance) => void instance.register(depthLimit, { maxDepth: 5 }),
    })
    const payload = [{ query: shallow }, { query: deep }, { query: shallow }]
    const refused = await app.inject({ method: 'POST', url: '/graphql', payload })
    expect(refused.statusCode).toBe(400)
    expect(refused.json()).toHaveLength(3)
    expect(calls()).toBe(0)
    await app.close()
  })

  it('takes its limits from the route', async () => {
    const app = server.build({
      schema,
      config: { depthLimit: { maxDepth: 20 } },
      register: (instance) => void instance.register(depthLimit, { maxDepth: 5 }),
    })
    expect((await app.inject(requestThrough('post', { query: deep }))).statusCode).toBe(200)
    await app.close()
    const off = server.build({
      schema,
      config: { depthLimit: false },
      register: (instance) => void instance.register(depthLimit, { maxDepth: 1 }),
    })
    expect((await off.inject(requestThrough('post', { query: deep }))).statusCode).toBe(200)
    await off.close()
  })

  it('reports and lets pass in measure mode', async () => {
    const seen: unknown[] = []
    const app = server.build({
      schema,
      register(instance) {
        void instance.register(depthLimit, { maxDepth: 5, mode: 'measure', maxTokens: 3 })
        void instance.after(() => {
          instance.securityEvents.subscribe((event) => void seen.push([event.details, event.outcome]))
        })
      },
    })
    const answer = await app.inject(requestThrough('post', { query: deep }))
    expect(answer.statusCode).toBe(200)
    expect(seen).toContainEqual([{ code: 'MAX_DEPTH_EXCEEDED', limit: 5, actual: 9 }, 'measured'])
    expect(seen).toContainEqual([
      { code: 'MAX_TOKENS_EXCEEDED', limit: 3, actual: expect.any(Number) },
      'measured',
    ])
    await app.close()
  })

  it.each([
    ['a number as query', { query: 5 }],
    ['no query', {}],
    ['variables as an array', { query: '{ __typename }', variables: [] }],
    ['a name that is no string', { query: '{ __typename }', operationName: {} }],
    ['null', null],
    ['an empty batch', []],
    ['a batch of numbers', [1, 2]],
    ['a tree instead of text', { query: JSON.stringify({ kind: 'Document', definitions: [] }) }],
    ['a syntax error', { query: '{ "my-secret"' }],
  ])('answers %s with a GraphQL error and a 4xx that echoes nothing', async (_name, payload) => {
    const app = server.build({ schema, register: (instance) => void instance.register(depthLimit) })
    const answer = await app.inject({
      method: 'POST',
      url: '/graphql',
      headers: { 'content-type': 'application/json' },
      payload: JSON.stringify(payload),
    })
    expect([400, 413], answer.body).toContain(answer.statusCode)
    expect(answer.json<{ errors: unknown[] }>().errors[0]).toMatchObject({ message: expect.any(String) })
    expect(answer.body).not.toContain('my-secret')
    await app.close()
  })

  it.each([
    ['no JSON', 'application/json', '{"query":', 400],
    ['a prototype', 'application/json', '{"__proto__":{"x":1}}', 400],
    [
      'a body longer than Fastify reads',
      'application/json',
      JSON.stringify({ x: 'x'.repeat(1_100_000) }),
      413,
    ],
    ['a type that nobody reads', 'application/x-secret', 'x', 415],
  ])('answers %s with a GraphQL error', async (_name, type, payload, status) => {
    const app = server.build({ schema, register: (instance) => void instance.register(depthLimit) })
    const headers = { 'content-type': type }
    const answer = await app.inject({ method: 'POST', url: '/graphql', headers, payload })
    expect(answer.statusCode, answer.body).toBe(status)
    expect(answer.json<{ errors: unknown[] }>().errors[0]).toMatchObject({ message: expect.any(String) })
    expect(codeOf(answer.body)).toBe(status === 413 ? 'MAX_BYTES_EXCEEDED' : 'MALFORMED_GRAPHQL_REQUEST')
    expect(answer.body).not.toContain('secret')
    await app.close()
  })

  it('bounds bytes, tokens, nesting and batches before it parses', async () => {
    const app = server.build({ schema, register: (instance) => void instance.register(depthLimit) })
    const send = async (payload: unknown): Promise<[number, string | undefined]> => {
      const answer = await app.inject({ method: 'POST', url: '/graphql', payload: payload as object })
      return [answer.statusCode, codeOf(answer.body)]
    }
    expect(await send({ query: `{ ${'a '.repeat(60_000)} }` })).toEqual([413, 'MAX_BYTES_EXCEEDED'])
    expect(await send({ query: `{ ${'a '.repeat(3_000)} }` })).toEqual([400, 'MAX_TOKENS_EXCEEDED'])
    expect(await send({ query: '{a'.repeat(300) })).toEqual([400, 'MAX_NESTING_EXCEEDED'])
    expect(await send(Array.from({ length: 500 }, () => ({ query: '{ __typename }' })))).toEqual([
      400,
      'MAX_BATCH_EXCEEDED',
    ])
    await app.close()
  })

  it('answers what nests as deeply as the gate can be told to allow', async () => {
    const app = server.build({
      schema,
      config: { graphqlGate: { maxNesting: 1000, maxBytes: 1_000_000, maxTokens: 100_000 } },
      register: (instance) => void instance.register(depthLimit, { maxTokens: 100_000 }),
    })
    const send = async (query: string): Promise<[number, string | undefined]> => {
      const answer = await app.inject({ method: 'POST', url: '/graphql', payload: { query } })
      return [answer.statusCode, codeOf(answer.body)]
    }
    const levels = 999
    expect(await send(`{ ${'node { '.repeat(levels)}id${' }'.repeat(levels)} }`)).toEqual([
      400,
      'MAX_DEPTH_EXCEEDED',
    ])
    expect(await send('{ node '.repeat(levels))).toEqual([400, 'GRAPHQL_PARSE_FAILED'])
    expect(await send('{ node '.repeat(2 * levels))).toEqual([400, 'MAX_NESTING_EXCEEDED'])
    const literal = `{ node { name(of: ${'['.repeat(levels - 3)}${']'.repeat(levels - 3)}) } }`
    const [status, code] = await send(literal)
    expect([200, 400]).toContain(status)
    expect(code).toBe('GRAPHQL_VALIDATION_FAILED')
    await app.close()
  })

  it('refuses mutations over GET', async () => {
    const app = server.build({ schema, register: (instance) => void instance.register(depthLimit) })
    const answer = await app.inject(requestThrough('get', { query: 'mutation { touch }' }))
    expect([answer.statusCode, codeOf(answer.body), answer.headers.allow]).toEqual([
      405,
      'OPERATION_NOT_ALLOWED_OVER_GET',
      'POST',
    ])
    await app.close()
  })

  it('answers in the media type of GraphQL over HTTP that the client asks for', async () => {
    const app = server.build({
      schema,
      register: (instance) => void instance.register(depthLimit, { maxDepth: 5 }),
    })
    const plain = await app.inject(requestThrough('post', { query: deep }))
    expect(plain.headers['content-type']).toBe('application/json; charset=utf-8')
    const accept = 'application/graphql-response+json, application/json;q=0.9'
    const modern = await app.inject({ ...requestThrough('post', { query: deep }), headers: { accept } })
    expect(modern.headers['content-type']).toBe('application/graphql-response+json; charset=utf-8')
    await app.close()
  })

  it('never echoes a value that a client sent, in any answer of the engine either', async () => {
    const app = server.build({ schema, register: (instance) => void instance.register(depthLimit) })
    const secret = 'secret-4711'
    const requests = [
      { query: 'query ($s: Int!) { node { name(of: $s) } }', variables: { s: secret } },
      { query: 'query ($s: String!) { node { name(of: $s) } }', variables: { s: { secret } } },
      { query: `{ node(id: "${secret}") { id } }` },
      { query: `{ node { name(of: {x: "${secret}"}) } }` },
      { query: `{ node { id } "${secret}" }` },
    ]
    for (const request of requests) {
      const answer = await app.inject({ method: 'POST', url: '/graphql', payload: request })
      expect(answer.body).not.toContain(secret)
      expect(answer.statusCode).toBeLessThan(500)
    }
    await app.close()
  })
})
