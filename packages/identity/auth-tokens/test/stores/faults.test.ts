import { setTimeout as delay } from 'node:timers/promises'
import { startRedis } from '@portcullis/kernel/testing'
import { RedisUnreachable } from '@portcullis/kernel/redis'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { PostgresStore } from '../../src/stores/postgres-store.ts'
import { RedisStore } from '../../src/stores/redis-store.ts'
import type { TokenStore } from '../../src/stores/store.ts'
import { StoreUnavailable } from '../../src/stores/store-unavailable.ts'
import { KEY_PREFIX, KEY_SECRET, newSession, quietPool, startDatabase, useOf } from './harness.ts'

const TIMEOUT = 200
/** The machine of a test may be busy for a while besides. */
const SLACK = 400
const LOG_WAIT = 1_000

interface Service {
  kill(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void> | void
  restart(): Promise<void>
}

/** A store with a short patience, and its server. */
interface Faulty {
  readonly store: TokenStore
  readonly service: Service
  /** The same server, asked by another process as it were. */
  another(timeout: number): Promise<TokenStore>
  close(): Promise<void>
}

async function redisServer(): Promise<Faulty> {
  const redis = await startRedis()
  const opened: RedisStore[] = []
  const another = async (timeout: number): Promise<TokenStore> => {
    const store = new RedisStore({ redis: redis.url, keyPrefix: KEY_PREFIX, keySecret: KEY_SECRET, timeout })
    opened.push(store)
    await store.connect()
    return store
  }
  return {
    store: await another(TIMEOUT),
    service: redis,
    another,
    async close() {
      await Promise.all(opened.map((store) => store.close()))
      await redis.stop()
    },
  }
}

async function postgresServer(): Promise<Faulty> {
  // What is acknowledged has to be there after the server was killed; test servers don't wait for that of themselves.
  const database = await startDatabase({ synchronous_commit: 'on' })
  const pool = quietPool(database.dsn)
  const opened: PostgresStore[] = []
  const another = async (timeout: number): Promise<TokenStore> => {
    const store = new PostgresStore({ pool, timeout })
    opened.push(store)
    await store.connect()
    return store
  }
  return {
    store: await another(TIMEOUT),
    service: database.server,
    another,
    async close() {
      await Promise.all(opened.map((store) => store.close()))
      // A pool waits for connections that a frozen server holds.
      await Promise.race([pool.end(), delay(1_000)])
      await database.close()
    },
  }
}

/** Every call, each with values that must not show. */
const SECRET = 'a-personal-value'
const calls: readonly [string, (store: TokenStore, cursor: string) => Promise<unknown>][] = [
  ['open', (store) => store.open(newSession({ id: SECRET, subject: SECRET, grant: SECRET, keyId: SECRET }))],
  ['find', (store) => store.find(SECRET)],
  ['use', (store) => store.use(useOf(0, { id: SECRET, keyId: SECRET, grant: SECRET }))],
  ['revoke', (store) => store.revoke('subject', SECRET, 60_000)],
  ['sessions', (store) => store.sessions(SECRET)],
  ['snapshot', (store) => store.snapshot()],
  ['changes', (store, cursor) => store.changes(cursor)],
]

/** All calls at once fail as unavailable, in time, and say nothing. */
async function allFail(store: TokenStore, cursor: string): Promise<void> {
  const start = performance.now()
  const errors = await Promise.all(
    calls.map(async ([, call]) => {
      const error: unknown = await call(store, cursor).then(
        () => 'answered',
        (caught: unknown) => caught,
      )
      return { error, after: performance.now() - start }
    }),
  )
  for (const [at, { error, after }] of errors.entries()) {
    const name = calls[at]?.[0]
    expect(error, name).toBeInstanceOf(StoreUnavailable)
    const shown = `${(error as Error).stack} ${JSON.stringify(error, Object.getOwnPropertyNames(error))}`
    expect(shown).not.toContain(SECRET)
    expect((error as Error).cause).toBeUndefined()
    expect(after, name).toBeLessThan(TIMEOUT + SLACK + (name === 'changes' ? LOG_WAIT : 0))
  }
}

async function backAgain(store: TokenStore): Promise<void> {
  let last = ''
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const answer = await store.revoke('token', 'jti', 60_000).catch((error: unknown) => {
      expect(error).toBeInstanceOf(StoreUnavailable)
      last = String(error)
    })
    if (answer !== undefined) return
    await delay(50)
  }
  throw new Error(`the store did not come back: ${last}`)
}

describe.each([
  ['redis', redisServer],
  ['postgres', postgresServer],
] as const)('%s store', (_name, create) => {
  let faulty: Faulty
  beforeAll(async () => {
    faulty = await create()
  })
  afterAll(() => faulty.close())
  afterEach(() => faulty.service.kill('SIGCONT'))

  it('frozen: every call is unavailable within the timeout, and it goes on after', async () => {
    const { store, service } = faulty
    await store.open(newSession({ id: 'kept' }))
    const { cursor } = await store.snapshot()
    await service.kill('SIGSTOP')
    await allFail(store, cursor)
    await service.kill('SIGCONT')
    await backAgain(store)
    expect(await store.use(useOf(0, { id: 'kept' }))).toMatchObject({ outcome: 'used' })
  })

  it('killed: unavailable at once; back after a restart, which who follows the log is told of', async () => {
    const { store, service } = faulty
    await store.revoke('token', 'jti', 60_000)
    const { cursor } = await store.snapshot()
    await service.kill('SIGKILL')
    await delay(50)
    await allFail(store, cursor)
    await service.restart()
    await backAgain(store)
    const told = (): Promise<unknown> => store.changes(cursor).catch((error: unknown) => error)
    await expect.poll(told, { timeout: 5_000 }).toBe('lost')
  })

  it('a use whose answer is lost has the same successor when it is made once more', async () => {
    const { service, another } = faulty
    const store = await another(TIMEOUT)
    await store.open(newSession({ id: 'again' }))
    await service.kill('SIGSTOP')
    await expect(store.use(useOf(0, { id: 'again' }))).rejects.toMatchObject({ reason: 'timeout' })
    await service.kill('SIGCONT')
    await backAgain(store)
    const used = await store.use(useOf(0, { id: 'again' }))
    expect(used).toMatchObject({ outcome: 'used', session: { generation: 1 } })
  })

  it('closed: no call is made, and one that waits ends', async () => {
    const store = await faulty.another(5_000)
    const { cursor } = await store.snapshot()
    const waiting = store.changes(cursor)
    const start = performance.now()
    await delay(50)
    await store.close()
    await expect(waiting).rejects.toMatchObject({ reason: 'closed' })
    expect(performance.now() - start).toBeLessThan(500)
    await allFail(store, cursor)
    await store.close()
  })
})

describe('a Redis store', () => {
  const options = { keyPrefix: KEY_PREFIX, keySecret: KEY_SECRET, timeout: TIMEOUT }

  it('that finds nobody names host and port, no credentials, and comes up later by itself', async () => {
    const redis = await startRedis()
    await redis.kill('SIGKILL')
    const store = new RedisStore({ redis: `redis://user:pass-word@127.0.0.1:${redis.port}`, ...options })
    const error: unknown = await store.connect().catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(RedisUnreachable)
    expect(String(error)).toContain(`127.0.0.1:${redis.port} can't be reached (ECONNREFUSED)`)
    await store.close()
    const late = new RedisStore({ redis: redis.url, ...options })
    await expect(late.connect()).rejects.toThrow(RedisUnreachable)
    await redis.restart()
    await backAgain(late)
    expect(await late.connect()).toEqual([])
    await late.close()
    await redis.stop()
  })

  it('that is frozen for long has a bounded number of calls under way, and goes on looking', async () => {
    const redis = await startRedis()
    const store = new RedisStore({ redis: redis.url, ...options })
    await store.connect()
    const reasons = async (count: number): Promise<Record<string, number>> => {
      const found: Record<string, number> = {}
      for (const one of await Promise.allSettled(Array.from({ length: count }, () => store.find('s1')))) {
        const reason = one.status === 'rejected' ? (one.reason as StoreUnavailable).reason : 'answered'
        found[reason] = (found[reason] ?? 0) + 1
      }
      return found
    }
    expect(await reasons(100)).toEqual({ answered: 100 })
    await redis.kill('SIGSTOP')
    const { busy = 0, ...given } = await reasons(12_000)
    // Every 100 ms one more may look whether the server is back.
    const underWay = Object.values(given).reduce((sum, count) => sum + count, 0)
    expect(underWay).toBeGreaterThanOrEqual(10_000)
    expect(underWay).toBeLessThan(10_100)
    expect(busy).toBe(12_000 - underWay)
    expect(given).not.toHaveProperty('answered')
    // The client has given them up by now, and after a while leaves the connection too.
    await delay(1_200)
    expect(await reasons(100)).not.toHaveProperty('answered')
    await redis.kill('SIGCONT')
    await backAgain(store)
    expect(await reasons(500)).toEqual({ answered: 500 })
    await store.close()
    await redis.stop()
  })

  it('is unavailable before it is connected', async () => {
    await allFail(new RedisStore({ redis: 'redis://127.0.0.1:1', ...options }), '0-0')
  })
})
