import { setTimeout as delay } from 'node:timers/promises'
import { startRedis } from '@portcullis/kernel/testing'
import fc from 'fast-check'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { InvalidPolicy } from '../../src/core/failures.ts'
import { definePolicy } from '../../src/core/policy.ts'
import type { Policy, PolicyInput } from '../../src/core/policy.ts'
import type { Charge } from '../../src/core/verdict.ts'
import { withLeases } from '../../src/stores/leases.ts'
import { MemoryStore } from '../../src/stores/memory-store.ts'
import { RedisStore } from '../../src/stores/redis-store.ts'
import type { RateLimitStore } from '../../src/stores/store.ts'
import { property } from '../property.ts'
import type { RedisService } from './harness.ts'

const leased = (over: Partial<PolicyInput> = {}): Policy =>
  definePolicy({ name: 'p', quota: 100, window: 60_000, lease: { size: 10, maxAge: 1_000 }, ...over })
const charge = (policy: Policy, cost = 1): Charge => ({ key: '{k}', policy, cost })

describe('leases that are reset', () => {
  it('are dropped with what they were charged, here and where another process says so', async () => {
    const shared = new MemoryStore()
    const [here, there] = [withLeases(shared), withLeases(shared)]
    const policy = leased({ quota: 10 })
    const used = async (): Promise<number> =>
      10 - ((await here.reserve([charge(policy, 0)])).limits[0]?.remaining ?? 0)
    const place = { key: '{k}', policy }
    await here.reserve([charge(policy)])
    expect(await used()).toBe(10)
    expect(await here.reset(place)).toBe(true)
    expect(await used()).toBe(0)
    await here.reserve([charge(policy)])
    // A new lease: the old one did not go on for nothing.
    expect(await used()).toBe(10)
    expect(await there.reset(place)).toBe(true)
    here.forgetLocal?.('{k}')
    await here.reserve([charge(policy)])
    expect(await used()).toBe(10)
    await here.close()
    await there.close()
  })
})

describe('leases on a fake clock', () => {
  it('never admit more than the quota in any window, by any number of processes, with cancels', async () => {
    const step = fc.record({
      // Little time passes between most calls, so that quotas are spent while leases age.
      wait: fc.constantFrom(0, 0, 0, 0, 0, 0, 30, 150, 400, 850, 1_017),
      process: fc.nat(2),
      cost: fc.constantFrom(1, 1, 1, 1, 2),
      cancel: fc.constantFrom(false, false, false, true),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 8 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 1_000 }),
        fc.array(step, { maxLength: 60, size: 'max' }),
        async (quota, size, maxAge, steps) => {
          const lease = { size: Math.min(size, quota), maxAge }
          const policy = definePolicy({ name: 'p', quota, window: 1_000, lease })
          let now = 1_700_000_000_000
          const shared = new MemoryStore({ now: () => now })
          const processes = [1, 2, 3].map(() => withLeases(shared, () => now))
          const log: { at: number; cost: number }[] = []
          for (const { wait, process, cost, cancel } of steps) {
            now += wait
            const store = processes[process] as RateLimitStore
            const { allowed, reservation } = await store.reserve([charge(policy, cost)])
            if (!allowed) continue
            if (cancel && reservation !== undefined) {
              await store.cancel(reservation)
              continue
            }
            log.push({ at: now, cost })
            const within = log.reduce((sum, one) => (one.at >= now - 1_000 ? sum + one.cost : sum), 0)
            expect(within).toBeLessThanOrEqual(quota)
          }
          for (const store of processes) await store.close()
        },
      ),
      property(200),
    )
  })
})

describe('leases on Redis', () => {
  let redis: RedisService
  let client: Redis
  const open: RateLimitStore[] = []
  const connected = async (): Promise<RateLimitStore> => {
    const inner = new RedisStore({ redis: redis.url, storeTimeout: 2_000 })
    await inner.connect()
    const store = withLeases(inner)
    open.push(store)
    return store
  }
  const scripts = async (): Promise<number> =>
    Number(/cmdstat_evalsha:calls=(\d+)/.exec(await client.info('commandstats'))?.[1] ?? 0)
  const left = async (policy: Policy): Promise<number> => {
    const store = await connected()
    return (await store.reserve([charge(policy, 0)])).limits[0]?.remaining ?? -1
  }
  beforeAll(async () => {
    redis = await startRedis()
    client = new Redis(redis.url)
  })
  beforeEach(() => client.flushall())
  afterAll(async () => {
    await Promise.all(open.map((store) => store.close()))
    client.disconnect()
    await redis.stop()
  })

  it('a lease of ten is one command for ten calls, and says what is left', async () => {
    const store = await connected()
    await store.reserve([charge(leased())])
    await client.config('RESETSTAT')
    for (let call = 2; call <= 10; call += 1) {
      const { limits } = await store.reserve([charge(leased())])
      expect([limits[0]?.remaining, limits[0]?.policy.window]).toEqual([100 - call, 60_000])
    }
    expect(await scripts()).toBe(0)
    await store.reserve([charge(leased())])
    expect(await scripts()).toBe(1)
  })

  it('four processes admit exactly the quota, however they race', async () => {
    const four = await Promise.all([1, 2, 3, 4].map(() => connected()))
    const policy = leased({ name: 'race', lease: { size: 7, maxAge: 60_000 } })
    const verdicts = await Promise.all(
      Array.from({ length: 1_000 }, async (_, at) => four[at % 4]?.reserve([charge(policy)])),
    )
    // What is left of a lease is not given away by others: the quota is not passed, and all but leases is used.
    const admitted = verdicts.filter((verdict) => verdict?.allowed === true).length
    expect(admitted).toBeLessThanOrEqual(100)
    expect(admitted).toBeGreaterThanOrEqual(100 - 3 * 7)
    expect(await left(policy)).toBe(0)
  })

  it('what is not used goes back at maxAge, and at close', async () => {
    const policy = leased({ name: 'back', lease: { size: 10, maxAge: 80 } })
    const store = await connected()
    await store.reserve([charge(policy)])
    expect(await left(policy)).toBe(90)
    await delay(160)
    expect(await left(policy)).toBe(99)
    await store.reserve([charge(policy)])
    await store.close()
    expect(await left(policy)).toBe(98)
  })

  it('a cancelled call goes back to its lease once, and a lease that does not fit is a single call', async () => {
    const policy = leased({ name: 'single', quota: 12 })
    const store = await connected()
    const { reservation } = await store.reserve([charge(policy)])
    if (reservation === undefined) throw new Error('no reservation')
    await store.cancel(reservation)
    await store.cancel(reservation)
    let admitted = 0
    for (let call = 0; call < 30; call += 1)
      if ((await store.reserve([charge(policy)])).allowed) admitted += 1
    expect(admitted).toBe(12)
  })
})

describe('a lease that could not hold', () => {
  it.each<[string, Partial<PolicyInput>]>([
    ['of nothing', { lease: { size: 0, maxAge: 10 } }],
    ['above the quota', { lease: { size: 101, maxAge: 10 } }],
    ['longer than the window', { lease: { size: 1, maxAge: 60_001 } }],
    ['of gcra', { algorithm: 'gcra' }],
    ['of a fixed window', { algorithm: 'fixed-window' }],
    ['of a closed policy', { onStoreError: 'closed' }],
  ])('%s is refused', (_name, over) => {
    expect(() => leased(over)).toThrow(InvalidPolicy)
    expect(() => leased(over)).toThrow(/lease/)
  })
})
