import { startPostgres, startRedis } from '@portcullis/kernel/testing'
import type { PostgresServer, RedisService } from '@portcullis/kernel/testing'
import { Redis } from 'ioredis'
import pg from 'pg'
import { MemoryStore } from '../../src/stores/memory-store.ts'
import { postgresSchema } from '../../src/stores/postgres-schema.ts'
import { PostgresStore } from '../../src/stores/postgres-store.ts'
import { buildScripts } from '../../src/stores/redis-scripts.ts'
import { RedisStore } from '../../src/stores/redis-store.ts'
import type { NewSession, TokenStore, Use } from '../../src/stores/store.ts'

/** A store whose clock the test sets. */
export interface ClockedStore {
  readonly store: TokenStore
  /** Sets the store's clock, milliseconds since the epoch. */
  setNow(now: number): Promise<void>
  /** Forgets everything, and sets the clock to `START`. */
  clear(): Promise<void>
  close(): Promise<void>
}

/** Between two steps of the clock that PostgreSQL keeps, so that its stamps are seen to round up. */
export const START = 1_700_000_000_000
/** Generous: what is tested is what a store decides, on a machine that others use too. */
export const TIMEOUT = 5_000

export const KEY_SECRET = 'a secret of at least thirty-two bytes'
export const KEY_PREFIX = 'tokens'

/** A session as tests open it. */
export function newSession(over: Partial<NewSession> = {}): NewSession {
  return {
    id: 's1',
    subject: 'ada',
    grant: '{"scope":"read"}',
    keyId: 'k1',
    idleTtl: 100_000,
    absoluteTtl: 1_000_000,
    accessTtl: 60_000,
    maxSessions: 100,
    ...over,
  }
}

/** A use as tests make it. */
export function useOf(generation: number, over: Partial<Use> = {}): Use {
  return { id: 's1', generation, leeway: 10_000, keyId: 'k1', idleTtl: 100_000, accessTtl: 60_000, ...over }
}

export async function memoryStore(): Promise<ClockedStore> {
  let now = START
  let store = new MemoryStore(() => now)
  return {
    get store() {
      return store
    },
    async setNow(value) {
      now = value
    },
    async clear() {
      now = START
      await store.close()
      store = new MemoryStore(() => now)
    },
    close: () => store.close(),
  }
}

/** A Redis store on a server of its own. */
export async function redisStore(): Promise<
  ClockedStore & { readonly redis: RedisService; readonly client: Redis }
> {
  const redis = await startRedis()
  const client = new Redis(redis.url)
  await client.set('test:now', START)
  const store = new RedisStore({
    redis: redis.url,
    keyPrefix: KEY_PREFIX,
    keySecret: KEY_SECRET,
    timeout: TIMEOUT,
    scripts: buildScripts("local now = tonumber(redis.call('GET', 'test:now'))\n"),
  })
  await store.connect()
  return {
    redis,
    client,
    store,
    async setNow(value) {
      await client.set('test:now', value)
    },
    async clear() {
      await client.flushall()
      await client.set('test:now', START)
    },
    async close() {
      await store.close()
      client.disconnect()
      await redis.stop()
    },
  }
}

const ROLE = `
create role app login password 'app password';
grant usage on schema auth_tokens to app;
grant select, insert, update, delete on all tables in schema auth_tokens to app;
grant execute on all functions in schema auth_tokens to app;
`

/** A database with the schema, and a role that has no more than the grants in its documentation. */
export interface TestDatabase {
  readonly server: PostgresServer
  /** Connection string of that role. */
  readonly dsn: string
  /** Connections of the superuser. */
  readonly admin: pg.Pool
  close(): Promise<void>
}

export async function startDatabase(settings: Record<string, string> = {}): Promise<TestDatabase> {
  const server = await startPostgres({ settings: { max_connections: '60', ...settings } })
  const admin = quietPool(server.url, 4)
  await admin.query(postgresSchema)
  await admin.query(ROLE)
  return {
    server,
    dsn: `postgres://app:app%20password@${server.host}:${server.port}/postgres`,
    admin,
    async close() {
      await admin.end()
      await server.stop()
    },
  }
}

/** A pool that survives the end of its connections. */
export function quietPool(connectionString: string, max = 10): pg.Pool {
  const pool = new pg.Pool({ connectionString, max })
  pool.on('error', () => undefined)
  return pool
}

/** A PostgreSQL store on a server of its own, through a role with no more rights than it needs. */
export async function postgresStore(): Promise<ClockedStore & { readonly database: TestDatabase }> {
  const database = await startDatabase()
  const { admin } = database
  await admin.query(`
    create table test_now as select ${START}::bigint as now;
    grant select on test_now to app;
    create or replace function auth_tokens.clock() returns bigint language sql volatile
      as 'select now from public.test_now'`)
  const pool = quietPool(database.dsn)
  const store = new PostgresStore({ pool, timeout: TIMEOUT })
  await store.connect()
  return {
    database,
    store,
    async setNow(value) {
      await admin.query('update test_now set now = $1', [value])
    },
    async clear() {
      await admin.query(`
        truncate auth_tokens.sessions, auth_tokens.subjects, auth_tokens.revocations;
        update auth_tokens.state set everything_at = 0, horizon = 0; update test_now set now = ${START}`)
    },
    async close() {
      await store.close()
      await pool.end()
      await database.close()
    },
  }
}

/** The three stores by name. */
export const STORES = [
  ['memory', memoryStore],
  ['redis', redisStore],
  ['postgres', postgresStore],
] as const
