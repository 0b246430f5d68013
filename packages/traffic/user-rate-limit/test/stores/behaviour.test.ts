import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { InvalidCost } from '../../src/core/failures.ts'
import { definePolicy } from '../../src/core/policy.ts'
import type { Policy, PolicyInput } from '../../src/core/policy.ts'
import type { Verdict } from '../../src/core/verdict.ts'
import { START, memoryStore, redisStore } from './harness.ts'
import type { ClockedStore } from './harness.ts'

const MINUTE = 60_000
const policy = (over: Partial<PolicyInput> = {}): Policy =>
  definePolicy({ name: 'p', quota: 5, window: MINUTE, ...over })

describe.each([
  ['memory', memoryStore],
  ['redis', redisStore],
] as const)('%s store', (_name, create) => {
  let clocked: ClockedStore
  beforeAll(async () => {
    clocked = await create()
  })
  afterAll(() => clocked.close())
  beforeEach(async () => {
    await clocked.clear()
    await clocked.setNow(START)
  })

  const charge = async (cost: number, ...policies: Policy[]): Promise<Verdict> =>
    clocked.store.reserve(policies.map((each) => ({ key: '{k}', policy: each, cost })))
  const left = async (each: Policy): Promise<number | undefined> =>
    (await charge(0, each)).limits[0]?.remaining

  describe.each(['sliding-window', 'fixed-window', 'gcra'] as const)('%s', (algorithm) => {
    const p = policy({ algorithm })

    it('admits exactly the quota at once, then refuses and charges nothing', async () => {
      for (let used = 1; used <= 5; used += 1) {
        const { allowed, limits } = await charge(1, p)
        expect([allowed, limits[0]?.remaining]).toEqual([true, 5 - used])
      }
      const refused = await charge(1, p)
      expect(refused.allowed).toBe(false)
      expect(refused.reservation).toBeUndefined()
      expect(refused.limits[0]).toMatchObject({ violated: true, remaining: 0, quota: 5 })
    })

    it('a refused cost is not charged, and a smaller one still fits', async () => {
      await charge(3, p)
      expect((await charge(3, p)).allowed).toBe(false)
      expect((await charge(2, p)).allowed).toBe(true)
    })

    it('Retry-After succeeds when obeyed, and a millisecond earlier does not', async () => {
      await clocked.setNow(START + 123)
      await charge(5, p)
      await clocked.setNow(START + 4_567)
      const wait = (await charge(2, p)).limits[0]?.retryAfterMs ?? 0
      expect(wait).toBeGreaterThan(0)
      await clocked.setNow(START + 4_567 + wait - 1)
      expect((await charge(2, p)).allowed).toBe(false)
      await clocked.setNow(START + 4_567 + wait)
      expect((await charge(2, p)).allowed).toBe(true)
    })

    it('all of it is back after resetMs, and not before', async () => {
      await clocked.setNow(START + 77)
      await charge(3, p)
      const reset = (await charge(0, p)).limits[0]?.resetMs ?? 0
      await clocked.setNow(START + 77 + reset - 1)
      expect(await left(p)).toBeLessThan(5)
      await clocked.setNow(START + 77 + reset)
      expect(await left(p)).toBe(5)
      expect((await charge(0, p)).limits[0]?.resetMs).toBe(0)
    })

    it('cost 0 looks and charges nothing', async () => {
      await charge(5, p)
      const peek = await charge(0, p)
      expect([peek.allowed, peek.reservation, peek.limits[0]?.remaining]).toEqual([true, undefined, 0])
    })

    it('a cost above the capacity is refused for good', async () => {
      const { allowed, limits } = await charge(6, p)
      expect([allowed, limits[0]?.retryAfterMs, limits[0]?.violated]).toEqual([false, null, true])
    })

    it('cancel gives back what was charged, once', async () => {
      await charge(1, p)
      const { reservation } = await charge(3, p)
      if (reservation === undefined) throw new Error('no reservation')
      await Promise.all([clocked.store.cancel(reservation), clocked.store.cancel(reservation)])
      await clocked.store.settle(reservation, 0)
      expect(await left(p)).toBe(4)
    })

    it('settle lowers to the actual cost: never below 0, never above the reservation', async () => {
      for (const [actual, remaining] of [
        [1, 4],
        [99, 2],
        [-7, 5],
        [2.5, 2],
        [Number.NaN, 2],
      ] as const) {
        await clocked.clear()
        const { reservation } = await charge(3, p)
        if (reservation === undefined) throw new Error('no reservation')
        await clocked.store.settle(reservation, actual)
        expect(await left(p)).toBe(remaining)
      }
    })

    it('nothing is given back after the charge has rolled over', async () => {
      const { reservation } = await charge(5, p)
      await clocked.setNow(START + MINUTE + 1_000)
      expect((await charge(5, p)).allowed).toBe(true)
      if (reservation !== undefined) await clocked.store.cancel(reservation)
      expect(await left(p)).toBe(0)
    })

    it('a final charge stays when the reservation is cancelled', async () => {
      const { reservation } = await clocked.store.reserve([
        { key: '{k}', policy: p, cost: 2, final: true },
        { key: '{k}', policy: p, cost: 1 },
      ])
      expect(reservation?.charges).toHaveLength(1)
      if (reservation !== undefined) await clocked.store.cancel(reservation)
      expect(await left(p)).toBe(3)
    })

    it('a clock that steps back admits nothing more, and one that was far ahead blocks for a window at most', async () => {
      await charge(5, p)
      await clocked.setNow(START - 30_000)
      expect((await charge(1, p)).allowed).toBe(false)
      await clocked.clear()
      await clocked.setNow(START + 86_400_000)
      await charge(5, p)
      await clocked.setNow(START)
      const refused = await charge(1, p)
      expect(refused.allowed).toBe(false)
      expect(refused.limits[0]?.retryAfterMs).toBeLessThanOrEqual(MINUTE + 1_000)
    })

    it('a lowered quota holds what was already counted against it', async () => {
      await charge(4, p)
      const lower = policy({ algorithm, quota: 3 })
      expect((await charge(1, lower)).limits[0]).toMatchObject({ violated: true, remaining: 0 })
      expect((await charge(1, p)).allowed).toBe(true)
    })

    it('a changed window starts anew', async () => {
      await charge(5, p)
      expect((await charge(1, policy({ algorithm, window: MINUTE / 2 }))).allowed).toBe(true)
    })
  })

  describe('a refund never gives back what somebody else was charged', () => {
    const reserve = async (cost: number, p: Policy): Promise<() => Promise<void>> => {
      const { reservation } = await charge(cost, p)
      if (reservation === undefined) throw new Error('no reservation')
      return () => clocked.store.cancel(reservation)
    }

    it('fixed window: not from the window that opened since', async () => {
      const p = policy({ algorithm: 'fixed-window' })
      await charge(1, p)
      await clocked.setNow(START + 30_000)
      const cancel = await reserve(4, p)
      await clocked.setNow(START + MINUTE)
      await charge(5, p)
      await cancel()
      expect(await left(p)).toBe(0)
    })

    it('fixed window: and opens no window by itself', async () => {
      const p = policy({ algorithm: 'fixed-window' })
      await charge(1, p)
      await clocked.setNow(START + 30_000)
      const cancel = await reserve(1, p)
      await clocked.setNow(START + MINUTE)
      await cancel()
      await clocked.setNow(START + MINUTE + 1)
      expect((await charge(1, p)).limits[0]?.resetMs).toBe(MINUTE)
    })

    it('gcra: only what has not leaked', async () => {
      const p = policy({ algorithm: 'gcra' })
      const cancel = await reserve(5, p)
      await clocked.setNow(START + 36_000)
      await charge(3, p)
      await cancel()
      expect(await left(p)).toBe(2)
    })

    it('gcra: not what an earlier refund has moved ahead', async () => {
      const p = policy({ algorithm: 'gcra' })
      const cancelFirst = await reserve(2, p)
      const cancelSecond = await reserve(3, p)
      await cancelFirst()
      await clocked.setNow(START + 36_000)
      await charge(5, p)
      await cancelSecond()
      expect(await left(p)).toBe(0)
    })

    it('sliding window: only into the bucket it came from', async () => {
      const p = policy()
      const cancel = await reserve(3, p)
      await clocked.setNow(START + 30_000)
      await charge(2, p)
      await cancel()
      expect(await left(p)).toBe(3)
      await clocked.setNow(START + MINUTE + 1_000)
      expect(await left(p)).toBe(3)
    })
  })

  it('all policies are charged or none is', async () => {
    const wide = policy({ name: 'wide', quota: 100 })
    const narrow = policy({ name: 'narrow', quota: 2, algorithm: 'gcra' })
    for (let i = 0; i < 50; i += 1) await charge(1, wide, narrow)
    expect(await left(wide)).toBe(98)
    const refused = await charge(1, wide, narrow)
    expect(refused.limits.map((limit) => [limit.policy.name, limit.violated, limit.remaining])).toEqual([
      ['wide', false, 98],
      ['narrow', true, 0],
    ])
  })

  it('two charges on one policy and partition see one another', async () => {
    const p = policy()
    expect((await charge(3, p, p)).allowed).toBe(false)
    expect((await charge(2, p, p)).limits.map((limit) => limit.remaining)).toEqual([3, 1])
    expect(await left(p)).toBe(1)
  })

  it('charges partitions apart, in one call', async () => {
    const p = policy()
    const both = [
      { key: '{one}', policy: p, cost: 2 },
      { key: '{two}', policy: p, cost: 5 },
    ]
    expect((await clocked.store.reserve(both)).limits.map((limit) => limit.remaining)).toEqual([3, 0])
    expect((await clocked.store.reserve(both)).allowed).toBe(false)
    const [one] = (await clocked.store.reserve([{ key: '{one}', policy: p, cost: 0 }])).limits
    expect(one?.remaining).toBe(3)
  })

  it('settles by policy name where a map is given', async () => {
    const [one, two] = [policy({ name: '__proto__' }), policy({ name: 'two' })]
    const { reservation } = await charge(4, one, two)
    if (reservation !== undefined) await clocked.store.settle(reservation, new Map([['__proto__', 1]]))
    expect([await left(one), await left(two)]).toEqual([4, 1])
  })

  it('names are only names: __proto__, constructor, separators', async () => {
    const names = ['__proto__', 'constructor', 'toString', 'a:b', 'a', 'b:a']
    for (const name of names) expect((await charge(5, policy({ name }))).allowed).toBe(true)
    for (const name of names) expect((await charge(1, policy({ name }))).allowed).toBe(false)
    const odd = { key: '__proto__', policy: policy(), cost: 5 }
    expect((await clocked.store.reserve([odd])).allowed).toBe(true)
    expect((await clocked.store.reserve([odd])).allowed).toBe(false)
  })

  it('nothing to charge is allowed', async () => {
    expect(await clocked.store.reserve([])).toEqual({ allowed: true, limits: [] })
  })

  it.each([-1, 1.5, Number.NaN, Infinity, 2 ** 53, '1', undefined])(
    'a cost of %s is a typed failure',
    async (cost) => {
      await expect(charge(cost as number, policy())).rejects.toThrow(InvalidCost)
      expect(await left(policy())).toBe(5)
    },
  )

  it('holds the largest policies there are', async () => {
    const most = policy({ name: 'most', quota: 999_999_999_999_999, window: 31_622_400_000 })
    expect((await charge(999_999_999_999_999, most)).limits[0]?.remaining).toBe(0)
    expect((await charge(1, most)).allowed).toBe(false)
    const fast = policy({ name: 'fast', quota: 1e9, window: 1, algorithm: 'gcra', burst: 1 })
    expect((await charge(1, fast)).limits[0]?.remaining).toBe(0)
    const least = policy({ name: 'least', quota: 1, window: 1 })
    expect((await charge(1, least)).allowed).toBe(true)
    expect((await charge(1, least)).limits[0]?.retryAfterMs).toBe(2)
  })
})
