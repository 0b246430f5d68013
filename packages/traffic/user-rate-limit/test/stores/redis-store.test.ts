import { startRedis } from '@portcullis/kernel/testing'
import { startCluster } from './harness.ts'
import type { RedisService } from './harness.ts'
import { Cluster, Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { definePolicy } from '../../src/core/policy.ts'
import type { Policy } from '../../src/core/policy.ts'
import type { Charge } from '../../src/core/verdict.ts'
import { StoreUnavailable } from '../../src/stores/failures.ts'
import { RedisStore } from '../../src/stores/redis-store.ts'

const minute = definePolicy({ name: 'minute', quota: 100, window: 60_000 })
const charge = (key: string, policy: Policy = minute, cost = 1): Charge => ({ key, policy, cost })

describe('redis store', () => {
  let redis: RedisService
  let client: Redis
  const stores: RedisStore[] = []
  const connected = async (
    source: ConstructorParameters<typeof RedisStore>[0]['redis'],
  ): Promise<RedisStore> => {
    const store = new RedisStore({ redis: source, storeTimeout: 2_000 })
    stores.push(store)
    await store.connect()
    return store
  }
  beforeAll(async () => {
    redis = await startRedis()
    client = new Redis(redis.url)
  })
  beforeEach(() => client.flushall())
  afterAll(async () => {
    await Promise.all(stores.map((store) => store.close()))
    client.disconnect()
    await redis.stop()
  })

  it('several clients in parallel on one key admit exactly the quota', async () => {
    const four = await Promise.all([1, 2, 3, 4].map(() => connected(redis.url)))
    const verdicts = await Promise.all(
      Array.from({ length: 1_000 }, async (_, at) => four[at % 4]?.reserve([charge('{k}')])),
    )
    expect(verdicts.filter((verdict) => verdict?.allowed === true)).toHaveLength(100)
  })

  it('one decision is one command, for any number of policies and partitions', async () => {
    const store = await connected(redis.url)
    const hour = definePolicy({ name: 'hour', quota: 100, window: 3_600_000, algorithm: 'gcra' })
    const charges = [charge('{a}'), charge('{a}', hour), charge('{b}'), charge('{b}', hour)]
    await store.reserve(charges)
    await client.config('RESETSTAT')
    for (let i = 0; i < 10; i += 1) await store.reserve(charges)
    const stats = await client.info('commandstats')
    expect(/cmdstat_evalsha:calls=(\d+)/.exec(stats)?.[1]).toBe('10')
    expect(stats).not.toContain('cmdstat_eval:')
  })

  it('every key expires: charged, refused, cancelled, and one that has lost its TTL is healed', async () => {
    const store = await connected(redis.url)
    const { reservation } = await store.reserve([charge('{k}', minute, 100)])
    const ttl = await client.pttl('{k}')
    expect(ttl).toBeGreaterThan(59_000)
    // An eighth more than it has to live.
    expect(ttl).toBeLessThanOrEqual(68_700)
    await client.persist('{k}')
    expect((await store.reserve([charge('{k}')])).allowed).toBe(false)
    expect(await client.pttl('{k}')).toBeGreaterThan(0)
    await client.persist('{k}')
    if (reservation !== undefined) await store.cancel(reservation)
    expect(await client.pttl('{k}')).toBeGreaterThan(0)
  })

  it('a short policy does not shorten the life of a long one in the same partition', async () => {
    const store = await connected(redis.url)
    await store.reserve([charge('{k}')])
    await store.reserve([charge('{k}', definePolicy({ name: 'short', quota: 5, window: 10 }))])
    expect(await client.pttl('{k}')).toBeGreaterThan(59_000)
  })

  it('holds at most 1 KB per policy and partition', async () => {
    const store = await connected(redis.url)
    const big = definePolicy({ name: 'x'.repeat(64), quota: 999_999_999_999_999, window: 60 })
    for (let i = 0; i < 300; i += 1) await store.reserve([charge('{k}', big, 999_999_999)])
    expect(await client.hstrlen('{k}', big.field)).toBeLessThan(1_024)
    expect(await client.hstrlen('{k}', big.field)).toBeGreaterThan(50)
  })

  it('fields of policies that are gone are dropped from a partition that lives on', async () => {
    const store = await connected(redis.url)
    await store.reserve([charge('{k}')])
    for (let i = 0; i < 100; i += 1) {
      await store.reserve([charge('{k}', definePolicy({ name: `old${i}`, quota: 5, window: 1 }))])
    }
    const fields = await client.hkeys('{k}')
    expect(fields).toContain('s60000:minute')
    expect(fields.length).toBeLessThanOrEqual(32)
  })

  it('goes on after SCRIPT FLUSH, and charges once', async () => {
    const store = await connected(redis.url)
    await store.reserve([charge('{k}')])
    await client.script('FLUSH')
    expect((await store.reserve([charge('{k}')])).limits[0]?.remaining).toBe(98)
  })

  it('a key of another type fails that key alone and opens no breaker', async () => {
    const store = await connected(redis.url)
    await client.set('{bad}', 'text')
    for (let i = 0; i < 5; i += 1) {
      await expect(store.reserve([charge('{bad}')])).rejects.toMatchObject({ fault: 'script' })
    }
    await expect(store.reserve([charge('{k}'), charge('{bad}')])).rejects.toThrow(StoreUnavailable)
    expect((await store.reserve([charge('{k}', minute, 0)])).limits[0]?.remaining).toBe(100)
  })

  it('takes a URL, options, or a client that it duplicates and leaves as it is', async () => {
    const own = Object.keys(client).sort()
    const sources = [
      redis.url,
      { host: '127.0.0.1', port: redis.port },
      client,
      { ...client.options, keyPrefix: 'x:' },
    ]
    for (const source of sources) {
      const store = await connected(source)
      expect((await store.reserve([charge('{k}')])).allowed).toBe(true)
      await store.close()
      await expect(store.reserve([charge('{k}')])).rejects.toMatchObject({ fault: 'closed' })
    }
    expect(await client.ping()).toBe('PONG')
    expect(Object.keys(client).sort()).toEqual(own)
    expect(await client.exists('x:{k}')).toBe(1)
  })
})

describe('redis store on a cluster', () => {
  let redis: RedisService
  let cluster: Cluster
  let store: RedisStore
  beforeAll(async () => {
    const [master] = await startCluster(1)
    if (master === undefined) throw new Error('no master')
    redis = master
    cluster = new Cluster([{ host: '127.0.0.1', port: redis.port }])
    store = new RedisStore({ redis: cluster, storeTimeout: 2_000 })
    await store.connect()
  })
  afterAll(async () => {
    await store.close()
    cluster.disconnect()
    await redis.stop()
  })

  it('all keys of a partition share a slot; different partitions are reserved in order', async () => {
    const hour = definePolicy({ name: 'hour', quota: 3, window: 3_600_000 })
    const { allowed, limits } = await store.reserve([charge('{a}'), charge('{b}', hour), charge('{a}', hour)])
    expect([allowed, limits.map((limit) => [limit.policy.name, limit.remaining])]).toEqual([
      true,
      [
        ['minute', 99],
        ['hour', 2],
        ['hour', 2],
      ],
    ])
  })

  it('a refusal of a later partition gives back the earlier ones, and names every violated policy', async () => {
    const two = definePolicy({ name: 'two', quota: 2, window: 60_000 })
    const also = definePolicy({ name: 'also', quota: 2, window: 3_600_000 })
    const all = [charge('{c}'), charge('{d}', two), charge('{e}', also)]
    for (let i = 0; i < 5; i += 1) await store.reserve(all)
    const { allowed, limits } = await store.reserve(all)
    expect([allowed, limits.map((limit) => limit.violated)]).toEqual([false, [false, true, true]])
    expect(limits[0]?.remaining).toBe(98)
    expect((await store.reserve([charge('{c}', minute, 0)])).limits[0]?.remaining).toBe(98)
  })

  it('cancel and settle reach every partition', async () => {
    const { reservation } = await store.reserve([charge('{f}', minute, 10), charge('{g}', minute, 10)])
    if (reservation !== undefined) await store.settle(reservation, 4)
    const { limits } = await store.reserve([charge('{f}', minute, 0), charge('{g}', minute, 0)])
    expect(limits.map((limit) => limit.remaining)).toEqual([96, 96])
  })
})
