import { startRedis } from '@portcullis/kernel/testing'
import { Redis } from 'ioredis'
import { MemoryStore } from '../../src/stores/memory-store.ts'
import { buildScripts } from '../../src/stores/redis-scripts.ts'
import { RedisStore } from '../../src/stores/redis-store.ts'
import type { RateLimitStore } from '../../src/stores/store.ts'

/** A Redis server that a test owns. */
export type RedisService = Awaited<ReturnType<typeof startRedis>>

/** A store whose clock the test sets. */
export interface ClockedStore {
  readonly store: RateLimitStore
  /** Sets the clock that states are kept in, in milliseconds, and the one of this process, which never steps back. */
  setNow(now: number, steady?: number): Promise<void>
  /** Forgets everything. */
  clear(): Promise<void>
  close(): Promise<void>
}

/** The server's own time for deadlines, and a key for the time that states are kept in. */
const TEST_CLOCK = `
local time = redis.call('TIME')
local wall = time[1] * 1000000 + time[2]
local now = tonumber(redis.call('GET', 'test:now'))
`

/** Real time, at least a window's length after the epoch of the states. */
export const START = 1_700_000_000_000

export async function memoryStore(): Promise<ClockedStore> {
  let now = START
  let store = new MemoryStore({ now: () => now })
  return {
    get store() {
      return store
    },
    async setNow(value) {
      now = value
    },
    async clear() {
      store = new MemoryStore({ now: () => now })
    },
    async close() {
      await store.close()
    },
  }
}

/** A Redis store on a server of its own. */
export async function redisStore(
  deniedCalls = 0,
): Promise<ClockedStore & { readonly redis: RedisService; readonly client: Redis }> {
  const redis = await startRedis()
  const client = new Redis(redis.url)
  let now = START
  let local = START
  // A generous bound: property tests run thousands of decisions on a machine that others use too.
  const store = new RedisStore({
    redis: redis.url,
    storeTimeout: 5_000,
    // A remembered refusal says what was so then, where these tests compare what stores say now.
    deniedCalls,
    scripts: buildScripts(TEST_CLOCK),
    now: () => local,
  })
  await client.set('test:now', now)
  await store.connect()
  return {
    redis,
    client,
    store,
    async setNow(value, steady = value) {
      now = value
      local = steady
      await client.set('test:now', value)
    },
    async clear() {
      await client.flushall()
      await client.set('test:now', now)
    },
    async close() {
      await store.close()
      client.disconnect()
      await redis.stop()
    },
  }
}
