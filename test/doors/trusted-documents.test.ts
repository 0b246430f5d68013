import { createHash } from 'node:crypto'
import depthLimit from '@portcullis/depth-limit'
import graphqlGate from '@portcullis/graphql-gate'
import type { GraphqlGateOptions, TrustedDocumentsOptions } from '@portcullis/graphql-gate'
import kernel from '@portcullis/kernel'
import type { SecurityEvent } from '@portcullis/kernel'
import type { FastifyInstance, InjectOptions } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { codeOf, countingResolvers, requestThrough, SERVERS } from './servers.ts'
import type { Server } from './server.ts'

const schema =
  'type Query { node: Node other: Node } type Node { id: ID node: Node } type Mutation { touch: ID }'
const known = 'query Known { node { id } }'
const touch = 'mutation { touch }'
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const documents = {
  [sha256(known)]: known,
  [sha256(touch)]: touch,
  deep: '{ node { node { node { id } } } }',
}
const headers = { 'apollo-require-preflight': 'true' }
const post = (payload: object): InjectOptions => ({ method: 'POST', url: '/graphql', payload })
const get = (members: Record<string, string>): InjectOptions => ({
  url: `/graphql?${new URLSearchParams(members).toString()}`,
  headers,
})
const apps: FastifyInstance[] = []

afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()))
})

interface Built {
  readonly app: FastifyInstance
  readonly calls: () => number
  readonly events: SecurityEvent[]
}

function build(
  server: Server,
  trusted: Partial<TrustedDocumentsOptions> = {},
  options: GraphqlGateOptions = {},
  config?: Record<string, unknown>,
): Built {
  const { resolvers, calls } = countingResolvers(['node', 'other'])
  const events: SecurityEvent[] = []
  const app = server.build({
    schema,
    resolvers,
    ...(config === undefined ? {} : { config }),
    register(instance) {
      const identify = ({ headers: { role } }: { headers: Record<string, unknown> }) =>
        typeof role === 'string' ? { id: 'me', roles: [role] } : null
      void instance.register(kernel, { environment: 'production', identify })
      void instance.register(graphqlGate, { trustedDocuments: { documents, ...trusted }, ...options })
      void instance.register(depthLimit, { maxDepth: 2 })
      instance.addHook('onReady', (done) => {
        instance.securityEvents.subscribe((event) => void events.push(event))
        done()
      })
    },
  })
  apps.push(app)
  return { app, calls, events }
}

const hash = (id: string) => ({ extensions: { persistedQuery: { version: 1, sha256Hash: id } } })

describe.each(SERVERS)('$name', (server) => {
  it.each(server.doors.filter((door) => door !== 'hash' && door !== 'prepared'))(
    'through %s, runs the text of a known document and no other',
    async (door) => {
      const { app, calls } = build(server, {
        documents: { ...documents, typename: '{ __typename }' },
      })
      const good = await app.inject(requestThrough(door, { query: known }))
      expect([good.statusCode, codeOf(good.body), calls()], good.body).toEqual([200, undefined, 1])
      const spaced = `# of ours\n${known.replaceAll(' ', '\n\t, ')}`
      expect((await app.inject(requestThrough(door, { query: spaced }))).statusCode).toBe(200)
      expect(calls()).toBe(2)
      for (const query of [
        '{ other { id } }',
        `${known} # {`,
        `${known} { other { id } }`,
        '{',
        'query Known { node { id id } }',
      ]) {
        const bad = await app.inject(requestThrough(door, { query }))
        const expected = query === `${known} # {` ? [200, undefined] : [403, 'UNTRUSTED_DOCUMENT']
        expect([bad.statusCode, codeOf(bad.body)], `${query} ${bad.body}`).toEqual(expected)
      }
      expect(calls()).toBe(3)
    },
  )

  it('runs known documents by their id, in every form of it, and no unknown id', async () => {
    const { app, calls } = build(server)
    const forms = (id: string): InjectOptions[] => [
      post(hash(id)),
      post({ documentId: id }),
      post({ documentId: `sha256:${id}` }),
      post({ query: id, persisted: true }),
      post([hash(id), { documentId: id }]),
      get({ extensions: JSON.stringify(hash(id).extensions) }),
      get({ documentId: id }),
      get({ extensions: JSON.stringify({ ...hash(id).extensions, trace: 1 }) }),
    ]
    let expected = 0
    for (const request of forms(sha256(known))) {
      const answer = await app.inject(request)
      expected += Array.isArray(request.payload) ? 2 : 1
      expect([answer.statusCode, calls()], JSON.stringify([request, answer.body])).toEqual([200, expected])
    }
    for (const request of forms(sha256('{ other { id } }'))) {
      const answer = await app.inject(request)
      expect([answer.statusCode, codeOf(answer.body)], JSON.stringify(request)).toEqual([
        403,
        'UNTRUSTED_DOCUMENT',
      ])
    }
    expect(calls()).toBe(expected)
  })

  it.each(['', 'null'])('reads the id beside extensions that are %j', async (extensions) => {
    const { app, calls } = build(server)
    const answer = await app.inject(get({ documentId: sha256(known), extensions }))
    // Apollo Server itself takes nothing but an object.
    const expected = server.name === 'Apollo Server' ? [400, 0] : [200, 1]
    expect([answer.statusCode, calls()], answer.body).toEqual(expected)
  })

  it('learns no document from a client that registers one', async () => {
    const { app, calls } = build(server)
    const query = '{ other { id } }'
    for (const payload of [
      { query, ...hash(sha256(query)) },
      { query, ...hash(sha256(known)) },
      { query, documentId: sha256(known) },
      hash(sha256(query)),
      { query: known, ...hash(sha256(query)) },
    ]) {
      const answer = await app.inject(post(payload))
      if (!('query' in payload) || payload.query !== known)
        expect([answer.statusCode, codeOf(answer.body)]).toEqual([403, 'UNTRUSTED_DOCUMENT'])
    }
    expect((await app.inject(post(hash(sha256(query))))).statusCode).toBe(403)
    // A known text beside a wrong hash may run, but never what it is not.
    expect(calls()).toBeLessThanOrEqual(1)
  })

  it('lets the other gates judge a known document, by id too', async () => {
    const { app, calls } = build(server)
    const answer = await app.inject(post({ documentId: 'deep' }))
    expect([answer.statusCode, codeOf(answer.body)]).toEqual([400, 'MAX_DEPTH_EXCEEDED'])
    const mutation = await app.inject(get({ documentId: sha256(touch) }))
    expect([mutation.statusCode, codeOf(mutation.body)]).toEqual([405, 'OPERATION_NOT_ALLOWED_OVER_GET'])
    expect(calls()).toBe(0)
  })

  it('lets roles send anything, and only those', async () => {
    const { app } = build(server, { exceptRoles: ['admin'] })
    const query = '{ other { id } }'
    for (const [role, status] of [
      ['admin', 200],
      ['clerk', 403],
    ] as const) {
      const answer = await app.inject({ ...post({ query }), headers: { role } })
      expect(answer.statusCode).toBe(status)
    }
    expect((await app.inject(post({ query }))).statusCode).toBe(403)
  })

  it('only reports where it measures', async () => {
    const { app, calls, events } = build(server, { mode: 'measure' })
    expect((await app.inject(post({ query: '{ other { id } }' }))).statusCode).toBe(200)
    expect((await app.inject(post({ query: known }))).statusCode).toBe(200)
    expect(calls()).toBe(2)
    expect(events.map(({ outcome, details }) => [outcome, (details as { code?: string }).code])).toEqual([
      ['measured', 'UNTRUSTED_DOCUMENT'],
    ])
    // What else is wrong is refused all the same.
    const deep = await app.inject(post({ query: '{ other { node { node { id } } } }' }))
    expect(codeOf(deep.body)).toBe('MAX_DEPTH_EXCEEDED')
  })

  it('is off on a route that says so', async () => {
    const { app } = build(server, {}, {}, { graphqlGate: { trustedDocuments: false } })
    expect((await app.inject(post({ query: '{ other { id } }' }))).statusCode).toBe(200)
  })

  it('asks a function by the hash of a text', async () => {
    const asked: string[] = []
    const { app } = build(server, {
      documents: (id) => {
        asked.push(id)
        return Promise.resolve((documents as Record<string, string>)[id])
      },
    })
    expect((await app.inject(post({ query: known }))).statusCode).toBe(200)
    expect((await app.inject(post({ documentId: sha256(known) }))).statusCode).toBe(200)
    expect((await app.inject(post({ query: '{ other { id } }' }))).statusCode).toBe(403)
    expect(asked).toContain(sha256('{ other { id } }'))
  })
})
