import { createHash } from 'node:crypto'
import { kernel } from '@portcullis/kernel'
import type { Refusal } from '@portcullis/kernel'
import { codedError } from '@portcullis/kernel'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import mercurius from 'mercurius'
import type { MercuriusOptions } from 'mercurius'
import { describe, expect, it } from 'vitest'
import { addCheck, graphqlGate, useGraphqlGate } from '../../src/index.ts'
import type { GraphqlGateOptions, OperationBatch } from '../../src/index.ts'

const Dear = codedError('DEAR', 'Too dear.', 429)
const schema = 'type Query { a(n: Int): Int dear: Int } type Mutation { touch: Int }'

interface Judgement {
  readonly names: readonly (string | undefined)[]
  readonly variables: readonly unknown[]
  readonly earlier: number
}

/** A server whose one check refuses operations that name `dear`, and remembers what it was asked. */
async function build(
  options: MercuriusOptions,
  gate: GraphqlGateOptions = {},
): Promise<{ app: FastifyInstance; judged: Judgement[] }> {
  const app = Fastify()
  const judged: Judgement[] = []
  await app.register(kernel, { environment: 'production' })
  await app.register(graphqlGate, gate)
  useGraphqlGate(app, 'sample')
  addCheck(app, {
    name: 'sample',
    phase: 'price',
    run({ operations, earlier }: OperationBatch): Refusal | undefined {
      judged.push({
        names: operations.map((operation) => operation.operationName),
        variables: operations.map((operation) => operation.variables),
        earlier: earlier.length,
      })
      const dear = operations.some(({ candidates }) => JSON.stringify(candidates).includes('"dear"'))
      const event = { type: 'query.cost_exceeded', severity: 'WARNING', details: { code: 'DEAR' } } as const
      return dear ? { gate: 'sample', error: new Dear(), headers: { 'retry-after': '7' }, event } : undefined
    },
  })
  await app.register(mercurius, {
    schema,
    resolvers: { Query: { a: () => 1, dear: () => 2 } },
    ...options,
  } as MercuriusOptions)
  return { app, judged }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

describe('the hook of an engine', () => {
  it('judges a stored document on every request, first and cached, with the variables of each', async () => {
    const stored = { cheap: 'query ($n: Int) { a(n: $n) }', dear: '{ dear }' }
    const { app, judged } = await build({ persistedQueries: stored, onlyPersisted: true })
    for (let n = 0; n < 3; n++) {
      const answer = await app.inject({
        method: 'POST',
        url: '/graphql',
        payload: { query: 'cheap', persisted: true, variables: { n } },
      })
      expect(answer.json(), answer.body).toEqual({ data: { a: 1 } })
    }
    expect(judged.map(({ variables }) => variables)).toEqual([[{ n: 0 }], [{ n: 1 }], [{ n: 2 }]])
    const refused = await app.inject({
      method: 'POST',
      url: '/graphql',
      payload: { query: 'dear', persisted: true },
    })
    expect([refused.statusCode, refused.headers['retry-after'], refused.json()]).toEqual([
      429,
      '7',
      { data: null, errors: [{ message: 'Too dear.', extensions: { code: 'DEAR' } }] },
    ])
    await app.close()
  })

  it('judges an automatic persisted query, by hash and by text, once each', async () => {
    const provider = mercurius.persistedQueryDefaults.automatic()
    const { app, judged } = await build({ persistedQueryProvider: provider })
    const query = '{ dear }'
    const extensions = { persistedQuery: { version: 1, sha256Hash: sha256(query) } }
    const cheap = '{ a }'
    const cheapExtensions = { persistedQuery: { version: 1, sha256Hash: sha256(cheap) } }
    const send = (payload: object): Promise<number> =>
      app.inject({ method: 'POST', url: '/graphql', payload }).then((answer) => answer.statusCode)
    expect(await send({ query, extensions })).toBe(429)
    expect(await send({ query: cheap, extensions: cheapExtensions })).toBe(200)
    expect(await send({ extensions: cheapExtensions })).toBe(200)
    expect(judged).toHaveLength(3)
    await app.close()
  })

  it('does not judge twice what was judged when the request arrived', async () => {
    const { app, judged } = await build({ allowBatchedQueries: true })
    const operation = { query: 'query ($n: Int) { a(n: $n) }', variables: { n: 1 } }
    await app.inject({ method: 'POST', url: '/graphql', payload: operation })
    await app.inject({ method: 'POST', url: '/graphql', payload: [operation, operation, { query: '{ a }' }] })
    await app.inject({
      url: `/graphql?query=${encodeURIComponent(operation.query)}&variables=${encodeURIComponent('{"n":1}')}`,
    })
    expect(judged.map(({ names }) => names.length)).toEqual([1, 3, 1])
    await app.close()
  })

  it('judges reply.graphql() in any route, each call anew', async () => {
    const { app, judged } = await build({})
    app.get('/rest', async (_request, reply) => reply.graphql('{ a }'))
    app.get('/dear', async (_request, reply) => reply.graphql('{ dear }'))
    app.get('/twice', async (_request, reply) => [await reply.graphql('{ a }'), await reply.graphql('{ a }')])
    expect((await app.inject('/rest')).json()).toEqual({ data: { a: 1 } })
    expect((await app.inject('/dear')).statusCode).toBe(429)
    await app.inject('/twice')
    expect(judged.map(({ earlier }) => earlier)).toEqual([0, 0, 0, 1])
    await app.close()
  })

  it('leaves calls of app.graphql() alone: they are the app’s own', async () => {
    const { app, judged } = await build({})
    await app.ready()
    expect(await app.graphql('{ dear }')).toEqual({ data: { dear: 2 } })
    expect(judged).toEqual([])
    await app.close()
  })

  it('refuses a batch with an entry that cannot be read, unless the text of stored documents is told', async () => {
    const stored: Record<string, string> = { cheap: '{ a }', dear: '{ dear }' }
    const options = { persistedQueries: stored, allowBatchedQueries: true }
    const cheap = { query: 'cheap', persisted: true }
    const blind = await build(options)
    const refused = await blind.app.inject({ method: 'POST', url: '/graphql', payload: [cheap, cheap] })
    expect([refused.statusCode, refused.json<unknown[]>().length]).toEqual([400, 2])
    expect(refused.body).toContain('UNKNOWN_DOCUMENT')
    await blind.app.close()

    const told = await build(options, { persistedQuery: (id) => stored[id] })
    const passed = await told.app.inject({ method: 'POST', url: '/graphql', payload: [cheap, cheap] })
    expect([passed.statusCode, passed.json()]).toEqual([200, [{ data: { a: 1 } }, { data: { a: 1 } }]])
    expect(told.judged.map(({ names }) => names.length)).toEqual([2])
    const dear = await told.app.inject({
      method: 'POST',
      url: '/graphql',
      payload: [cheap, { query: 'dear', persisted: true }],
    })
    expect(dear.statusCode).toBe(429)
    await told.app.close()
  })

  it('answers with status 200 where legacyStatus asks for it', async () => {
    const { app } = await build({}, { legacyStatus: true })
    const refused = await app.inject({ method: 'POST', url: '/graphql', payload: { query: '{ dear }' } })
    expect([refused.statusCode, refused.json()]).toEqual([
      200,
      { errors: [{ message: 'Too dear.', extensions: { code: 'DEAR' } }] },
    ])
    await app.close()
  })

  it('hides suggestions and numbers in production', async () => {
    const { app } = await build({}, { maxTokens: 20 })
    const wrong = await app.inject({ method: 'POST', url: '/graphql', payload: { query: '{ daer }' } })
    expect(wrong.json()).toMatchObject({
      errors: [{ message: 'Cannot query field "daer" on type "Query".' }],
    })
    const long = await app.inject({
      method: 'POST',
      url: '/graphql',
      payload: { query: `{ ${'a '.repeat(30)} }` },
    })
    expect(long.json()).toMatchObject({ errors: [{ message: 'Query exceeds the maximum number of tokens' }] })
    await app.close()
  })
})
