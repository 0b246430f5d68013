import { createHash } from 'node:crypto'
import queryCost from '@portcullis/query-cost'
import type { FastifyInstance, InjectOptions } from 'fastify'
import { parse } from 'graphql'
import { afterEach, describe, expect, it } from 'vitest'
import { requestThrough, SERVERS } from './servers.ts'
import type { Server } from './server.ts'
import { connect, listen } from './sockets.ts'
import type { SocketClient } from './sockets.ts'

const schema = `
  type Query { users(first: Int = 2): [User] }
  type Subscription { users(first: Int = 2): [User] }
  type User { id: ID friends(first: Int): [User] }
`
const text = (kind: 'query' | 'subscription'): string =>
  `${kind} Users($n: Int) { users(first: $n) { id friends(first: 5) { id } } }`
const query = text('query')

const resolvers = {
  Query: { users: () => [] },
  Subscription: {
    async *users() {
      yield await Promise.resolve({ users: [] })
    },
  },
}

/** What one operation came to: its code where it was refused, and its price where that was told. */
type Verdict = readonly [code: string | undefined, cost: number | undefined]

interface Answer {
  readonly errors?: readonly {
    readonly extensions?: { readonly code?: string; readonly cost?: { requestedQueryCost?: number } }
  }[]
  readonly extensions?: { readonly cost?: { requestedQueryCost?: number } }
}

function verdictOf({ errors, extensions }: Answer): Verdict {
  const refused = errors?.[0]?.extensions
  return [refused?.code, (refused ?? extensions)?.cost?.requestedQueryCost]
}

interface Bench {
  readonly app: FastifyInstance
  readonly client: () => Promise<SocketClient>
}

type Send = (bench: Bench, variables: Record<string, unknown>) => Promise<Verdict>

const inject =
  (request: (variables: Record<string, unknown>) => InjectOptions): Send =>
  async ({ app }, variables) => {
    const reply = await app.inject(request(variables))
    const body = reply.json<Answer | Answer[]>()
    const verdict = verdictOf((Array.isArray(body) ? body[0] : body) ?? {})
    expect(reply.statusCode).toBe(verdict[0] === undefined ? 200 : 400)
    return verdict
  }

const overSocket =
  (kind: 'query' | 'subscription'): Send =>
  async ({ client }, variables) => {
    const { type, payload } = await (await client()).run({ query: text(kind), variables })
    return verdictOf(type === 'error' ? { errors: payload as never } : (payload as Answer))
  }

const sha256Hash = createHash('sha256').update(query).digest('hex')
const extensions = { persistedQuery: { version: 1, sha256Hash } }
const post = (payload: object): InjectOptions => ({ method: 'POST', url: '/graphql', payload })

function multipart(variables: Record<string, unknown>): InjectOptions {
  const part = (name: string, value: unknown): string =>
    `--frontier\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${JSON.stringify(value)}\r\n`
  return {
    method: 'POST',
    url: '/graphql',
    headers: { 'content-type': 'multipart/form-data; boundary=frontier' },
    payload: `${part('operations', { query, variables })}${part('map', {})}--frontier--\r\n`,
  }
}

const DOORS: Readonly<Record<string, Send>> = {
  POST: inject((variables) => requestThrough('post', { query, variables })),
  GET: inject((variables) => requestThrough('get', { query, variables })),
  batch: inject((variables) => post([{ query, variables }])),
  'stored by id': inject((variables) => requestThrough('prepared', { query, variables }, 'stored')),
  'stored by hash': inject((variables) => requestThrough('hash', { query, variables }, 'stored')),
  'APQ: text with hash, then hash': async (one, variables) => {
    // What is refused is not stored, so something honest stores it.
    await inject(() => post({ query, variables: { n: 1 }, extensions }))(one, {})
    const verdict = await inject(() => post({ query, variables, extensions }))(one, {})
    // Only the engine knows this one, whose answer has its own status.
    const alone = await one.app.inject(post({ variables, extensions }))
    expect(verdictOf(alone.json())).toEqual(verdict)
    return verdict
  },
  multipart: inject(multipart),
  'query over WebSocket': overSocket('query'),
  'subscription over WebSocket': overSocket('subscription'),
}

const NONE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  mercurius: {
    'stored by hash': 'its stored documents are asked for by the id in `query`',
    multipart: 'answers 415',
  },
  'hand-written': {
    'stored by id': 'has no store',
    'stored by hash': 'has no store',
    'APQ: text with hash, then hash': 'has no store',
    multipart: 'answers 415',
  },
  'GraphQL Yoga': { 'stored by id': 'its stored documents are asked for by a hash' },
  'Apollo Server': {
    'stored by id': 'its stored documents are asked for by a hash',
    multipart: 'answers 415',
  },
}

const lacking = ({ name }: Server): Readonly<Record<string, string>> => NONE[name.split(',')[0] ?? ''] ?? {}

const open: { close(): Promise<unknown> }[] = []

afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
})

function bench(server: Server, automatic: boolean): Bench {
  const app = server.build({
    schema,
    resolvers,
    register: (instance) => void instance.register(queryCost, { maxCost: 100, exposeLimits: true }),
    sockets: true,
    uploads: true,
    ...(automatic ? { automatic } : { stored: { stored: query } }),
  })
  open.push(app)
  let client: Promise<SocketClient> | undefined
  return {
    app,
    client: () => {
      client ??= listen(app, server.socketPath).then(async (url) => {
        const connected = await connect(url)
        open.unshift(connected)
        return connected
      })
      return client
    },
  }
}

/** Query 1 + users field 1 + n users + n friends fields + 5n friends. */
const SEEN: readonly (readonly [n: number, ...verdict: Verdict])[] = [
  [30, 'QUERY_TOO_EXPENSIVE', 212],
  [3, undefined, 23],
  [1_000_000, 'QUERY_TOO_EXPENSIVE', 7_000_002],
  [14, undefined, 100],
  [15, 'QUERY_TOO_EXPENSIVE', 107],
]

describe.each(SERVERS)('$name', (server) => {
  const reasons = lacking(server)

  it.each(Object.keys(DOORS).filter((door) => reasons[door] === undefined))(
    'judges through %s, first and cached, with the verdict and number of all doors',
    async (door) => {
      const one = bench(server, door.startsWith('APQ'))
      for (const [n, ...verdict] of SEEN) expect(await DOORS[door]?.(one, { n })).toEqual(verdict)
    },
  )

  it.each(Object.entries(reasons))('has no door %s: %s', async (door, reason) => {
    const reply = await bench(server, false).app.inject(
      door === 'multipart'
        ? multipart({ n: 3 })
        : requestThrough(door === 'stored by id' ? 'prepared' : 'hash', { query }, 'stored'),
    )
    expect(reply.statusCode).toBe(reason === 'answers 415' ? 415 : 400)
    expect(reply.body).not.toContain('"users"')
  })

  it('takes no document as a tree, as JSON or as JSON text, over HTTP and over WebSocket', async () => {
    const { app, client } = bench(server, false)
    const tree = parse('{ users(first: 1) { id } }', { noLocation: true })
    for (const [given, code] of [
      [tree, 'MALFORMED_GRAPHQL_REQUEST'],
      [JSON.stringify(tree), 'AST_NOT_ALLOWED'],
    ] as const) {
      const reply = await app.inject(post({ query: given }))
      expect([reply.statusCode, verdictOf(reply.json())[0]]).toEqual([400, code])
      const { type, payload } = await (await client()).run({ query: given })
      expect([type, verdictOf({ errors: payload as never })[0]]).toEqual(['error', code])
    }
  })

  it('takes a batch over WebSocket for no operation', async () => {
    const { client } = bench(server, false)
    const { payload } = await (await client()).run([{ query }, { query }])
    expect(verdictOf({ errors: payload as never })[0]).toBe('MALFORMED_GRAPHQL_REQUEST')
  })
})
