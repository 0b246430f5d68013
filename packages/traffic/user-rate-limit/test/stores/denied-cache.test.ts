import { setTimeout as delay } from 'node:timers/promises'
import { startRedis } from '@portcullis/kernel/testing'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { definePolicy } from '../../src/core/policy.ts'
import type { Charge } from '../../src/core/verdict.ts'
import { DeniedCache } from '../../src/stores/denied-cache.ts'
import { RedisStore } from '../../src/stores/redis-store.ts'
import type { RedisService } from './harness.ts'

const policy = definePolicy({ name: 'p', quota: 10, window: 60_000 })
const short = definePolicy({ name: 'short', quota: 2, window: 120 })
const charge = (cost = 1, of = policy, key = '{k}'): Charge => ({ key, policy: of, cost })

describe('a denied call', () => {
  let redis: RedisService
  let client: Redis
  let store: RedisStore
  beforeAll(async () => {
    redis = await startRedis()
    client = new Redis(redis.url)
    store = new RedisStore({ redis: redis.url, storeTimeout: 2_000 })
    await store.connect()
  })
  beforeEach(async () => {
    await client.flushall()
    await client.config('RESETSTAT')
  })
  afterAll(async () => {
    await store.close()
    client.disconnect()
    await redis.stop()
  })
  const scripts = async (): Promise<number> =>
    Number(/cmdstat_evalsha:calls=(\d+)/.exec(await client.info('commandstats'))?.[1] ?? 0)

  it('is refused again without a command, with the time that is left', async () => {
    await store.reserve([charge(10, policy, '{a}')])
    const first = await store.reserve([charge(1, policy, '{a}')])
    const before = await scripts()
    await delay(30)
    for (let i = 0; i < 100; i += 1) {
      const { allowed, limits } = await store.reserve([charge(1, policy, '{a}')])
      expect([allowed, limits[0]?.violated, limits[0]?.remaining]).toEqual([false, true, 0])
      expect(limits[0]?.retryAfterMs).toBeLessThanOrEqual((first.limits[0]?.retryAfterMs ?? 0) - 28)
    }
    expect(await scripts()).toBe(before)
  })

  it('passes at the moment it was told, and a call that waits from a cached answer passes too', async () => {
    for (let round = 0; round < 5; round += 1) {
      await store.reserve([charge(2, short, '{b}')])
      await store.reserve([charge(1, short, '{b}')])
      await delay(20)
      const { allowed, limits } = await store.reserve([charge(1, short, '{b}')])
      expect(allowed).toBe(false)
      await delay(Math.ceil(limits[0]?.retryAfterMs ?? 0))
      expect((await store.reserve([charge(2, short, '{b}')])).allowed).toBe(true)
      await delay(130)
    }
  })

  it('does not keep a cheaper call from passing, nor one of another partition', async () => {
    await store.reserve([charge(8, policy, '{c}')])
    expect((await store.reserve([charge(3, policy, '{c}')])).allowed).toBe(false)
    expect((await store.reserve([charge(2, policy, '{c}')])).allowed).toBe(true)
    expect((await store.reserve([charge(3, policy, '{d}')])).allowed).toBe(true)
  })

  it.each(['settle', 'cancel'] as const)('is asked for again after a %s of this process', async (how) => {
    const { reservation } = await store.reserve([charge(10, policy, `{${how}}`)])
    const again = charge(5, policy, `{${how}}`)
    expect((await store.reserve([again])).allowed).toBe(false)
    if (reservation === undefined) throw new Error('no reservation')
    await (how === 'settle' ? store.settle(reservation, 5) : store.cancel(reservation))
    expect((await store.reserve([again])).allowed).toBe(true)
  })

  it('one above the capacity is refused for good, without a wait', async () => {
    await store.reserve([charge(11, policy, '{e}')])
    const before = await scripts()
    const { limits } = await store.reserve([charge(11, policy, '{e}')])
    expect([limits[0]?.violated, limits[0]?.retryAfterMs]).toEqual([true, null])
    expect(await scripts()).toBe(before)
  })
})

describe('the cache', () => {
  const denied = (calls: readonly Charge[]) =>
    calls.map(({ policy: of }) => ({
      policy: of,
      quota: 10,
      remaining: 0,
      resetMs: 1_000,
      retryAfterMs: 1_000,
      violated: true,
    }))

  it('ends when the earliest moment has come at which the store may have let it pass', () => {
    let now = 100
    const cache = new DeniedCache(() => now, 100)
    cache.remember([charge()], denied([charge()]), 90)
    now = 1_089
    expect(cache.find([charge()])?.limits[0]?.retryAfterMs).toBe(11)
    now = 1_090
    expect(cache.find([charge()])).toBeUndefined()
  })

  it('is bounded, by calls and by calls of one partition', () => {
    const cache = new DeniedCache(() => 0, 10_000)
    for (let cost = 1; cost <= 1_000; cost += 1) cache.remember([charge(cost)], denied([charge(cost)]), 0)
    let held = 0
    for (let cost = 1; cost <= 1_000; cost += 1) if (cache.find([charge(cost)]) !== undefined) held += 1
    expect(held).toBeLessThanOrEqual(64)
    expect(cache.find([charge(1_000)])).toBeDefined()
    for (let i = 0; i < 12_000; i += 1) {
      const call = [charge(1, policy, `{${i}}`)]
      cache.remember(call, denied(call), 0)
    }
    expect(cache.find([charge(1, policy, '{11999}')])).toBeDefined()
    expect(cache.find([charge(1, policy, '{0}')])).toBeUndefined()
  })

  it('a partition that gave something back is forgotten in every call it had a part in', () => {
    const cache = new DeniedCache(() => 0, 10_000)
    const both = [charge(1, policy, '{x}'), charge(1, policy, '{y}')]
    cache.remember(both, denied(both), 0)
    cache.remember([charge()], denied([charge()]), 0)
    cache.forget('{y}')
    expect(cache.find(both)).toBeUndefined()
    expect(cache.find([charge()])).toBeDefined()
  })
})

it('of several policies that refuse, tells each as the reason only until its own wait is over', () => {
  let now = 0
  const cache = new DeniedCache(() => now, 10)
  const charges = ['short', 'long'].map((name) => ({
    key: '{k}',
    policy: definePolicy({ name, quota: 1, window: 60_000 }),
    cost: 1,
  }))
  const limits = charges.map((charged, at) => {
    const wait = at === 0 ? 100 : 1_000
    return {
      policy: charged.policy,
      quota: 1,
      remaining: 0,
      resetMs: wait,
      retryAfterMs: wait,
      violated: true,
    }
  })
  cache.remember(charges, limits, now)
  const told = (): unknown[] | undefined =>
    cache.find(charges)?.limits.map(({ violated, retryAfterMs }) => [violated, retryAfterMs])
  now = 99
  expect(told()).toEqual([
    [true, 1],
    [true, 901],
  ])
  now = 500
  expect(told()).toEqual([
    [false, 0],
    [true, 500],
  ])
  now = 1_000
  expect(told()).toBeUndefined()
})
