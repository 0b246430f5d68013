import * as six from 'ioredis'
import * as five from 'ioredis-5'
import { afterEach, expect } from 'vitest'
import { definePolicy } from '../../src/core/policy.ts'
import type { OnStoreError } from '../../src/core/policy.ts'
import { StoreUnavailable } from '../../src/stores/failures.ts'
import { RedisStore } from '../../src/stores/redis-store.ts'
import type { RedisStoreOptions } from '../../src/stores/redis-store.ts'
import type { RateLimitStore } from '../../src/stores/store.ts'
import { setTimeout as delay } from 'node:timers/promises'

const TIMEOUT = 150
/** The machine of a test may be busy for a while besides. */
const SLACK = 400
const QUOTA = 50

export const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})

export async function opened(redis: RedisStoreOptions['redis']): Promise<RedisStore> {
  const store = new RedisStore({ redis, storeTimeout: TIMEOUT })
  closers.push(() => store.close())
  await store.connect()
  return store
}

/** A charge of one unit, with how it ended; no call may take longer than the bound. */
export async function ask(
  store: RateLimitStore,
  onStoreError: OnStoreError = 'closed',
  cost = 1,
): Promise<string> {
  const policy = definePolicy({ name: onStoreError, quota: QUOTA, window: 600_000, onStoreError })
  const start = performance.now()
  const said = await store.reserve([{ key: '{k}', policy, cost }]).then(
    ({ allowed, limits }) => `${allowed ? 'admitted' : 'refused'} ${limits[0]?.degraded ?? 'by the store'}`,
    (error: unknown) => {
      expect(error).toBeInstanceOf(StoreUnavailable)
      return 'unavailable'
    },
  )
  expect(performance.now() - start).toBeLessThan(TIMEOUT + SLACK)
  return said
}

/** Waits until the store decides again. */
export async function back(store: RateLimitStore): Promise<void> {
  for (let attempt = 0; attempt < 1_000; attempt += 1) {
    if ((await ask(store, 'closed', 0)) === 'admitted by the store') return
    await delay(20)
  }
  throw new Error('the store did not come back')
}

export async function usedOf(store: RateLimitStore, onStoreError: OnStoreError = 'closed'): Promise<number> {
  const policy = definePolicy({ name: onStoreError, quota: QUOTA, window: 600_000 })
  return QUOTA - ((await store.reserve([{ key: '{k}', policy, cost: 0 }])).limits[0]?.remaining ?? 0)
}

export type Constructor = new (target: string | object) => six.Redis

/** Both lines of ioredis that are supported. */
export const CLIENTS = [
  { version: 5, Redis: five.Redis as unknown as Constructor, Cluster: five.Cluster },
  { version: 6, Redis: six.Redis as Constructor, Cluster: six.Cluster },
] as const

/** A client of a line of ioredis, ended after the test. */
export function clientOf(Redis: Constructor, target: string | object): six.Redis {
  const made = new Redis(target)
  made.on('error', () => undefined)
  closers.push(() => made.disconnect())
  return made
}
