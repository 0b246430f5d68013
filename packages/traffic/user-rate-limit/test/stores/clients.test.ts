import { setTimeout as delay } from 'node:timers/promises'
import { startRedis } from '@portcullis/kernel/testing'
import * as six from 'ioredis'
import * as five from 'ioredis-5'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { definePolicy } from '../../src/core/policy.ts'
import type { OnStoreError } from '../../src/core/policy.ts'
import { StoreUnavailable } from '../../src/stores/failures.ts'
import { RedisStore } from '../../src/stores/redis-store.ts'
import type { RedisStoreOptions } from '../../src/stores/redis-store.ts'
import { withStoreFallback } from '../../src/stores/store-fallback.ts'
import type { RateLimitStore } from '../../src/stores/store.ts'
import { lossyProxy, startCluster, startSentinelSet } from './harness.ts'
import type { RedisService } from './harness.ts'

const TIMEOUT = 150
/** The machine of a test may be busy for a while besides. */
const SLACK = 400
const QUOTA = 50

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})

async function opened(redis: RedisStoreOptions['redis']): Promise<RedisStore> {
  const store = new RedisStore({ redis, storeTimeout: TIMEOUT })
  closers.push(() => store.close())
  await store.connect()
  return store
}

/** A charge of one unit, with how it ended; no call may take longer than the bound. */
async function ask(store: RateLimitStore, onStoreError: OnStoreError = 'closed', cost = 1): Promise<string> {
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
async function back(store: RateLimitStore): Promise<void> {
  for (let attempt = 0; attempt < 1_000; attempt += 1) {
    if ((await ask(store, 'closed', 0)) === 'admitted by the store') return
    await delay(20)
  }
  throw new Error('the store did not come back')
}

async function usedOf(store: RateLimitStore, onStoreError: OnStoreError = 'closed'): Promise<number> {
  const policy = definePolicy({ name: onStoreError, quota: QUOTA, window: 600_000 })
  return QUOTA - ((await store.reserve([{ key: '{k}', policy, cost: 0 }])).limits[0]?.remaining ?? 0)
}

const isDeep = process.env['PORTCULLIS_TIER'] === 'deep'
const SIGNALS = ['SIGKILL', 'SIGSTOP'] as const

type Constructor = new (target: string | object) => six.Redis

const CLIENTS = [
  { version: 5, Redis: five.Redis as unknown as Constructor, Cluster: five.Cluster, signals: ['SIGKILL'] },
  { version: 6, Redis: six.Redis as Constructor, Cluster: six.Cluster, signals: ['SIGSTOP'] },
] as const

describe.each(CLIENTS)('ioredis $version', ({ Redis, Cluster, signals }) => {
  const client = (target: string | object): six.Redis => {
    const made = new Redis(target)
    made.on('error', () => undefined)
    closers.push(() => made.disconnect())
    return made
  }

  it('a lost reply, a killed connection, a flushed script: charged once or not at all', async () => {
    const redis = await startRedis()
    closers.push(() => redis.stop())
    const proxy = await lossyProxy(redis.port)
    closers.push(() => proxy.close())
    const store = await opened(client(`redis://127.0.0.1:${proxy.port}`))
    const direct = await opened(client(redis.url))
    expect(await ask(store)).toBe('admitted by the store')
    proxy.loseNext()
    expect(await ask(store)).toBe('unavailable')
    await back(store)
    // It had landed, and is not sent again.
    expect(await usedOf(direct)).toBe(2)
    await delay(200)
    expect(await usedOf(direct)).toBe(2)
    const admin = client(redis.url)
    await admin.script('FLUSH')
    expect(await ask(store)).toBe('admitted by the store')
    expect(await usedOf(direct)).toBe(3)
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    await back(store)
    await back(direct)
    expect(await usedOf(direct)).toBe(3)
  })

  it('frozen: unavailable within the bound, and what runs late charges nothing; killed: back after a restart', async () => {
    const redis = await startRedis()
    closers.push(() => redis.stop())
    const store = await opened(client(redis.url))
    expect(await ask(store)).toBe('admitted by the store')
    await redis.kill('SIGSTOP')
    for (let call = 0; call < 5; call += 1) expect(await ask(store)).toBe('unavailable')
    await redis.kill('SIGCONT')
    await back(store)
    expect(await usedOf(store)).toBe(1)
    await redis.kill('SIGKILL')
    for (let call = 0; call < 5; call += 1) expect(await ask(store)).toBe('unavailable')
    await redis.restart()
    await back(store)
    expect(await usedOf(store)).toBe(0)
  })

  describe('a cluster', () => {
    let masters: readonly RedisService[]
    beforeAll(async () => {
      masters = await startCluster(3)
    }, 60_000)
    afterAll(async () => {
      for (const master of masters) await master.stop()
    })

    it('admits exactly the quota, and charges all partitions or none', async () => {
      const cluster = new Cluster(masters.map(({ port }) => ({ host: '127.0.0.1', port })))
      cluster.on('error', () => undefined)
      closers.push(() => cluster.disconnect())
      const store = new RedisStore({ redis: cluster, storeTimeout: 2_000 })
      closers.push(() => store.close())
      await store.connect()
      const policy = definePolicy({ name: 'p', quota: 20, window: 600_000 })
      const reserve = async (key: string): Promise<boolean> =>
        (await store.reserve([{ key, policy, cost: 1 }])).allowed
      // Of all masters, right after connecting: none of these finds its master not connected yet.
      for (const key of ['{one}', '{two}', '{three}', '{four}', '{five}']) {
        const admitted = await Promise.all(Array.from({ length: 100 }, async () => reserve(key)))
        expect(admitted.filter(Boolean)).toHaveLength(20)
      }
      const both = [
        { key: '{six}', policy, cost: 1 },
        { key: '{one}', policy, cost: 1 },
      ]
      expect((await store.reserve(both)).allowed).toBe(false)
      const [limit] = (await store.reserve([{ key: '{six}', policy, cost: 0 }])).limits
      expect(limit?.remaining).toBe(20)
    })
  })

  it.each(isDeep ? SIGNALS : signals)(
    'a failover by Sentinel after %s: each policy as declared, what was charged stays, nothing is charged twice',
    async (signal) => {
      const set = await startSentinelSet(isDeep ? 3 : 1)
      closers.push(() => set.stop())
      const store = await opened(client({ sentinels: set.sentinels, name: set.name }))
      const policies: readonly OnStoreError[] = ['closed', 'open', 'local']
      const fallback = withStoreFallback(store, { instances: 10 })
      for (const one of policies)
        for (let call = 0; call < 3; call += 1) expect(await ask(fallback, one)).toBe('admitted by the store')
      const admin = client(set.master.url)
      // What a master that dies has not sent to its replica is lost; here all of it was.
      expect(await admin.wait(1, 5_000)).toBe(1)
      await set.master.kill(signal)
      const said: Record<string, string[]> = { closed: [], open: [], local: [] }
      for (let call = 0; call < 7; call += 1)
        for (const one of policies) said[one]?.push(await ask(fallback, one))
      // A tenth of the quota is the share of one of ten instances.
      expect(said).toEqual({
        closed: Array(7).fill('unavailable'),
        open: Array(7).fill('admitted open'),
        local: [...Array(5).fill('admitted local'), ...Array(2).fill('refused local')],
      })
      await back(store)
      const promoted = await opened(set.replica.url)
      expect(await usedOf(promoted, 'closed')).toBe(3)
      expect(await usedOf(promoted, 'open')).toBe(3)
      expect(await usedOf(promoted, 'local')).toBe(3)
      // What was counted here is handed over, once.
      expect(await ask(fallback, 'local')).toBe('admitted by the store')
      expect(await usedOf(promoted, 'local')).toBe(3 + 5 + 1)
      expect(await ask(fallback, 'closed')).toBe('admitted by the store')
      if (signal === 'SIGSTOP') {
        // The old master runs what was sent to it while it was frozen, and becomes a replica.
        await set.master.kill('SIGCONT')
        await delay(500)
        await back(store)
      }
      expect(await usedOf(promoted, 'closed')).toBe(4)
      expect(await usedOf(promoted, 'local')).toBe(9)
    },
    60_000,
  )
})
