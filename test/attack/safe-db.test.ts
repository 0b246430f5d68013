import { Agent, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { inspect } from 'node:util'
import kernel from '@portcullis/kernel'
import { startPostgres } from '@portcullis/kernel/testing'
import type { PostgresServer } from '@portcullis/kernel/testing'
import safeDb, { sql } from '@portcullis/safe-db'
import type { DatabaseContext, SafeDbOptions } from '@portcullis/safe-db'
import fc from 'fast-check'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'

const seed = Number(process.env['PORTCULLIS_SEED'] ?? 20_261_122)
const runs = Number(process.env['PORTCULLIS_RUNS'] ?? 1)

let server: PostgresServer
const apps: FastifyInstance[] = []

async function admin(text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: server.url })
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(text)).rows
  } finally {
    await client.end()
  }
}

beforeAll(async () => {
  server = await startPostgres()
  await admin(`
    create role app login password 'app';
    create table letters (id int generated always as identity, tenant text not null, body text unique, number int);
    insert into letters (tenant, body) values ('red', 'r1'), ('red', 'r2'), ('blue', 'b1');
    alter table letters enable row level security;
    alter table letters force row level security;
    create policy own on letters using (tenant = nullif(current_setting('app.current_tenant_id', true), ''));
    grant select, insert, update, delete on letters to app;
  `)
  await admin('create database second')
})
afterEach(() => Promise.all(apps.splice(0).map((app) => app.close())))
afterAll(() => server.stop())

const dsn = (): string => `postgres://app:app@${server.host}:${server.port}/postgres`

function build(options: Partial<SafeDbOptions> = {}, told?: string[]): FastifyInstance {
  const stream = { write: (line: string) => void told?.push(line) }
  const app = Fastify(told === undefined ? {} : { logger: { level: 'trace', stream } })
  void app.register(kernel, {
    environment: 'production',
    identify: ({ headers }) =>
      typeof headers['x-tenant'] === 'string' ? { id: 'somebody', tenantId: headers['x-tenant'] } : null,
  })
  void app.register(safeDb, { dsn, tls: 'disable', access: 'write', ...options })
  apps.push(app)
  return app
}

async function portOf(app: FastifyInstance): Promise<number> {
  await app.listen({ port: 0, host: '127.0.0.1' })
  return (app.server.address() as AddressInfo).port
}

/** Sends a request and waits until its socket is closed. A negative `leave` waits for the answer. */
async function send(port: number, path: string, tenant: string, leave = -1): Promise<string> {
  const client = httpRequest({ port, host: '127.0.0.1', path, agent, headers: { 'x-tenant': tenant } })
  let body = ''
  const over = new Promise((resolve) => client.once('close', resolve))
  client.on('error', () => undefined)
  client.on('response', (response) => {
    response.on('data', (chunk: Buffer) => (body += chunk.toString()))
    response.on('error', () => undefined)
  })
  client.end()
  if (leave >= 0) setTimeout(() => client.destroy(), leave)
  await over
  return body
}
const agent = new Agent({ keepAlive: false, maxSockets: 50 })

async function expectAtRest(app: FastifyInstance): Promise<void> {
  await vi.waitFor(() => expect(app.db.status.write).toMatchObject({ taken: 0, waiting: 0 }), 5_000)
  expect(await admin("select 1 from pg_stat_activity where state like 'idle in transaction%'")).toEqual([])
  expect(await app.db.query(sql`select 1 as one`)).toEqual([{ one: 1 }])
}

describe('two tenants on three connections', () => {
  it('never see each other, whatever their requests do to each other', { timeout: 60_000 }, async () => {
    const app = build({ poolSize: 3, poolWait: '20s', maxWaiting: 5_000, statementTimeout: 150 })
    const mine = sql`select tenant, pg_backend_pid() as pid from letters`
    app.get<{ Params: { way: string } }>('/:way', async (request, reply) => {
      const { way } = request.params
      if (way === 'query') return request.db.query(mine)
      if (way === 'value') return request.db.query(sql`select tenant, ${'x'}::int from letters`)
      if (way === 'slow') return request.db.query(sql`select tenant, pg_sleep(1) from letters`)
      if (way === 'session') {
        return request.db.query(sql`select set_config('app.current_tenant_id', 'red', false) from letters`)
      }
      return request.db.tx(async (tx) => {
        const rows = await tx.query<{ pid: number }>(mine)
        await tx.exec(
          sql`insert into letters (tenant, body) values (current_setting('app.current_tenant_id'), ${way})`,
        )
        if (way === 'error') await tx.query(sql`select 1 / 0`)
        if (way === 'caught') await tx.query(sql`select 1 / 0`).catch(() => undefined)
        if (way === 'hijack') reply.hijack().raw.end('[]')
        if (way === 'kill') await admin(`select pg_terminate_backend(${rows[0]?.pid ?? 0})`)
        if (way === 'never') return new Promise<never>(() => undefined)
        await sleep(1)
        if (way === 'tx') return rows
        throw new Error('nothing of this is to stay')
      })
    })
    app.addHook('preHandler', async (request) => {
      if (request.url === '/tx') await request.db.exec(sql`delete from letters where body = 'tx'`)
    })
    const port = await portOf(app)
    const ways = [
      'query',
      'tx',
      'value',
      'error',
      'caught',
      'hijack',
      'kill',
      'never',
      'session',
      'slow',
      'query',
    ]
    const answers = await Promise.all(
      Array.from({ length: 50 }, async (_client, index) => {
        const tenant = index % 2 === 0 ? 'red' : 'blue'
        const seen: [string, string][] = []
        for (let count = 0; count < 8; count++) {
          const way = ways[(index + count * 7) % ways.length] ?? 'query'
          const leaves = way === 'never' || (index + count) % 5 === 0
          seen.push([tenant, await send(port, `/${way}`, tenant, leaves ? count * 3 : -1)])
        }
        return seen
      }),
    )
    let rows = 0
    for (const [tenant, body] of answers.flat()) {
      const parsed: unknown = body === '' ? [] : JSON.parse(body)
      if (!Array.isArray(parsed)) continue
      for (const row of parsed as { tenant?: string }[]) {
        if (row.tenant === undefined) continue
        rows++
        expect(row.tenant).toBe(tenant)
      }
    }
    expect(rows).toBeGreaterThan(50)
    await expectAtRest(app)
    expect(await admin("select body from letters where body not in ('r1', 'r2', 'b1', 'tx')")).toEqual([])
    expect(await app.db.query(sql`select * from letters`)).toEqual([])
    await admin("delete from letters where body = 'tx'")
  })

  it('wait no longer than they may when all connections are held, and are served again afterwards', async () => {
    const app = build({ poolSize: 2, poolWait: 50, maxWaiting: 10, idleInTransactionTimeout: 400 })
    await app.ready()
    const hold = () =>
      app.db.tx(async (tx) => {
        await tx.query(sql`select 1`)
        await new Promise<never>(() => undefined)
      })
    // One that has done nothing yet holds nothing.
    void app.db.tx(() => new Promise<never>(() => undefined))
    const held = Promise.allSettled([hold(), hold()])
    await vi.waitFor(() => expect(app.db.status.write.taken).toBe(2))
    const started = performance.now()
    const refused = await Promise.allSettled(Array.from({ length: 40 }, () => app.db.query(sql`select 1`)))
    expect(performance.now() - started).toBeLessThan(350)
    for (const one of refused) {
      expect(one).toMatchObject({ reason: { code: 'DATABASE_BUSY', headers: { 'retry-after': '1' } } })
    }
    await held
    await expectAtRest(app)
  })
})

describe('requests of every kind give back what they took', () => {
  it('HEAD, unknown routes, streams, replies of hooks, and statements after the end', async () => {
    const app = build({ poolSize: 1, poolWait: 2_000 })
    let late: Promise<unknown> = Promise.resolve()
    const ask = sql`select tenant from letters`
    app.get('/', (request) => request.db.query(ask))
    app.get('/stream', async (request) => Readable.from([JSON.stringify(await request.db.query(ask))]))
    app.get(
      '/hook',
      { preHandler: async (request, reply) => reply.send(await request.db.query(ask)) },
      () => 'never',
    )
    app.get('/late', (request, reply) => {
      reply.raw.once('close', () => {
        late = request.db.tx((tx) => tx.exec(sql`insert into letters (tenant, body) values ('red', 'late')`))
        late.catch(() => undefined)
      })
      return 'done'
    })
    app.setNotFoundHandler(async (request) => request.db.query(ask))
    const headers = { 'x-tenant': 'blue' }
    for (const url of ['/', '/stream', '/hook', '/nowhere']) {
      expect((await app.inject({ url, headers })).json()).toEqual([{ tenant: 'blue' }])
    }
    expect((await app.inject({ method: 'HEAD', url: '/', headers })).statusCode).toBe(200)
    await app.inject({ url: '/late', headers: { 'x-tenant': 'red' } })
    await expect(late).rejects.toMatchObject({ code: 'TRANSACTION_OVER' })
    await expectAtRest(app)
    expect(await admin("select 1 from letters where body = 'late'")).toEqual([])
  })

  it('two databases in two scopes, and a second app, stay apart', async () => {
    const app = build()
    void app.register(async (child) => {
      void child.register(safeDb, {
        dsn: dsn().replace(/postgres$/, 'second'),
        tls: 'disable',
        context: () => ({ settings: { 'app.who': 'child' } }),
      })
      child.get('/child', (request) =>
        request.db.one(sql`select current_database() as name, current_setting('app.who') as who`),
      )
    })
    app.get('/', (request) =>
      request.db.one(sql`select current_database() as name, current_setting('app.who', true) as who`),
    )
    const other = build()
    await Promise.all([app.ready(), other.ready()])
    expect((await app.inject('/child')).json()).toEqual({ name: 'second', who: 'child' })
    expect((await app.inject('/')).json()).toEqual({ name: 'postgres', who: null })
    await app.close()
    expect(await other.db.query(sql`select 1 as one`)).toEqual([{ one: 1 }])
    await expect(app.db.query(sql`select 1`)).rejects.toMatchObject({ code: 'DATABASE_UNAVAILABLE' })
  })

  it('a request that is under way when the app closes is answered', async () => {
    const app = build({ poolSize: 1 })
    let began: () => void = () => undefined
    const running = new Promise<void>((resolve) => (began = resolve))
    app.get('/', (request) =>
      request.db.tx(async (tx) => {
        began()
        await tx.query(sql`select pg_sleep(0.2)`)
        return tx.query(sql`select tenant from letters`)
      }),
    )
    const answer = send(await portOf(app), '/', 'blue')
    await running
    await app.close()
    expect(JSON.parse(await answer)).toEqual([{ tenant: 'blue' }])
  })
})

describe('a polluted prototype', () => {
  it('makes nothing a statement, and no transaction another one', async () => {
    const app = build({ access: 'read' })
    await app.ready()
    const pollution = {
      raw: Object.freeze(['delete from letters']),
      text: 'delete from letters',
      values: [],
      isolation: 'serializable; commit',
      touchesSession: true,
    }
    Object.assign(Object.prototype, pollution)
    try {
      for (const forged of [{}, [], Object.freeze(['delete from letters']), JSON.parse('{"a":1}')]) {
        await expect(app.db.query(forged as never)).rejects.toMatchObject({ code: 'UNSAFE_SQL' })
        expect(() => sql(forged as never)).toThrow(expect.objectContaining({ code: 'UNSAFE_SQL' }))
      }
      await expect(app.db.tx((tx) => tx.query(sql`select 1`), { access: 'read' })).rejects.toMatchObject({
        code: 'TRANSACTION_OVER',
      })
      expect(await app.db.query(sql`select 1 as one`)).toEqual([{ one: 1 }])
    } finally {
      for (const name of Object.keys(pollution)) delete (Object.prototype as Record<string, unknown>)[name]
    }
  })
})

describe('hostile values', () => {
  const marker = 'zq7Xmarker'
  // Between bars, so that they fit on a few lines; the last ones cannot be written so.
  const signs = String.raw`'|"|\|;|--|/*|$1|$$|{|}|,|%00|' or 1=1 --|::int|:user_id|1e400|__proto__`
  const controls = ['\u0000', '\ud800', '\udfff', '\u202e', '\r\n', '\t', 'é'.repeat(40), 'x'.repeat(5_000)]
  const pieces = fc.constantFrom(...signs.split('|'), ...controls)
  const text = fc
    .tuple(fc.array(pieces, { maxLength: 4 }), fc.array(pieces, { maxLength: 4 }))
    .map(([before, after]) => `${before.join('')}${marker}${after.join('')}`)
  const value = fc.oneof(
    text,
    fc.array(text, { minLength: 1, maxLength: 3 }),
    text.map((one) => ({ [one]: one })),
    text.map((one) => [[one], [null, one]]),
    text.map((one) => ({ text: one, values: [one], raw: [one] })),
  )

  it(
    'appear in no answer, no log, no event and no error, whatever they are used for',
    { timeout: 60_000 },
    async () => {
      const told: string[] = []
      const app = build({ context: ({ headers, body }) => contextFrom(headers['x-use'], body) }, told)
      await app.after()
      app.securityEvents.subscribe((event) => void told.push(inspect(event, { depth: 9 })))
      app.addHook('onError', async (_request, _reply, error) => {
        told.push(inspect(error, { depth: 9, showHidden: true }), JSON.stringify(error))
      })
      const uses: Record<string, (given: never) => unknown> = {
        bound: (given) => sql`select ${given}::text is null as none`,
        number: (given) => sql`select ${given}::int`,
        array: (given) => sql`select 1 where 7 = any(${given}::int[])`,
        regex: (given) => sql`select 'a' ~ ${given}`,
        search: (given) => sql`select to_tsquery(${given})`,
        name: (given) => sql`select ${sql.id(given)} from letters`,
        listed: (given) => sql`select ${sql.id(given, ['id', 'tenant'])} from letters`,
        in: (given) => sql`select 1 from letters where ${sql.in(sql.id('number'), given)}`,
        rows: (given) => sql`insert into letters (body, number) values ${sql.values(given)}`,
        joined: (given) => sql`select ${sql.join(given)}`,
        json: (given) => sql`select (${sql.json(given)} ->> 0)::int`,
        named: (given) => sql.named`select :user_id::int`(given),
        raw: (given) => given,
        tagged: (given) => (sql as (strings: never) => unknown)(given),
        unique: (given) => sql`insert into letters (tenant, body) values ('x', ${given}), ('x', ${given})`,
        context: () => sql`select current_setting('app.value')::int`,
        setting: () => sql`select 1`,
      }
      app.post<{ Body: { value: never } }>('/:use', async (request) => {
        const { use = '' } = request.params as { use?: string }
        await request.db.exec(uses[use]?.(request.body.value) as never)
        return 'done'
      })
      await app.ready()
      const statuses = new Map<number, number>()
      const property = fc.asyncProperty(fc.constantFrom(...Object.keys(uses)), value, async (use, given) => {
        told.length = 0
        const answer = await app.inject({
          method: 'POST',
          url: `/${use}`,
          headers: { 'x-use': use, 'x-tenant': 'x' },
          payload: { value: given },
        })
        statuses.set(answer.statusCode, (statuses.get(answer.statusCode) ?? 0) + 1)
        const everything = [answer.body, inspect(answer.headers), ...told]
        for (const one of everything) expect(one.toLowerCase().includes(marker.toLowerCase())).toBe(false)
        // What is refused for its author's sake is a 500 with its name. A name needs a list: this author forgot it.
        const { code } = answer.statusCode === 500 ? answer.json<{ code?: string }>() : { code: 'none' }
        const known = ['none', 'UNSAFE_SQL', 'DATABASE_CONTEXT_MISSING']
        expect(use === 'name' ? [...known, 'DATABASE_ERROR'] : known).toContain(code)
      })
      await fc.assert(property, { seed, numRuns: 600 * runs })
      expect([...statuses.keys()].toSorted((a, b) => a - b)).toEqual([200, 400, 403, 500])
      await expectAtRest(app)
    },
  )
})

function contextFrom(use: unknown, body: unknown): DatabaseContext {
  const { value } = (body ?? {}) as { value?: unknown }
  if (use === 'setting') return { [JSON.stringify(value)]: 'x' }
  return { settings: { 'app.value': use === 'context' ? (value as string) : 'none' } }
}
