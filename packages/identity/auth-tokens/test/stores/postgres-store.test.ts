import { setTimeout as delay } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { PostgresNotReady } from '../../src/stores/postgres-not-ready.ts'
import { postgresSchema } from '../../src/stores/postgres-schema.ts'
import { PostgresStore } from '../../src/stores/postgres-store.ts'
import type { Revocation, Revocations } from '../../src/stores/store.ts'
import { newSession, quietPool, startDatabase, TIMEOUT, useOf } from './harness.ts'
import type { TestDatabase } from './harness.ts'

let database: TestDatabase
let pool: pg.Pool
let store: PostgresStore
const closers: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  database = await startDatabase()
  pool = quietPool(database.dsn)
  store = new PostgresStore({ pool, timeout: TIMEOUT })
  await store.connect()
})
afterAll(async () => {
  await store.close()
  await pool.end()
  await database.close()
})
beforeEach(async () => {
  await database.admin.query(`truncate auth_tokens.sessions, auth_tokens.subjects, auth_tokens.revocations;
    update auth_tokens.state set everything_at = 0, horizon = 0`)
})
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

/** A connection that is in a transaction, which the test ends. */
async function transaction(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database.dsn })
  await client.connect()
  closers.push(() => client.end())
  await client.query('begin')
  return client
}

async function one<T>(client: pg.Client, call: string, values: unknown[] = []): Promise<T> {
  const { rows } = await client.query<{ answer: T }>(`select auth_tokens.${call} as answer`, values)
  return rows[0]?.answer as T
}

/** Whether a call waits for somebody. */
async function waits(call: Promise<unknown>): Promise<boolean> {
  return Promise.race([call.then(() => false), delay(200).then(() => true)])
}

const OPEN = "open('s9', 'ada', '{}', 'k1', 100000, 1000000, 60000, 100)"
const USE = "use('s1', 0, 10000, 'k1', 100000, 60000, null)"
type Issued = { issuedAt: number }

describe('calls that overlap', () => {
  it.each([
    ['subject', 'ada'],
    ['everything', ''],
  ] as const)(
    'a sign-in that is not through yet: the revocation of %s waits, and it ends with it',
    async (scope, id) => {
      const other = await transaction()
      const { issuedAt } = await one<Issued>(other, OPEN)
      const revoking = store.revoke(scope, id, 60_000)
      expect(await waits(revoking)).toBe(true)
      await other.query('commit')
      expect((await revoking).revokedAt).toBeGreaterThanOrEqual(issuedAt)
      expect(await store.use(useOf(0, { id: 's9' }))).toEqual({ outcome: 'ended' })
    },
  )

  it.each([
    ['session', 's1'],
    ['subject', 'ada'],
    ['everything', ''],
  ] as const)('a use that is not through yet: the revocation of %s waits for it', async (scope, id) => {
    await store.open(newSession())
    const other = await transaction()
    const { issuedAt } = await one<Issued>(other, USE)
    const revoking = store.revoke(scope, id, 60_000)
    expect(await waits(revoking)).toBe(true)
    await other.query('commit')
    expect((await revoking).revokedAt).toBeGreaterThanOrEqual(issuedAt)
    expect(await store.use(useOf(1))).toEqual({ outcome: 'ended' })
  })

  it.each([
    ['session', 's1'],
    ['subject', 'ada'],
    ['everything', ''],
  ] as const)(
    'a revocation of %s that is not through yet: a use waits and has come too late',
    async (scope, id) => {
      await store.open(newSession())
      const other = await transaction()
      const { revokedAt } = await one<Revocation>(other, 'revoke($1, $2, 60000)', [scope, id])
      const using = store.use(useOf(0))
      expect(await waits(using)).toBe(true)
      await other.query('commit')
      expect(await using).toEqual({ outcome: 'ended' })
      expect((await store.open(newSession())).issuedAt).toBeGreaterThan(scope === 'session' ? 0 : revokedAt)
    },
  )

  it.each([
    ['subject', 'ada'],
    ['everything', ''],
  ] as const)(
    'a revocation of %s that is not through yet: a sign-in waits and is later',
    async (scope, id) => {
      const other = await transaction()
      const { revokedAt } = await one<Revocation>(other, 'revoke($1, $2, 60000)', [scope, id])
      const opening = store.open(newSession())
      expect(await waits(opening)).toBe(true)
      await other.query('commit')
      expect((await opening).issuedAt).toBeGreaterThan(revokedAt)
      expect(await store.use(useOf(0))).toMatchObject({ outcome: 'used' })
    },
  )

  it('two sign-ins of a subject with one place: one session is left', async () => {
    const other = await transaction()
    await one(other, OPEN)
    const opening = store.open(newSession({ maxSessions: 1 }))
    expect(await waits(opening)).toBe(true)
    await other.query('commit')
    expect((await opening).evicted.map(({ id }) => id)).toEqual(['s9'])
    expect((await store.sessions('ada')).map(({ id }) => id)).toEqual(['s1'])
  })

  it('other subjects wait for nobody', async () => {
    await store.open(newSession({ id: 'b1', subject: 'bob' }))
    const other = await transaction()
    await one(other, 'revoke($1, $2, 60000)', ['subject', 'ada'])
    await store.use(useOf(0, { id: 'b1' }))
    await store.revoke('subject', 'bob', 60_000)
    await store.open(newSession({ id: 'b2', subject: 'bob' }))
  })
})

describe('the log', () => {
  it('misses nothing that was committed in another order, and tells nothing twice', async () => {
    const late = await transaction()
    await one(late, 'revoke($1, $2, 60000)', ['token', 'late'])
    let { cursor } = await store.snapshot()
    const seen: string[] = []
    const follow = async (): Promise<void> => {
      const changes = (await store.changes(cursor)) as Revocations
      seen.push(...changes.entries.map(({ id }) => id))
      cursor = changes.cursor
    }
    await store.revoke('token', 'early', 60_000)
    await follow()
    await store.revoke('token', 'next', 60_000)
    await follow()
    expect(seen).toEqual(['early', 'next'])
    await late.query('commit')
    await follow()
    await follow()
    expect(seen).toEqual(['early', 'next', 'late'])
  })

  it('a snapshot of several pages has all that is in force', async () => {
    await database.admin.query(`insert into auth_tokens.revocations (scope, id, revoked_at, expires_at)
      select 'token', 't' || n, 0, case when n % 3 = 0 then 0 else 9e15::bigint end from generate_series(1, 4500) n`)
    const { entries } = await store.snapshot()
    expect(new Set(entries.map(({ id }) => id)).size).toBe(3_000)
    expect(entries).toHaveLength(3_000)
  })

  it('who is very far behind needs a snapshot', async () => {
    const { cursor } = await store.snapshot()
    await database.admin.query(`insert into auth_tokens.revocations (scope, id, revoked_at, expires_at)
      select 'token', 't' || n, 0, 9e15::bigint from generate_series(1, 10001) n`)
    expect(await store.changes(cursor)).toBe('lost')
  })

  it('waits for the first change, for a while', async () => {
    const { cursor } = await store.snapshot()
    const start = performance.now()
    expect(await store.changes(cursor)).toMatchObject({ entries: [] })
    expect(performance.now() - start).toBeGreaterThan(400)
    const changes = store.changes(cursor)
    await store.revoke('token', 'a', 60_000)
    expect(await changes).toMatchObject({ entries: [{ id: 'a' }] })
  })
})

describe('what has expired', () => {
  it('is removed in pages, and what somebody works on is passed over', async () => {
    await database.admin.query(`
      insert into auth_tokens.revocations (scope, id, revoked_at, expires_at) select 'token', 't' || n, 0, n from generate_series(1, 30) n;
      insert into auth_tokens.subjects select 'u' || n, 0, n from generate_series(1, 30) n;
      insert into auth_tokens.sessions select 's' || n, 'u', '{}', 'k1', 0, 1, 1, 1, n, n from generate_series(1, 30) n`)
    await store.open(newSession({ id: 'live' }))
    await store.revoke('subject', 'bob', 60_000)
    const other = await transaction()
    await other.query("select 1 from auth_tokens.sessions where id = 's1' for update")
    const purge = async (): Promise<number> => {
      const { rows } = await pool.query<{ count: string }>('select auth_tokens.purge(20) as count')
      return Number(rows[0]?.count)
    }
    expect([await purge(), await purge(), await purge()]).toEqual([60, 29, 0])
    const { rows } = await pool.query<{ id: string }>('select id from auth_tokens.sessions order by id')
    expect(rows.map(({ id }) => id)).toEqual(['live', 's1'])
    expect((await store.snapshot()).entries).toMatchObject([{ scope: 'subject', id: 'bob' }])
  })
})

describe('the boot check', () => {
  const check = async (dsn: string): Promise<string> => {
    const own = quietPool(dsn)
    const checked = new PostgresStore({ pool: own, timeout: TIMEOUT })
    closers.push(async () => {
      await checked.close()
      await own.end()
    })
    const error: unknown = await checked.connect().catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(PostgresNotReady)
    return (error as Error).message
  }
  const as = (user: string, name = 'postgres'): string =>
    `postgres://${user}:pass-word@127.0.0.1:${database.server.port}/${name}`

  it('says what is missing', async () => {
    await database.admin.query("create role nobody login password 'pass-word'")
    await database.admin.query('create database empty')
    expect(await check(as('nobody', 'empty'))).toBe(
      'The database of tokens has no schema auth_tokens: apply postgresSchema.',
    )
    expect(await check(as('nobody'))).toBe(
      'The database of tokens lets the role not use the schema auth_tokens: run the grants in the documentation of postgresSchema.',
    )
    await database.admin.query("create role reader login password 'pass-word'")
    await database.admin.query('grant usage on schema auth_tokens to reader')
    await database.admin.query('grant select on all tables in schema auth_tokens to reader')
    expect(await check(as('reader'))).toContain('run the grants')
    await database.admin.query("create role strict login password 'pass-word' in role app")
    await database.admin.query("alter role strict set default_transaction_isolation = 'repeatable read'")
    expect(await check(as('strict'))).toContain("set default_transaction_isolation = 'read committed'")
    await database.admin.query("create role copy login password 'pass-word' in role app")
    await database.admin.query('alter role copy set default_transaction_read_only = on')
    expect(await check(as('copy'))).toContain('is read-only: the store needs the primary')
    const wrong = await check(as('nobody').replace('pass-word', 'other-word'))
    expect(wrong).toBe('The database of tokens does not answer as it should (28P01).')
    expect(await check('postgres://a:pass-word@127.0.0.1:1/x')).toContain('(ECONNREFUSED)')
  })

  it('warns of a server that may lose what it has acknowledged', async () => {
    const own = quietPool(database.dsn)
    const connect = async (): Promise<readonly string[]> => {
      const checked = new PostgresStore({ pool: own, timeout: TIMEOUT })
      const warnings = await checked.connect()
      await checked.close()
      return warnings
    }
    expect(await connect()).toEqual([expect.stringContaining('synchronous_commit off')])
    own.on('connect', (client) => void client.query('set synchronous_commit = on'))
    await own.query('select pg_terminate_backend(pg_backend_pid())').catch(() => undefined)
    expect(await connect()).toEqual([])
    await own.end()
  })

  it('takes the version of the schema that it knows', async () => {
    const version = (n: number): Promise<unknown> =>
      database.admin.query(
        `create or replace function auth_tokens.version() returns int language sql immutable as 'select ${n}'`,
      )
    await version(0)
    expect(await check(database.dsn)).toContain('has version 0 of the schema auth_tokens, not 1: apply')
    await version(2)
    expect(await check(database.dsn)).toContain('newer than 1: update @portcullis/auth-tokens')
    await database.admin.query(postgresSchema)
    await new PostgresStore({ pool, timeout: TIMEOUT }).connect()
  })

  it('a call in another isolation fails, and changes nothing', async () => {
    const other = await transaction()
    await other.query('rollback')
    await other.query('begin isolation level repeatable read')
    await expect(one(other, OPEN)).rejects.toThrow('read committed')
  })
})

it('the schema is applied again, and what there is stays', async () => {
  await store.open(newSession())
  await database.admin.query(postgresSchema)
  expect(await store.find('s1')).toMatchObject({ id: 's1' })
})

it('parsers of types that the application has set change nothing', async () => {
  const own = quietPool(database.dsn)
  own.on('connect', (client) => {
    const { INT8, INT4, JSON: json, JSONB } = pg.types.builtins
    for (const type of [INT8, INT4, json, JSONB]) client.setTypeParser(type, (text) => `changed ${text}`)
  })
  const other = new PostgresStore({ pool: own, timeout: TIMEOUT })
  await other.open(newSession())
  expect(await other.find('s1')).toMatchObject({ generation: 0, subject: 'ada' })
  await other.close()
  await own.end()
})
