import { spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { startRedis } from '@portcullis/kernel/testing'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { OnStoreError } from '../../src/core/policy.ts'
import { StoreUnavailable } from '../../src/stores/failures.ts'
import { RedisStore } from '../../src/stores/redis-store.ts'
import { MemorySlots, withSlotFallback } from '../../src/stores/slots.ts'
import type { Slot, SlotLimit } from '../../src/stores/slots.ts'
import type { RedisService } from './harness.ts'

const LIFE = 300
const limitOf = (limit: number, onStoreError: OnStoreError = 'local', key = '{k}'): SlotLimit => ({
  key,
  name: 'perUser',
  limit,
  onStoreError,
})

/** A process that holds a slot until it is killed. Vite, below vitest, runs the sources. */
function holder(url: string): string {
  const here = createRequire(import.meta.url)
  const core = join(import.meta.dirname, '../../src/core/index.ts')
  return `
    import { createRequire } from 'node:module'
    const vitest = createRequire(${JSON.stringify(here.resolve('vitest/package.json'))})
    const { runnerImport } = await import(vitest.resolve('vite'))
    const { module } = await runnerImport(${JSON.stringify(core)}, { configFile: false, logLevel: 'silent' })
    const { Redis } = await import(${JSON.stringify(here.resolve('ioredis'))})
    const redis = new Redis(${JSON.stringify(url)}, { lazyConnect: true })
    const store = new module.RedisStore({ redis, storeTimeout: 30_000, slotLife: ${LIFE} })
    await store.connect()
    await store.slots.acquire(${JSON.stringify(limitOf(2))})
    setInterval(() => undefined, 1_000)
    process.stdout.write('held')
  `
}

describe('slots in memory', () => {
  it('are as many as the limit, each freed once, and leave nothing behind', async () => {
    const slots = new MemorySlots()
    const [one, two] = [await slots.acquire(limitOf(2)), await slots.acquire(limitOf(2))]
    expect(await slots.acquire(limitOf(2))).toBeUndefined()
    expect(await slots.acquire(limitOf(2, 'local', '{other}'))).toBeDefined()
    await one?.release()
    await one?.release()
    expect(await slots.acquire(limitOf(2))).toBeDefined()
    expect(await slots.acquire(limitOf(2))).toBeUndefined()
    await two?.release()
    expect(slots.size).toBe(2)
  })
})

describe('slots in Redis', () => {
  let redis: RedisService
  let client: Redis
  const stores: RedisStore[] = []
  const connected = async (): Promise<RedisStore> => {
    const store = new RedisStore({ redis: redis.url, storeTimeout: 2_000, slotLife: LIFE })
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

  it('four processes hold exactly the limit, and every key expires', async () => {
    const four = await Promise.all([1, 2, 3, 4].map(connected))
    const taken = await Promise.all(
      Array.from({ length: 400 }, async (_, at) => four[at % 4]?.slots.acquire(limitOf(50))),
    )
    const held = taken.filter((slot): slot is Slot => slot !== undefined)
    expect(held).toHaveLength(50)
    for (const key of await client.keys('*')) expect(await client.pttl(key)).toBeGreaterThan(0)
    await Promise.all(held.slice(0, 20).map((slot) => slot.release()))
    await Promise.all(held.slice(0, 20).map((slot) => slot.release()))
    const again = await Promise.all(
      Array.from({ length: 100 }, async () => four[0]?.slots.acquire(limitOf(50))),
    )
    expect(again.filter((slot) => slot !== undefined)).toHaveLength(20)
    await Promise.all(four.map((store) => store.close()))
  })

  it('of a process that died are free after their life; those of one that lives are not', async () => {
    const alive = await connected()
    const child = spawn(process.execPath, ['--input-type=module', '-e', holder(redis.url)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const gone = new Promise((resolve) => child.once('exit', resolve))
    await new Promise((resolve) => child.stdout.once('data', resolve))
    const own = await alive.slots.acquire(limitOf(2))
    // It renews what it holds.
    await delay(LIFE * 2)
    expect(await alive.slots.acquire(limitOf(2))).toBeUndefined()
    child.kill('SIGKILL')
    await gone
    expect(await alive.slots.acquire(limitOf(2))).toBeUndefined()
    await delay(LIFE * 2)
    const second = await alive.slots.acquire(limitOf(2))
    expect(second).toBeDefined()
    expect(await alive.slots.acquire(limitOf(2))).toBeUndefined()
    await own?.release()
    await second?.release()
    expect(await client.keys('*')).toEqual([])
  })

  it('of a store that closes are free at once, however many, also those that are being released', async () => {
    const [closing, alive] = [await connected(), await connected()]
    const held = await Promise.all(
      Array.from({ length: 300 }, (_, at) => closing.slots.acquire(limitOf(150, 'local', `{${at % 2}}`))),
    )
    expect(held.every((slot) => slot !== undefined)).toBe(true)
    expect(await alive.slots.acquire(limitOf(150, 'local', '{0}'))).toBeUndefined()
    const releasing = held.slice(0, 50).map((slot) => slot?.release())
    await Promise.all([closing.close(), ...releasing])
    expect(await client.keys('*')).toEqual([])
    await held[299]?.release()
    await expect(closing.slots.acquire(limitOf(1))).rejects.toBeInstanceOf(StoreUnavailable)
  })

  it('come back when the server has lost them', async () => {
    const store = await connected()
    const slot = await store.slots.acquire(limitOf(1))
    await client.flushall()
    await delay(LIFE)
    expect(await store.slots.acquire(limitOf(1))).toBeUndefined()
    await slot?.release()
    expect(await store.slots.acquire(limitOf(1))).toBeDefined()
  })
})

describe('slots while Redis is away', () => {
  it.each(['SIGKILL', 'SIGSTOP'] as const)(
    '%s: closed refuses, open admits, local holds its share',
    async (signal) => {
      const redis = await startRedis()
      const store = new RedisStore({ redis: redis.url, storeTimeout: 50 })
      await store.connect()
      const slots = withSlotFallback(store.slots, 2)
      const before = await slots.acquire(limitOf(4))
      await redis.kill(signal)
      const start = performance.now()
      await expect(slots.acquire(limitOf(4, 'closed'))).rejects.toMatchObject({ policies: ['perUser'] })
      expect(performance.now() - start).toBeLessThan(200)
      for (let i = 0; i < 5; i += 1) expect(await slots.acquire(limitOf(4, 'open'))).toBeDefined()
      const local = []
      for (let i = 0; i < 4; i += 1) local.push(await slots.acquire(limitOf(4)))
      expect(local.map((slot) => slot !== undefined)).toEqual([true, true, false, false])
      await before?.release()
      await store.close()
      await redis.stop()
    },
  )
})
