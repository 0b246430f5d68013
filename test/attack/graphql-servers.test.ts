import type { FastifyInstance } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { SERVERS } from '../doors/servers.ts'
import { counted, deep, post, register, schema, verdict } from './walk-arounds.ts'

// What GraphQL Yoga and Apollo Server read for themselves, and in how many ways.
const servers = SERVERS.filter(({ name }) => ['GraphQL Yoga', 'Apollo Server'].includes(name))
const apps: FastifyInstance[] = []

afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()))
})

describe.each(servers)('$name', (server) => {
  function build(stored: Record<string, string> = {}) {
    const { resolvers, calls } = counted()
    const app = server.build({ schema, resolvers, stored, register })
    apps.push(app)
    return { app, calls }
  }

  it.each([
    ['application/x-www-form-urlencoded', `query=${encodeURIComponent(deep(20))}`],
    ['application/graphql', deep(20)],
    ['text/plain', deep(20)],
    ['text/plain', JSON.stringify({ query: deep(20) })],
    ['application/json', deep(20)],
    ['application/json; charset=utf-7', JSON.stringify({ query: deep(20) })],
    ['application/graphql+json', JSON.stringify({ query: deep(20) })],
    [
      'multipart/form-data; boundary=x',
      `--x\r\ncontent-disposition: form-data; name="query"\r\n\r\n${deep(20)}\r\n--x--\r\n`,
    ],
    ['', JSON.stringify({ query: deep(20) })],
  ])('a body of type %j runs nothing unjudged', async (type, payload) => {
    const { app, calls } = build()
    const headers = { 'content-type': type, 'apollo-require-preflight': 'true' }
    const [status] = await verdict(app, { method: 'POST', url: '/graphql', headers, payload })
    expect([400, 415]).toContain(status)
    expect(calls.node).toBe(0)
  })

  it.each([
    ['an object as query', { query: { kind: 'Document', definitions: [] } }],
    ['an array as query', { query: [deep(20)] }],
    ['a tree as text', { query: '{"kind":"Document","definitions":[]}' }],
    ['variables as text', { query: '{ __typename }', variables: '{}' }],
    ['extensions as text', { query: '{ __typename }', extensions: '{}' }],
    ['an unknown operationName', { query: `query A { __typename } query B ${deep(20)}`, operationName: 'C' }],
    ['no operationName', { query: `query A { __typename } query B ${deep(20)}` }],
    ['the second operation', { query: `query A { __typename } query B ${deep(20)}`, operationName: 'B' }],
    [
      'many aliases',
      { query: `{ ${Array.from({ length: 2000 }, (_, i) => `a${i}: __typename`).join(' ')} }` },
    ],
    ['a fragment in a circle', { query: '{ node { ...f } } fragment f on Node { node { ...f } }' }],
    [
      'a long chain of fragments',
      {
        query: `{ node { ...f0 } } ${Array.from({ length: 30 }, (_, i) => `fragment f${i} on Node { node { ...f${i + 1} } }`).join(' ')} fragment f30 on Node { id }`,
      },
    ],
    ['an empty batch', []],
    ['a batch in a batch', [[{ query: deep(20) }]]],
    ['nothing', null],
  ])('%s is a 4xx that runs nothing', async (_name, payload) => {
    const { app, calls } = build()
    for (let round = 0; round < 2; round++) {
      const [status, code] = await verdict(app, post(payload))
      expect([400, code]).toEqual([status, expect.any(String)])
    }
    expect(calls.node).toBe(0)
  })

  it('a document that is known at a low price pays for other variables', async () => {
    const { app, calls } = build()
    const query = 'query ($n: Int) { users(first: $n) { id } }'
    for (let round = 0; round < 3; round++) {
      expect(await verdict(app, post({ query, variables: { n: 1 } }))).toEqual([200, undefined])
      expect(await verdict(app, post({ query, variables: { n: 1e6 } }))).toEqual([400, 'QUERY_TOO_EXPENSIVE'])
    }
    expect(calls.users).toBe(3)
  })

  it('a stored document pays like its text, also beside a text and in a batch', async () => {
    const stored = { dear: 'query ($n: Int) { users(first: $n) { id } }', touch: 'mutation { touch }' }
    const { app, calls } = build(stored)
    const hash = (sha256Hash: string) => ({ extensions: { persistedQuery: { version: 1, sha256Hash } } })
    const dear = { ...hash('dear'), variables: { n: 1e6 } }
    expect(await verdict(app, post({ ...dear, variables: { n: 1 } }))).toEqual([200, undefined])
    expect(await verdict(app, post(dear))).toEqual([400, 'QUERY_TOO_EXPENSIVE'])
    expect(await verdict(app, post([dear]))).toEqual([400, 'UNKNOWN_DOCUMENT'])
    expect(await verdict(app, post([{ query: '{ __typename }' }, hash('touch')]))).toEqual([
      400,
      'UNKNOWN_DOCUMENT',
    ])
    const search = `extensions=${encodeURIComponent(JSON.stringify(hash('touch').extensions))}`
    for (const method of ['GET', 'HEAD'] as const) {
      const headers = { 'apollo-require-preflight': 'true' }
      const { statusCode } = await app.inject({ method, url: `/graphql?${search}`, headers })
      expect(statusCode).toBe(405)
    }
    expect(calls).toMatchObject({ users: 1, touch: 0 })
    // One mutation a minute is allowed, in whatever form it comes.
    expect(await verdict(app, post(hash('touch')))).toEqual([200, undefined])
    expect(await verdict(app, post(hash('touch')))).toEqual([429, 'USER_RATE_LIMIT_EXCEEDED'])
    expect(await verdict(app, post({ query: 'mutation { touch }' }))).toEqual([
      429,
      'USER_RATE_LIMIT_EXCEEDED',
    ])
    expect(calls.touch).toBe(1)
  })

  it('a batch is paid for as a whole, and each operation once', async () => {
    const { app, calls } = build()
    const entry = { query: '{ users(first: 40) { id } }' }
    expect(await verdict(app, post([entry, entry]))).toEqual([200, undefined])
    expect(await verdict(app, post([entry, entry, entry]))).toEqual([400, 'QUERY_TOO_EXPENSIVE'])
    expect(calls.users).toBe(2)
    const touch = { query: 'mutation { touch }' }
    expect(await verdict(app, post([touch, touch]))).toEqual([429, 'USER_RATE_LIMIT_EXCEEDED'])
    expect(await verdict(app, post([touch]))).toEqual([200, undefined])
    expect(calls.touch).toBe(1)
  })

  it('no mutation runs over GET or HEAD, nor from a URL beside a body', async () => {
    const { app, calls } = build()
    const query = encodeURIComponent('mutation { touch }')
    const headers = { 'apollo-require-preflight': 'true' }
    for (const method of ['GET', 'HEAD'] as const)
      expect((await app.inject({ method, url: `/graphql?query=${query}`, headers })).statusCode).toBe(405)
    expect(
      await verdict(app, { ...post({ query: '{ __typename }' }), url: `/graphql?query=${query}` }),
    ).toEqual([400, 'MALFORMED_GRAPHQL_REQUEST'])
    expect(calls.touch).toBe(0)
  })

  it.each(['/graphql/', '/GRAPHQL', '//graphql', '/graphql;x', '/graphql%2f', '/%67raphql', '/graphql?x=1'])(
    'the spelling %s of its path leads nowhere, or to the gates',
    async (url) => {
      const { app, calls } = build()
      const [status] = await verdict(app, { ...post({ query: deep(20) }), url })
      expect([400, 404]).toContain(status)
      expect(calls.node).toBe(0)
    },
  )

  it('OPTIONS runs nothing', async () => {
    const { app, calls } = build()
    const headers = { 'apollo-require-preflight': 'true', 'content-type': 'application/json' }
    for (const payload of [undefined, JSON.stringify({ query: deep(20) })]) {
      const url = `/graphql?query=${encodeURIComponent(deep(20))}`
      await app.inject({ method: 'OPTIONS', url, headers, ...(payload === undefined ? {} : { payload }) })
      await app.inject({
        method: 'OPTIONS',
        url: '/graphql',
        headers,
        ...(payload === undefined ? {} : { payload }),
      })
    }
    expect(calls.node).toBe(0)
  })

  it('what a browser asks for without an operation gets the page of the server', async () => {
    const { app } = build()
    const page = await app.inject({ url: '/graphql', headers: { accept: 'text/html' } })
    expect(page.statusCode).toBe(200)
    expect(page.headers['content-type']).toContain('text/html')
  })

  it('errors carry nothing that the client sent', async () => {
    const { app } = build()
    const secret = 'secret-4711'
    for (const payload of [
      { query: 'query ($n: Int) { users(first: $n) { id } }', variables: { n: secret } },
      { query: `{ users(first: "${secret}") { id } }` },
      { query: `{ users(first: 1) { id } "${secret}" }` },
    ]) {
      const answer = await app.inject(post(payload))
      expect(answer.statusCode).toBeLessThan(500)
      expect(answer.body).not.toContain(secret)
    }
  })
})
