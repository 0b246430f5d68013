import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import accessControl from '@portcullis/access-control'
import auditLogger from '@portcullis/audit-logger'
import type { AuditRecord } from '@portcullis/audit-logger'
import authTokens from '@portcullis/auth-tokens'
import type { TokenKey } from '@portcullis/auth-tokens'
import { checkKeys, Keyring } from '@portcullis/auth-tokens/core'
import depthLimit from '@portcullis/depth-limit'
import graphqlGate from '@portcullis/graphql-gate'
import inputValidation from '@portcullis/input-validation'
import kernel from '@portcullis/kernel'
import type { SecurityEvent } from '@portcullis/kernel'
import { startPostgres } from '@portcullis/kernel/testing'
import type { PostgresServer } from '@portcullis/kernel/testing'
import piiMasking from '@portcullis/pii-masking'
import queryCost from '@portcullis/query-cost'
import safeDb, { sql } from '@portcullis/safe-db'
import strictCors from '@portcullis/strict-cors'
import userRateLimit from '@portcullis/user-rate-limit'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import mercurius from 'mercurius'
import type { MercuriusContext } from 'mercurius'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const schema = `
  type Query { users(first: Int): [User] orders(tag: String): [Order] }
  type User { id: ID ssn: String friends(first: Int): [User] }
  type Order { id: Int tag: String }
  type Mutation { touch: Boolean }
`

const ADA = { id: '1', ssn: '123-45-6789' }

const resolvers = {
  Query: {
    users: () => [ADA],
    orders: (_root: unknown, { tag }: { tag?: string }, { reply }: MercuriusContext) =>
      reply.request.db.query(sql`select id, tag from orders where tag = ${tag ?? 'new'} order by id`),
  },
}

const { privateKey } = generateKeyPairSync('ed25519')

const keys: readonly TokenKey[] = [{ kid: 'k1', alg: 'HS256', secret: randomBytes(32) }]

/** An access token. */
function tokenOf(sub: string): string {
  const iat = Math.floor(Date.now() / 1000)
  return new Keyring(checkKeys(keys, ['HS256'])).sign({
    iss: 'https://auth.example.com',
    aud: 'https://api.example.com',
    sub,
    tenant_id: 'red',
    roles: ['support'],
    jti: randomUUID(),
    iat,
    exp: iat + 3_000,
  })
}
const TOKEN = tokenOf('ada')

let postgres: PostgresServer
let trails: string

beforeAll(async () => {
  trails = mkdtempSync(join(tmpdir(), 'orders-'))
  postgres = await startPostgres()
  const owner = new pg.Client({ connectionString: postgres.url })
  await owner.connect()
  await owner.query(`
    create role app login password 'app';
    create table orders (id int, tenant text, tag text);
    insert into orders values (1, 'red', 'new'), (2, 'blue', 'new');
    alter table orders enable row level security;
    alter table orders force row level security;
    create policy own on orders using (tenant = nullif(current_setting('app.current_tenant_id', true), ''));
    grant select on orders to app;
  `)
  await owner.end()
})
afterAll(async () => {
  await postgres.stop()
  rmSync(trails, { recursive: true })
})

/** Everything an app of the suite consists of, each as one registration: the gates, the foundations, the routes. */
const PARTS: readonly ((app: FastifyInstance) => void)[] = [
  (app) => void app.register(kernel, { environment: 'test' }),
  (app) =>
    void app.register(authTokens, {
      issuer: 'https://auth.example.com',
      audience: 'https://api.example.com',
      algorithms: ['HS256'],
      keys,
      accessTtl: '1h',
    }),
  (app) =>
    void app.register(graphqlGate, {
      maxTokens: 200,
      routes: { '/graphql': { queryCost: { maxCost: 60 } } },
    }),
  (app) => void app.register(strictCors, { origins: [PAGE], csrf: true, securityHeaders: true }),
  (app) => void app.register(depthLimit, { maxDepth: 3, maxAliases: 4 }),
  (app) => void app.register(queryCost, { maxCost: 1000 }),
  (app) =>
    void app.register(userRateLimit, {
      policies: {
        address: { quota: 40, window: '1m', partitionKey: 'address' },
        perUser: { quota: 22, window: '1m' },
        mutations: { quota: 2, window: '1m', when: 'mutation' },
        points: { quota: 240, window: '1m', cost: 'queryCost' },
      },
    }),
  (app) =>
    void app.register(safeDb, {
      dsn: `postgres://app:app@${postgres.host}:${postgres.port}/postgres`,
      tls: 'disable',
    }),
  (app) => void app.register(piiMasking, { classify: { 'User.ssn': 'US_SOCIAL_SECURITY_NUMBER' } }),
  (app) =>
    void app.register(auditLogger, {
      directory: mkdtempSync(join(trails, 'trail-')),
      signingKey: privateKey,
      subjectSecret: 'at least thirty-two characters, kept secret',
    }),
  (app) =>
    void app.register(accessControl, {
      roles: { support: ['users:read', 'orders:read:tenant'], boss: ['tags:read'] },
      graphql: { 'Order.tag': { permission: 'tags:read', onDenied: 'null' } },
      personalData: ['users'],
    }),
  (app) => void app.register(inputValidation, { graphql: { 'Query.orders.tag': { maxLength: 5 } } }),
  (app) => void app.register(mercurius, { schema, resolvers, allowBatchedQueries: true }),
  (app) =>
    void app.get(
      '/rest',
      { config: { userRateLimit: { policies: { rest: { quota: 1, window: '1m' } } } } },
      async () => 'ok',
    ),
  (app) =>
    void app.post(
      '/input',
      { schema: { body: { type: 'object', properties: { age: { type: 'integer' } } } } },
      async () => 'ok',
    ),
  (app) => void app.get('/boss', { config: { access: { role: 'boss' } } }, async () => 'ok'),
  (app) => void app.get('/own', { config: { access: { permission: 'orders:read' } } }, async () => 'ok'),
  (app) => void app.get('/users', { config: { access: { permission: 'users:read' } } }, async () => [ADA]),
  (app) => void app.get('/orders', ({ db }) => db.query(sql`select id, tag from orders`)),
  (app) => void app.get('/unsafe', ({ db }) => db.query('select id from orders' as never)),
]

/** Requests of pages: of one that may, of one that may not. */
const PAGE = 'https://app.example.com'
const FOREIGN = '/rest?foreign'

/** A request without a token. */
const NOBODY = '/own?nobody'

/** A body that its schema does not take. */
const INPUT = '/input'

const REQUESTS: readonly (object | string)[] = [
  NOBODY,
  { query: '{ users(first: 5) { id } }' },
  { query: '{ users { friends { friends { id } } } }' },
  { query: '{ a: users { id } b: users { id } c: users { id } d: users { id } e: users { id } }' },
  { query: 'query ($n: Int) { users(first: $n) { id } }', variables: { n: 1_000_000 } },
  { query: `{ ${'users '.repeat(300)} }` },
  [
    { query: '{ users(first: 20) { id } }' },
    { query: '{ users(first: 20) { id } }' },
    { query: '{ users(first: 20) { id } }' },
  ],
  { query: 'mutation { touch }' },
  [{ query: 'mutation { touch }' }, { query: 'mutation { touch }' }],
  { query: 'mutation { touch }' },
  { query: 'mutation { touch }' },
  '/rest',
  '/rest',
  INPUT,
  { query: '{ orders(tag: "far too long") { id } }' },
  '/missing',
  FOREIGN,
  '/users',
  '/boss',
  '/own',
  '/orders',
  '/unsafe',
  { query: '{ harmless: users { number: ssn } orders(tag: "new") { id tag } }' },
  { query: '{ users(first: 50) { id } }' },
  { query: '{ users(first: 50) { id } }' },
  { query: '{ users(first: 50) { id } }' },
  { query: '{ users(first: 50) { id } }' },
  { query: '{ users(first: 50) { id } }' },
  { query: '{ broken' },
]

interface Seen {
  readonly answers: readonly unknown[]
  readonly events: readonly unknown[]
  readonly trail: readonly unknown[]
}

/** What of an event or a record must not depend on the order: all but times, ids and hashes. */
function timeless(value: object): unknown {
  const varying = [
    'milliseconds',
    'waitMs',
    'durationMs',
    'time',
    'id',
    'prev',
    'retryAfter',
    'traceId',
    'spanId',
  ]
  return JSON.parse(
    JSON.stringify(value, (key, inner: unknown) => (varying.includes(key) ? undefined : inner)),
  )
}

async function run(order: readonly number[]): Promise<Seen> {
  const app = Fastify()
  for (const index of order) PARTS[index]?.(app)
  await app.ready()
  const events: unknown[] = []
  app.securityEvents.subscribe(({ type, outcome, details, principal }: SecurityEvent) => {
    events.push(timeless({ type, outcome, details, by: principal?.id }))
  })
  const answers: unknown[] = []
  const trail: unknown[] = []
  for (const request of REQUESTS) {
    const headers = request === NOBODY ? {} : { authorization: `Bearer ${TOKEN}` }
    const origin = request === FOREIGN ? 'https://evil.example' : PAGE
    const answer = await app.inject(
      request === INPUT
        ? { method: 'POST', url: request, payload: { age: '7', more: true }, headers: { ...headers, origin } }
        : typeof request === 'string'
          ? { method: request === FOREIGN ? 'DELETE' : 'GET', url: request, headers: { ...headers, origin } }
          : { method: 'POST', url: '/graphql', payload: request, headers: { ...headers, origin } },
    )
    expect(answer.headers['vary']).toBe('Origin')
    const { ratelimit, 'ratelimit-policy': policy } = answer.headers
    // The seconds until a window is free again depend on the clock, the rest must not differ.
    answers.push([
      answer.statusCode,
      answer.body.replaceAll(/"retryAfter":\d+/g, ''),
      String(ratelimit).replaceAll(/;t=\d+/g, ''),
      policy,
      answer.headers['access-control-allow-origin'],
      answer.headers['cache-control'],
    ])
    await app.audit.flush()
    const records: readonly AuditRecord[] = await app.audit.timeline(String(answer.headers['x-request-id']))
    trail.push(records.map((record) => timeless(record)))
  }
  await app.close()
  return { answers, events, trail }
}

function shuffled(seed: number): number[] {
  let state = seed
  const next = (): number => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648
  return PARTS.map((_part, index) => ({ index, rank: next() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ index }) => index)
}

describe('the order of registration', () => {
  it('changes no status, body, charge or event, in 20 shuffled orders', { timeout: 120_000 }, async () => {
    const expected = await run([...PARTS.keys()])
    const statuses = expected.answers.map((answer) => (answer as unknown[])[0])
    expect(new Set(statuses)).toEqual(new Set([200, 400, 401, 403, 404, 429, 500]))
    // Each gate had its say: masked, asked the database as the tenant, refused what is no statement, recorded.
    const bodies = expected.answers.map((answer) => (answer as unknown[])[1]).join('\n')
    expect(bodies).toContain('"ssn":"***-**-6789"')
    expect(bodies).toContain('{"harmless":[{"number":"***-**-6789"}],"orders":[{"id":1,"tag":null}]}')
    expect(bodies).not.toContain('123-45')
    for (const code of [
      'MAX_DEPTH',
      'QUERY_TOO_EXPENSIVE',
      'USER_RATE_LIMIT',
      'UNSAFE_SQL',
      'FORBIDDEN',
      'ORIGIN_NOT',
      'BAD_USER_INPUT',
    ]) {
      expect(bodies).toContain(code)
    }
    expect(expected.trail.every((records) => (records as unknown[]).length > 0)).toBe(true)
    for (let seed = 1; seed <= 20; seed++) {
      const order = shuffled(seed)
      expect(await run(order), `order ${order.join()}`).toEqual(expected)
    }
  })
})
