import { inspect } from 'node:util'
import kernel from '@portcullis/kernel'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import safeDb, { sql } from '../src/index.ts'
import type { SqlQuery } from '../src/index.ts'
import { startDatabase } from './database.ts'
import type { TestDatabase } from './database.ts'
import { RULES, SQL_STATES } from './sql-states.ts'

/** Is in every value, message, detail, hint and row that the database could tell. */
const SECRET = 'hidden-4711'
const PASSWORD = 'app password'

const PREPARE = `
  create function raise_it(state text, secret text) returns int language plpgsql as $$
    begin
      raise exception using errcode = state, message = 'said ' || secret, detail = 'row (' || secret || ')', hint = 'try ' || secret;
    end $$;
  create table people (id int primary key, name text not null unique, age int check (age > 0), boss int references people);
  insert into people values (1, '${SECRET}', 5, null);
  create table short (code varchar(3));
  create table locked (id int);
  create table guarded (name text);
  alter table guarded enable row level security;
  alter table guarded force row level security;
  create policy none on guarded using (true) with check (name <> '${SECRET}');
  create function divide(secret text) returns int language sql as $$ select length(secret) / 0 $$;
  create function endless(secret text) returns int language sql as $$ select endless(secret) $$;
  create type mood as enum ('good');
  create domain positive as int check (value > 0);
  grant select, insert, update, delete on people, guarded, short to app;
`

/** Statements that real databases refuse, each with a secret among its values or rows. */
const PROVOKED: readonly (readonly [string, () => SqlQuery])[] = [
  ['23505', () => sql`insert into people values (2, ${SECRET})`],
  ['23502', () => sql`insert into people (id, age) values (3, length(${SECRET}))`],
  ['23514', () => sql`insert into people values (4, ${`${SECRET}4`}, -1)`],
  ['23503', () => sql`insert into people values (5, ${`${SECRET}5`}, 1, 99)`],
  ['22P02', () => sql`select ${SECRET}::int`],
  ['22P02', () => sql`select ${SECRET}::uuid`],
  ['22P02', () => sql`select ${SECRET}::mood`],
  ['22P02', () => sql`select ${`{"a": ${SECRET}`}::json`],
  ['22P02', () => sql`select ${`{${SECRET}`}::text[]`],
  ['22007', () => sql`select ${SECRET}::date`],
  ['22008', () => sql`select ${'2000-13-45'}::date, ${SECRET}::text`],
  ['22003', () => sql`select 2147483647 + length(${SECRET})`],
  ['22012', () => sql`select length(${SECRET}) / 0`],
  ['22012', () => sql`select divide(${SECRET})`],
  ['22001', () => sql`insert into short values (${SECRET})`],
  ['2201B', () => sql`select ${SECRET} ~ ${'['}`],
  ['22023', () => sql`select make_interval(secs => length(${SECRET})) from generate_series(1, 2, 0)`],
  ['2201W', () => sql`select ${SECRET}::text limit ${-1}::int`],
  ['23514', () => sql`select (-length(${SECRET}))::positive`],
  ['54001', () => sql`select endless(${SECRET})`],
  ['42703', () => sql`select hidden_4711 from people where name = ${SECRET}`],
  ['42P01', () => sql`select * from nowhere where name = ${SECRET}`],
  ['42883', () => sql`select nothing(${SECRET})`],
  ['42601', () => sql`select from where ${SECRET}`],
  ['42804', () => sql`select case when true then ${SECRET}::text else 1 end`],
  ['42846', () => sql`select ${SECRET}::text::bytea::point`],
  ['42702', () => sql`select name from people a, people b where a.name = ${SECRET}`],
  ['42803', () => sql`select name, count(*) from people where name = ${SECRET}`],
  ['42501', () => sql`select * from locked where id = length(${SECRET})`],
  ['42501', () => sql`insert into guarded values (${SECRET})`],
  ['21000', () => sql`select (select id from generate_series(1, 2) as id), ${SECRET}::text`],
  ['42P10', () => sql`insert into people values (6, ${SECRET}) on conflict (age) do nothing`],
  ['42P18', () => sql`select ${null} || array[]`],
  ['57014', () => sql`select pg_sleep(5), ${SECRET}::text`],
]

describe.each([15, 18] as const)('M6: an error of PostgreSQL %d', (version) => {
  let database: TestDatabase
  let app: FastifyInstance
  const told: string[] = []
  let statement: SqlQuery = sql`select 1`

  beforeAll(async () => {
    // With a small stack, a function without end fails before its time is up.
    database = await startDatabase({ version, settings: { max_stack_depth: '100kB' } })
    await database.admin(PREPARE)
    app = Fastify({ logger: { level: 'trace', stream: { write: (line) => void told.push(line) } } })
    void app.register(kernel, { environment: 'production' })
    void app.register(safeDb, { dsn: database.dsn, tls: 'disable', statementTimeout: 800 })
    app.get('/query', (request) => request.db.query(statement))
    app.get('/exec', (request) => request.db.exec(statement))
    app.get('/tx', (request) => request.db.tx((tx) => tx.exec(statement)))
    await app.after()
    app.securityEvents.subscribe((event) => void told.push(inspect(event, { depth: 9, showHidden: true })))
    await app.ready()
  })
  afterAll(async () => {
    await app.close()
    await database.server.stop()
  })

  /** Everything of an error that anybody could print, and whether a secret is in it. */
  function leaks(error: unknown): boolean {
    const texts = [
      inspect(error, { depth: 12, showHidden: true, getters: true }),
      JSON.stringify(error) ?? '',
    ]
    for (let one = error; one instanceof Error; one = one.cause)
      texts.push(
        one.message,
        String(one.stack),
        String(one),
        ...Object.values(one).map((value) => inspect(value)),
      )
    return [...texts, ...told.splice(0)].some((text) => text.includes(SECRET) || text.includes(PASSWORD))
  }

  async function errorOf(work: Promise<unknown>): Promise<Error & Record<string, unknown>> {
    return work.then(
      () => new Error('it was run') as Error & Record<string, unknown>,
      (error: unknown) => error as Error & Record<string, unknown>,
    )
  }

  it(
    'of every SQLSTATE has its status and code, keeps the state, and tells nothing else',
    { timeout: 60_000 },
    async () => {
      expect(SQL_STATES.length).toBeGreaterThan(230)
      for (const state of SQL_STATES) {
        const raise = sql`select raise_it(${state}, ${SECRET})`
        const [, statusCode, code] = RULES.find(([pattern]) => pattern.test(state)) ?? []
        for (const work of [() => app.db.query(raise), () => app.db.tx((tx) => tx.query(raise))]) {
          const error = await errorOf(work())
          expect([state, error['sqlState'], error['statusCode'], error['code']]).toEqual([
            state,
            state,
            statusCode,
            code,
          ])
          expect([state, leaks(error)]).toEqual([state, false])
        }
        statement = raise
        const answer = await app.inject('/query')
        told.push(answer.body, JSON.stringify(answer.headers))
        expect([state, answer.statusCode, answer.headers['retry-after'], leaks(undefined)]).toEqual([
          state,
          statusCode,
          statusCode === 503 ? '1' : undefined,
          false,
        ])
      }
      expect(app.db.status.write).toMatchObject({ taken: 0, waiting: 0 })
    },
  )

  it('that real statements provoke tells neither values nor rows nor SQL', { timeout: 60_000 }, async () => {
    for (const [expected, make] of PROVOKED) {
      statement = make()
      for (const url of ['/exec', '/tx']) {
        const answer = await app.inject(url)
        expect([expected, answer.statusCode >= 400]).toEqual([expected, true])
        told.push(answer.body)
        for (const word of ['people', 'select', 'insert', 'people_name_key'])
          expect(answer.body).not.toContain(word)
      }
      const error = await errorOf(app.db.exec(statement))
      expect([expected, error['sqlState'], leaks(error)]).toEqual([expected, expected, false])
      for (const name of ['detail', 'hint', 'where', 'internalQuery', 'query', 'severity', 'routine', 'file'])
        expect(error).not.toHaveProperty(name)
      expect(error.cause).toBeUndefined()
    }
  })

  it('of a conflict, a deadlock, a lock and a killed backend is the same', { timeout: 60_000 }, async () => {
    await database.admin("insert into people values (71, 'a', 1), (72, 'b', 1)")
    const write = (id: number) => sql`update people set age = age + length(${SECRET}) where id = ${id}`
    let waiting: (() => void) | undefined
    /** Waits until both are here. */
    const both = (): Promise<void> =>
      new Promise((resolve) => {
        if (waiting === undefined) waiting = resolve
        else for (const one of [waiting, resolve]) one()
      })
    const crossing = await Promise.all(
      [
        [71, 72],
        [72, 71],
      ].map(([first = 0, second = 0]) =>
        errorOf(
          app.db.tx(async (tx) => {
            await tx.exec(write(first))
            await both()
            await tx.exec(write(second))
          }),
        ),
      ),
    )
    const failed = crossing.filter(({ message }) => message !== 'it was run')
    expect(failed.length).toBeGreaterThan(0)
    for (const error of failed) {
      expect(['40P01', '57014', '55P03']).toContain(error['sqlState'])
      expect(leaks(error)).toBe(false)
    }
    const serial = { isolation: 'serializable' } as const
    const conflict = await errorOf(
      app.db.tx(async (tx) => {
        await tx.query(sql`select * from people`)
        await app.db.exec(write(71))
        await tx.exec(write(71))
      }, serial),
    )
    expect([conflict['sqlState'], conflict['statusCode'], leaks(conflict)]).toEqual(['40001', 503, false])
    const killed = await errorOf(
      app.db.query(sql`select pg_terminate_backend(pg_backend_pid()), ${SECRET}::text`),
    )
    expect([killed['statusCode'], leaks(killed)]).toEqual([503, false])
  })
})
