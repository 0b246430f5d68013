import depthLimit from '@portcullis/depth-limit'
import graphqlGate from '@portcullis/graphql-gate'
import userRateLimit from '@portcullis/user-rate-limit'
import Fastify from 'fastify'
import mercurius from 'mercurius'
import type { MercuriusOptions } from 'mercurius'
import { describe, expect, it } from 'vitest'
import { countingResolvers } from '../doors/servers.ts'

const schema = 'type Query { node: Node } type Node { id: ID node: Node } type Mutation { touch: Boolean }'
const deep = `{ ${'node { '.repeat(8)}id${' }'.repeat(8)} }`
const stored: Readonly<Record<string, string>> = { deep, touch: 'mutation { touch }' }
const cheap = '{ __typename }'

interface Entry {
  readonly documentId?: string
  readonly extensions?: { readonly persistedQuery?: { readonly sha256Hash?: string } }
}

const idOf = ({ documentId, extensions }: Entry): string | undefined =>
  documentId ?? extensions?.persistedQuery?.sha256Hash

/** Runs the stored document wherever an id is given, even beside a text. */
const idFirst = {
  isPersistedQuery: (entry: Entry) => idOf(entry) !== undefined,
  getHash: idOf,
  getQueryFromHash: async (id: string) => stored[id],
}
const extensions = { persistedQuery: { sha256Hash: 'deep' } }

describe.each([true, false])('a server that prefers ids to texts (persistedQuery given: %s)', (told) => {
  it.each([
    { documentId: 'deep' },
    { query: cheap, documentId: 'deep' },
    { query: cheap, extensions },
    { extensions },
    { query: 'deep', persisted: true, documentId: 'deep' },
    { query: cheap, persisted: true, documentId: 'deep' },
    { query: cheap, persisted: 1, documentId: 'deep' },
  ])('runs nothing that was not judged: %j', async (entry) => {
    const app = Fastify()
    const { resolvers, calls } = countingResolvers(['node'])
    if (told) void app.register(graphqlGate, { persistedQuery: (id) => stored[id] })
    void app.register(depthLimit, { maxDepth: 3 })
    const options = { schema, resolvers, allowBatchedQueries: true, persistedQueryProvider: idFirst }
    void app.register(mercurius, options as unknown as MercuriusOptions)
    const search = new URLSearchParams()
    for (const [name, value] of Object.entries(entry))
      search.set(name, typeof value === 'object' ? JSON.stringify(value) : String(value))
    for (const answer of [
      await app.inject({ method: 'POST', url: '/graphql', payload: entry }),
      await app.inject({ method: 'POST', url: '/graphql', payload: [entry] }),
      await app.inject({ method: 'POST', url: '/graphql', payload: [{ query: cheap }, entry] }),
      await app.inject(`/graphql?${search.toString()}`),
    ]) {
      expect(answer.body).toContain('errors')
    }
    expect(calls()).toBe(0)
    await app.close()
  })
})

it('a server that prefers ids to texts runs none but known documents, where only those may run', async () => {
  const app = Fastify()
  const { resolvers, calls } = countingResolvers(['node'])
  const texts = { one: cheap, node: '{ node { id } }' }
  void app.register(graphqlGate, { trustedDocuments: { documents: { known: cheap } } })
  const persistedQueryProvider = { ...idFirst, getQueryFromHash: async (id: keyof typeof texts) => texts[id] }
  const options = { schema, resolvers, allowBatchedQueries: true, persistedQueryProvider }
  void app.register(mercurius, options as unknown as MercuriusOptions)
  app.get('/own', (_request, reply) => reply.graphql('{ node { id } }'))
  const trusting = { config: { graphqlGate: { trustedDocuments: false } } } as const
  app.get('/open', trusting, (_request, reply) => reply.graphql('{ node { id } }'))
  const entry = { query: cheap, documentId: 'node' }
  for (const payload of [entry, [entry], [{ query: cheap }, entry]]) {
    const answer = await app.inject({ method: 'POST', url: '/graphql', payload })
    expect(answer.body).toContain('UNTRUSTED_DOCUMENT')
  }
  expect((await app.inject('/own')).statusCode).toBe(403)
  expect(calls()).toBe(0)
  expect((await app.inject('/open')).statusCode).toBe(200)
  const same = await app.inject({
    method: 'POST',
    url: '/graphql',
    payload: { query: cheap, documentId: 'one' },
  })
  expect([same.statusCode, calls()]).toEqual([200, 1])
  await app.close()
})

it('documents that the app compiled itself before the first request run as they are judged', async () => {
  const app = Fastify()
  let touched = 0
  const mutations = { quota: 1, window: '1m', partitionKey: 'address', when: 'mutation' } as const
  void app.register(userRateLimit, { policies: { mutations } })
  const touch = (): boolean => {
    touched += 1
    return true
  }
  const options = { schema, jit: 1, allowBatchedQueries: true, resolvers: { Mutation: { touch } } }
  void app.register(mercurius, options)
  await app.ready()
  const query = 'query Q { __typename } mutation M { touch }'
  for (let index = 0; index < 4; index++) await app.graphql(query, {}, {}, 'M')
  touched = 0
  const send = async (payload: object): Promise<number> =>
    (await app.inject({ method: 'POST', url: '/graphql', payload })).statusCode
  const batch = ['Q', 'M'].map((operationName) => ({ query, operationName }))
  expect([await send(batch), await send(batch)]).toEqual([200, 429])
  for (let index = 0; index < 4; index++) expect(await send([{ query, operationName: 'Q' }])).toBe(200)
  expect(touched).toBe(1)
  await app.close()
})
