import { createHash, randomBytes } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { sql } from '../src/index.ts'
import { appWith, eventsOf, startDatabase } from './database.ts'
import type { TestDatabase } from './database.ts'

let database: TestDatabase
let app: FastifyInstance

beforeAll(async () => {
  database = await startDatabase()
  app = appWith({ dsn: database.dsn })
  app.get('/orders', (request) => request.db.query(sql`select id from orders order by id`))
  await app.ready()
})
beforeEach(() => database.admin('truncate things'))
afterAll(async () => {
  await app.close()
  await database.server.stop()
})

const put = (id: number, tag: string | null = null, amount = 0) =>
  app.db.exec(sql`insert into things (id, tag, amount) values (${id}, ${tag}, ${amount})`)

describe('queries', () => {
  it('answer rows, one row, perhaps a row, at least a row', async () => {
    await put(1, 'a')
    await put(2, 'b')
    expect(await app.db.query(sql`select id, tag from things order by id`)).toEqual([
      { id: 1, tag: 'a' },
      { id: 2, tag: 'b' },
    ])
    expect(await app.db.one(sql`select tag from things where id = ${1}`)).toEqual({ tag: 'a' })
    expect(await app.db.maybeOne(sql`select tag from things where id = ${3}`)).toBeUndefined()
    await expect(app.db.one(sql`select 1 from things where id = ${3}`)).rejects.toMatchObject({
      code: 'DATABASE_NO_ROW',
      statusCode: 404,
    })
    await expect(app.db.many(sql`select 1 from things where id = ${3}`)).rejects.toMatchObject({
      code: 'DATABASE_NO_ROW',
    })
    await expect(app.db.maybeOne(sql`select id from things`)).rejects.toMatchObject({
      code: 'DATABASE_TOO_MANY_ROWS',
    })
  })

  it('exec answers how many rows changed, and what returning gave', async () => {
    await put(1)
    await put(2)
    expect(await app.db.exec(sql`update things set amount = 5 where id > ${0} returning id`)).toMatchObject({
      rowCount: 2,
      rows: [{ id: 1 }, { id: 2 }],
    })
  })

  it('only exec and transactions write: query is read-only, whatever it calls', async () => {
    const writing = sql`insert into things (id) values (7) returning id`
    await expect(app.db.query(writing)).rejects.toMatchObject({
      code: 'DATABASE_READ_ONLY',
      sqlState: '25006',
    })
    const undoing = sql`with off as (select set_config('transaction_read_only', 'off', true)), w as (insert into things (id) values (8) returning id) select * from off, w`
    await expect(app.db.query(undoing)).rejects.toMatchObject({ code: expect.any(String) })
    expect(await app.db.query(sql`select id from things`)).toEqual([])
  })

  it('keep a column that is named __proto__ a column', async () => {
    const row = await app.db.one(sql`select 'x' as "__proto__"`)
    expect(Object.getOwnPropertyDescriptor(row, '__proto__')?.value).toBe('x')
    expect(Object.getPrototypeOf(row)).toBe(Object.prototype)
  })

  it('use the extended protocol without parameters too: several statements never run', async () => {
    const prepared = await app.db.query(sql`select 1 as one`)
    expect(prepared).toEqual([{ one: 1 }])
    for (const text of [sql`select 1; select 2`, sql`select 1;/* */delete from things`]) {
      await expect(app.db.query(text)).rejects.toMatchObject({ code: 'UNSAFE_SQL' })
    }
  })
})

describe('row-level security', () => {
  it('knows the tenant of each request and nobody without one', async () => {
    const ids = async (tenant?: string): Promise<unknown> => {
      const headers = tenant === undefined ? {} : { 'x-tenant': tenant }
      return (await app.inject({ url: '/orders', headers })).json()
    }
    expect(await ids('red')).toEqual([{ id: 1 }, { id: 2 }])
    expect(await ids('blue')).toEqual([{ id: 3 }])
    expect(await ids()).toEqual([])
    expect(await app.db.query(sql`select id from orders`)).toEqual([])
    expect(await ids("red' or '1'='1")).toEqual([])
  })

  it('never mixes tenants, however their requests race on few connections', async () => {
    const small = appWith({ dsn: database.dsn, poolSize: 2, maxWaiting: 1_000, poolWait: '20s' })
    small.get('/orders', async (request) => ({
      one: await request.db.query(sql`select tenant from orders`),
      all: await request.db.tx(async (tx) => {
        await tx.query(sql`select pg_sleep(0.001)`)
        return tx.query(sql`select tenant from orders`)
      }),
    }))
    await small.ready()
    const tenants = Array.from({ length: 200 }, (_, index) => (index % 3 === 0 ? 'blue' : 'red'))
    const answers = await Promise.all(
      tenants.map((tenant) => small.inject({ url: '/orders', headers: { 'x-tenant': tenant } })),
    )
    for (const [index, answer] of answers.entries()) {
      const { one, all } = answer.json<{ one: { tenant: string }[]; all: { tenant: string }[] }>()
      const seen = new Set([...one, ...all].map(({ tenant }) => tenant))
      expect([...seen]).toEqual([tenants[index]])
    }
    expect(small.db.status.write).toMatchObject({ taken: 0, waiting: 0 })
    await small.close()
  })

  it('leaves nothing in the session', async () => {
    const one = appWith({ dsn: database.dsn, poolSize: 1 })
    one.get('/', (request) =>
      request.db.query(sql`select current_setting('app.current_tenant_id', true) as tenant`),
    )
    await one.ready()
    expect((await one.inject({ url: '/', headers: { 'x-tenant': 'red' } })).json()).toEqual([
      { tenant: 'red' },
    ])
    const after = sql`select current_setting('app.current_tenant_id', true) as tenant, current_setting('transaction_read_only') as ro`
    const { rows } = await one.db.exec(after)
    expect(rows).toEqual([{ tenant: '', ro: 'off' }])
    expect(await one.db.query(sql`select pg_backend_pid() is not null as same`)).toEqual([{ same: true }])
    expect(one.db.status.write.open).toBe(1)
    await one.close()
  })

  it.each([
    ['a setting', sql`select set_config('app.current_tenant_id', 'red', false)`],
    ['a setting of the view', sql`update pg_settings set setting = 'red' where name = 'lock_timeout'`],
    ['a lock', sql`select pg_advisory_lock(1)`],
    ['a table', sql`select 1 as one into temp orders`],
    ['one in escapes', sql`select U&"set!005Fconfig" uescape '!' ('app.current_tenant_id', 'red', false)`],
    [
      'one that a function sets',
      sql`select query_to_xml($$select set_config('app.current_tenant_id', 'red', false)$$, true, false, '')`,
    ],
    ['a lock that a function takes', sql`select query_to_xml('select PG_ADVISORY_LOCK(1)', true, false, '')`],
    ['a local table', sql`select 1 as one into local temp orders`],
    ['a quoted one', sql`select pg_catalog."set_config"('app.current_tenant_id', 'red', false)`],
  ])('of a session: %s that a statement leaves there is there for nobody else', async (_name, statement) => {
    const one = appWith({ dsn: database.dsn, poolSize: 1 })
    await one.ready()
    const session = sql`select pg_backend_pid() as pid, current_setting('app.current_tenant_id', true) as tenant,
      to_regclass('pg_temp.orders') as table, (select count(*)::int from pg_locks where locktype = 'advisory') as locks`
    const [before] = await one.db.query<{ pid: number }>(session)
    for (const run of [
      () => one.db.exec(statement),
      () => one.db.query(statement),
      () => one.db.tx((tx) => tx.exec(statement)),
    ]) {
      await run().catch(() => undefined)
      await vi.waitFor(async () => {
        const [after] = await one.db.query<{ pid: number }>(session)
        expect(after).toEqual({ pid: expect.any(Number), tenant: null, table: null, locks: 0 })
        expect(after?.pid).not.toBe(before?.pid)
      })
      expect(one.db.status.write).toEqual({ taken: 0, waiting: 0, open: 1 })
    }
    await one.close()
  })

  it('refuses before a connection is taken when the context is missing or none', async () => {
    const contexts: (() => unknown)[] = [
      () => undefined,
      () => ({}),
      () => ({ role: 'postgres' }),
      () => ({ 'app.user': 'a\u0000b' }),
      () => ({ 'app.user': 7 }),
      () => ({ 'app.user': 'x'.repeat(5_000) }),
      () => ({ "app.user', 'x', true); --": 'x' }),
      async () => null,
    ]
    for (const context of contexts) {
      const strict = appWith({ dsn: database.dsn, context: context as never })
      strict.get('/', (request) => request.db.query(sql`select 1`))
      await strict.ready()
      const before = strict.db.status.write.open
      const answer = await strict.inject({ url: '/', headers: { 'x-tenant': 'red' } })
      expect(answer.json()).toMatchObject({ statusCode: 500, code: 'DATABASE_CONTEXT_MISSING' })
      expect(strict.db.status.write).toEqual({ taken: 0, waiting: 0, open: before })
      await strict.close()
    }
  })
})

describe('errors', () => {
  it('are mapped, and hold neither values nor SQL', async () => {
    await put(1, 'secret tag')
    const cases = [
      [sql`insert into things (id, tag) values (9, ${'secret tag'})`, 'UNIQUE_VIOLATION', 409, '23505'],
      [sql`insert into things (id, amount) values (9, ${-12_345})`, 'DATABASE_VALUE_REFUSED', 400, '23514'],
      [sql`select ${'secret'}::int`, 'DATABASE_VALUE_REFUSED', 400, '22P02'],
      [sql`select * from secret_table`, 'DATABASE_ERROR', 500, '42P01'],
      [sql`insert into orders values (9, ${'secret'}, '')`, 'DATABASE_FORBIDDEN', 403, '42501'],
      [sql`select pg_sleep(9)`, 'DATABASE_TIMEOUT', 504, '57014'],
    ] as const
    const slow = appWith({ dsn: database.dsn, statementTimeout: 100 })
    await slow.ready()
    for (const [statement, code, statusCode, sqlState] of cases) {
      const error: unknown = await slow.db.exec(statement).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code, statusCode, sqlState })
      const { message, stack, ...rest } = error as Error
      expect(`${message} ${stack} ${JSON.stringify(rest)}`).not.toMatch(/secret|12345|Failing row|password/)
      expect((error as Error).cause).toBeUndefined()
    }
    expect(slow.db.status.write.taken).toBe(0)
    await slow.close()
  })
})

describe('values of a request', () => {
  it('that the database cannot work with are the request’s fault, not a defect', async () => {
    await database.admin(`
      create table parents (id int primary key);
      create table children (id int references parents on delete restrict);
      create table long_keys (key text primary key);
      create view few as select * from things where id < 10 with check option;
      insert into parents values (1);
      insert into children values (1);
      grant all on parents, children, long_keys, few to app;
    `)
    const long = randomBytes(20_000).toString('hex')
    const cases = [
      [sql`delete from parents where id = ${1}`, 'FOREIGN_KEY_VIOLATION'],
      [sql`insert into long_keys values (${long})`, 'DATABASE_VALUE_REFUSED'],
      [sql`insert into few (id) values (${99})`, 'DATABASE_VALUE_REFUSED'],
      [sql`select to_tsquery(${'a & & b'})`, 'DATABASE_VALUE_REFUSED'],
      [sql`select ${'$..['}::jsonpath`, 'DATABASE_VALUE_REFUSED'],
      [sql`select 'a' ~ ${'(('}`, 'DATABASE_VALUE_REFUSED'],
      [sql`select ${'a b'}::regclass`, 'DATABASE_VALUE_REFUSED'],
      [sql`select now() at time zone ${'nowhere'}`, 'DATABASE_VALUE_REFUSED'],
      [sql`select ${'['.repeat(200_000)}::jsonb`, 'DATABASE_VALUE_REFUSED'],
      [
        sql`insert into things (id) values ${sql.values([[7], [7]])} on conflict (id) do update set amount = 1`,
        'DATABASE_VALUE_REFUSED',
      ],
      [sql`selec 1 from things` as never, 'UNSAFE_SQL'],
      [sql`select 1 where`, 'DATABASE_ERROR'],
      [sql`select (select id from things union all select 1 union all select 2)`, 'DATABASE_ERROR'],
    ] as const
    for (const [statement, code] of cases) {
      await expect(app.db.exec(statement)).rejects.toMatchObject({ code })
    }
    expect(app.db.status.write.taken).toBe(0)
  })
})

describe('a connection', () => {
  it('gathers no listeners, however many statements fail on it', async () => {
    const warned = vi.spyOn(process, 'emitWarning')
    const one = appWith({ dsn: database.dsn, poolSize: 1 })
    await one.ready()
    for (let count = 0; count < 30; count++) {
      await one.db.query(sql`select * from nowhere`).catch(() => undefined)
      await one.db.query(sql`select 1`)
    }
    expect(warned).not.toHaveBeenCalled()
    expect(one.db.status.write).toEqual({ taken: 0, waiting: 0, open: 1 })
    await one.close()
  })
})

describe('events', () => {
  it('tell what became of each statement, and no value', async () => {
    const events = eventsOf(app)
    await put(5, 'hidden value')
    await app.db.query(sql`select * from things where tag = ${'hidden value'}`)
    await put(5, 'hidden value').catch(() => undefined)
    await app.db.query('select secret' as never).catch(() => undefined)
    expect(events.map(({ type, outcome }) => [type, outcome])).toEqual([
      ['db.query', 'succeeded'],
      ['db.query', 'succeeded'],
      ['db.query', 'failed'],
      ['db.query', 'refused'],
    ])
    const [first, second, third, last] = events.map(({ details }) => details)
    expect(first).toMatchObject({ kind: 'insert', access: 'write', rows: 1 })
    expect(second).toMatchObject({ kind: 'select', access: 'read', rows: 1 })
    expect(third).toMatchObject({ code: 'UNIQUE_VIOLATION', sqlState: '23505' })
    expect(last).toMatchObject({ code: 'UNSAFE_SQL' })
    expect((first as { fingerprint: string }).fingerprint).toBe(
      (third as { fingerprint: string }).fingerprint,
    )
    const sha256 = createHash('sha256').update('select * from things where tag = $1').digest('hex')
    expect(second).toMatchObject({ sha256, parameters: ['text(12)'] })
    expect(third).toMatchObject({ parameters: (first as { parameters: object }).parameters })
    // Text that was refused may hold values.
    expect(last).not.toHaveProperty('sha256')
  })

  it('tell kind and size of every sort of parameter, of at most a hundred', async () => {
    const events = eventsOf(app)
    await app.db.query(sql`select ${null}::int, ${Buffer.from('abc')}::bytea, ${[1, 22]}::int[], ${12}::int`)
    const many = Array.from({ length: 150 }, (_, index) => index)
    await app.db.query(sql`select 1 where 1 in (${sql.join(many.map((one) => sql`${one}::int`))})`)
    const [few, rest] = events.map(({ details }) => (details as { parameters: string[] }).parameters)
    expect(few).toEqual(['null', 'bytes(3)', 'text(10)', 'text(2)'])
    expect(rest).toHaveLength(101)
    expect(rest?.at(-1)).toBe('[50 more]')
    expect(JSON.stringify(events)).not.toMatch(/hidden|secret|things/)
  })
})
