import { describe, expect, it } from 'vitest'
import { definePolicy } from '../../src/core/policy.ts'
import type { Charge } from '../../src/core/verdict.ts'
import { MemoryStore } from '../../src/stores/memory-store.ts'

const policy = definePolicy({ name: 'p', quota: 2, window: 1_000 })
const charge = (key: string, cost = 1): Charge => ({ key, policy, cost })

describe('a full memory store', () => {
  it('resets no spent key, knows the keys it has, and is unavailable for new ones until some expire', async () => {
    let now = 1_000_000
    const store = new MemoryStore({ maxKeys: 100, now: () => now })
    await store.reserve([charge('victim', 2)])
    for (let i = 0; i < 99; i += 1) await store.reserve([charge(`k${i}`)])
    for (let i = 0; i < 1_000; i += 1) {
      await expect(store.reserve([charge(`flood${i}`)])).rejects.toMatchObject({ fault: 'full' })
    }
    expect(store.size).toBe(100)
    expect((await store.reserve([charge('victim')])).allowed).toBe(false)
    expect((await store.reserve([charge('k0')])).allowed).toBe(true)
    now += 1_100
    expect((await store.reserve([charge('new')])).allowed).toBe(true)
  })

  it('charges nothing of a call that does not fit as a whole', async () => {
    const store = new MemoryStore({ maxKeys: 1 })
    await store.reserve([charge('known')])
    await expect(store.reserve([charge('known'), charge('new')])).rejects.toMatchObject({ fault: 'full' })
    expect(store.used(charge('known'))).toBe(1)
  })
})

describe('a memory store', () => {
  it('drops what has expired as new keys come, without a timer', async () => {
    let now = 1_000_000
    const timers = (): number => process.getActiveResourcesInfo().filter((type) => type === 'Timeout').length
    const before = timers()
    const store = new MemoryStore({ now: () => now })
    for (let i = 0; i < 10_000; i += 1) {
      now += 1
      await store.reserve([charge(`k${i}`)])
    }
    // About 1,020 are live at any time.
    expect(store.size).toBeLessThan(3_000)
    expect(timers()).toBe(before)
  })

  it('looking at a key, or refusing it, stores nothing', async () => {
    const store = new MemoryStore()
    await store.reserve([charge('k', 0)])
    await store.reserve([charge('k', 3)])
    expect(store.size).toBe(0)
  })

  it('is unavailable once closed', async () => {
    const store = new MemoryStore()
    await store.close()
    await expect(store.reserve([charge('k')])).rejects.toMatchObject({ fault: 'closed' })
  })

  it('does nothing with a reservation of another store', async () => {
    const [one, two] = [new MemoryStore(), new MemoryStore()]
    const { reservation } = await one.reserve([charge('k')])
    await two.reserve([charge('k')])
    if (reservation !== undefined) await two.cancel(reservation)
    expect([one.used(charge('k')), two.used(charge('k'))]).toEqual([1, 1])
  })
})
