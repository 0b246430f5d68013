import { describe, expect, it } from 'vitest'
import { definePolicy } from '../../src/core/policy.ts'
import type { OnStoreError, Policy, PolicyInput } from '../../src/core/policy.ts'
import type { Verdict } from '../../src/core/verdict.ts'
import { StoreUnavailable } from '../../src/stores/failures.ts'
import { MemoryStore } from '../../src/stores/memory-store.ts'
import type { RateLimitStore } from '../../src/stores/store.ts'
import { withStoreFallback } from '../../src/stores/store-fallback.ts'

/** A store that counts in memory and can be switched off. Real Redis faults are in `redis-faults.test.ts`. */
function switched(now: () => number): { store: RateLimitStore; inner: MemoryStore; up: boolean } {
  const inner = new MemoryStore({ now })
  const state = { inner, up: true, store: inner as RateLimitStore }
  const whenUp = async <T>(work: () => Promise<T>): Promise<T> => {
    if (!state.up) throw new StoreUnavailable('timeout')
    return work()
  }
  state.store = {
    reserve: async (charges) => whenUp(async () => inner.reserve(charges)),
    cancel: async (reservation) => whenUp(async () => inner.cancel(reservation)),
    settle: async (reservation, actual) => whenUp(async () => inner.settle(reservation, actual)),
    reset: async (place) => whenUp(async () => inner.reset(place)),
    close: async () => inner.close(),
  }
  return state
}

const policy = (onStoreError: OnStoreError, over: Partial<PolicyInput> = {}): Policy =>
  definePolicy({ name: onStoreError, quota: 10, window: 60_000, onStoreError, ...over })

function fixture(instances: number) {
  let now = 1_700_000_000_000
  const source = switched(() => now)
  const memory = new MemoryStore({ now: () => now })
  const store = withStoreFallback(source.store, { instances, memory })
  const ask = async (cost: number, ...policies: Policy[]): Promise<Verdict> =>
    store.reserve(policies.map((each) => ({ key: 'k', policy: each, cost })))
  const flood = async (...policies: Policy[]): Promise<number> => {
    let admitted = 0
    for (let i = 0; i < 50; i += 1) if ((await ask(1, ...policies)).allowed) admitted += 1
    return admitted
  }
  const pass = (ms: number): void => {
    now += ms
  }
  return { source, memory, store, ask, flood, pass }
}

describe('while the store is away', () => {
  it('local: counts to the share of the quota, rounded down', async () => {
    const { source, ask, flood } = fixture(3)
    source.up = false
    expect(await flood(policy('local'))).toBe(3)
    expect((await ask(0, policy('local'))).limits[0]).toMatchObject({
      quota: 3,
      remaining: 0,
      degraded: 'local',
    })
  })

  it('local: the share is at least 1', async () => {
    const { source, flood } = fixture(1_000)
    source.up = false
    expect(await flood(policy('local'))).toBe(1)
  })

  it('open: admits and does not count', async () => {
    const { source, memory, ask, flood } = fixture(1)
    source.up = false
    expect(await flood(policy('open'))).toBe(50)
    expect((await ask(1, policy('open'))).limits[0]).toMatchObject({ violated: false, degraded: 'open' })
    expect(memory.size).toBe(0)
  })

  it('closed: refuses with the names of the policies', async () => {
    const { source, ask } = fixture(1)
    source.up = false
    await expect(ask(1, policy('closed'))).rejects.toMatchObject({ fault: 'timeout', policies: ['closed'] })
  })

  it('mixed: each policy does what it declares, and a closed one charges nothing to the others', async () => {
    const { source, memory, ask, flood } = fixture(2)
    source.up = false
    await expect(ask(1, policy('local'), policy('closed'), policy('open'))).rejects.toMatchObject({
      policies: ['closed'],
    })
    expect(memory.size).toBe(0)
    expect(await flood(policy('open'), policy('local'))).toBe(5)
    const { limits } = await ask(1, policy('open'), policy('local'))
    expect(limits.map((limit) => [limit.policy.name, limit.violated, limit.degraded])).toEqual([
      ['open', false, 'open'],
      ['local', true, 'local'],
    ])
  })

  it('a cost above the share may fit later, one above the quota never', async () => {
    const { source, ask } = fixture(5)
    source.up = false
    expect((await ask(5, policy('local'))).limits[0]?.retryAfterMs).toBe(60_000)
    expect((await ask(11, policy('local'))).limits[0]?.retryAfterMs).toBeNull()
  })

  it('reservations are closed where they were made', async () => {
    const { source, store, ask } = fixture(1)
    const before = await ask(4, policy('local'))
    source.up = false
    const during = await ask(4, policy('local'))
    if (before.reservation === undefined || during.reservation === undefined)
      throw new Error('no reservation')
    await store.cancel(during.reservation)
    await expect(store.cancel(before.reservation)).rejects.toThrow(StoreUnavailable)
    source.up = true
    expect((await ask(0, policy('local'))).limits[0]?.remaining).toBe(6)
  })

  it('wrong input is not a fault of the store', async () => {
    const { ask } = fixture(1)
    await expect(ask(-1, policy('local'))).rejects.toMatchObject({
      code: 'PORTCULLIS_USER_RATE_LIMIT_INVALID_COST',
    })
  })

  it('a closed store stays closed', async () => {
    const { store, source, ask } = fixture(1)
    await store.close()
    expect(source.up).toBe(true)
    await expect(ask(1, policy('open'))).rejects.toMatchObject({ fault: 'closed' })
  })
})

describe('when the store is back', () => {
  it('what was counted here is charged to it: an outage does not end with a fresh window', async () => {
    const { source, memory, flood } = fixture(1)
    source.up = false
    expect(await flood(policy('local'))).toBe(10)
    source.up = true
    expect(await flood(policy('local'))).toBe(0)
    expect(memory.size).toBe(1)
  })

  it('a flapping store does not multiply the quota', async () => {
    const { source, ask } = fixture(1)
    let admitted = 0
    for (let i = 0; i < 200; i += 1) {
      source.up = i % 3 === 0
      if ((await ask(1, policy('local'))).allowed) admitted += 1
    }
    expect(admitted).toBeLessThanOrEqual(20)
  })

  it('and is handed over once: then only the store counts, and a cancel gives back the call alone', async () => {
    const { source, memory, store, ask, pass } = fixture(1)
    source.up = false
    await ask(4, policy('local'))
    source.up = true
    const { reservation, limits } = await ask(1, policy('local'))
    expect([limits.length, limits[0]?.remaining, memory.size]).toEqual([1, 5, 0])
    if (reservation !== undefined) await store.cancel(reservation)
    expect((await ask(0, policy('local'))).limits[0]?.remaining).toBe(6)
    pass(62_000)
    expect((await ask(10, policy('local'))).allowed).toBe(true)
  })

  it('refused because of it: violated, with a wait that helps', async () => {
    const { source, ask, pass } = fixture(1)
    await ask(3, policy('local'))
    source.up = false
    await ask(9, policy('local'))
    source.up = true
    const { allowed, limits } = await ask(1, policy('local'))
    expect([allowed, limits.length, limits[0]?.violated]).toEqual([false, 1, true])
    pass(limits[0]?.retryAfterMs ?? 0)
    expect((await ask(1, policy('local'))).allowed).toBe(true)
  })
})
