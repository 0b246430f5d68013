import { setImmediate } from 'node:timers/promises'
import { startRedis } from '@portcullis/kernel/testing'
import { Redis } from 'ioredis'
import { expect, it } from 'vitest'
import { definePolicy } from '../../src/core/policy.ts'
import type { Algorithm } from '../../src/core/policy.ts'
import { withLeases } from '../../src/stores/leases.ts'
import { RedisStore } from '../../src/stores/redis-store.ts'
import { property } from '../property.ts'

const ALGORITHMS: readonly Algorithm[] = ['sliding-window', 'sliding-log', 'fixed-window', 'gcra']

it('no key is without TTL after connections were killed at any moment, 100 times; 1,000 in the deep tier', async () => {
  const redis = await startRedis()
  const admin = new Redis(redis.url)
  const rounds = property(100, 1_000).numRuns
  let keys = 0
  for (let round = 0; round < rounds; round += 1) {
    const store = new RedisStore({ redis: redis.url, storeTimeout: 1_000 })
    await store.connect()
    const leases = withLeases(store)
    const work = Promise.allSettled(
      Array.from({ length: 12 }, async (_, at) => {
        const algorithm = ALGORITHMS[(round + at) % 4] as Algorithm
        const key = `{${round}:${at}}`
        if (at % 4 === 3) {
          const slot = await store.slots.acquire({ key, name: 's', limit: 5, onStoreError: 'closed' })
          return slot?.release()
        }
        const lease =
          algorithm.startsWith('sliding') && at % 2 === 0 ? { lease: { size: 3, maxAge: 1_000 } } : {}
        const policy = definePolicy({ name: 'p', quota: 10, window: 600_000, algorithm, ...lease })
        const { reservation } = await leases.reserve([{ key, policy, cost: 2 }])
        if (reservation !== undefined && at % 3 === 0) await leases.settle(reservation, 1)
      }),
    )
    for (let turn = 0; turn < round % 7; turn += 1) await setImmediate()
    if (round % 3 === 0) await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    await store.close()
    await work
  }
  for (const key of await admin.keys('*')) {
    keys += 1
    expect(await admin.pttl(key)).not.toBe(-1)
  }
  expect(keys).toBeGreaterThan(rounds)
  admin.disconnect()
  await redis.stop()
}, 120_000)
