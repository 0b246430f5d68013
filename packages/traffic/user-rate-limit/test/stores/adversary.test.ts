import { setTimeout as delay } from 'node:timers/promises'
import { startRedis } from '@portcullis/kernel/testing'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { bucketWidth } from '../../src/core/algorithms/sliding-window.ts'
import { definePolicy } from '../../src/core/policy.ts'
import type { Algorithm, Policy } from '../../src/core/policy.ts'
import { RedisStore } from '../../src/stores/redis-store.ts'
import { property } from '../property.ts'
import { START, memoryStore } from './harness.ts'

const ALGORITHMS: readonly Algorithm[] = ['sliding-window', 'sliding-log', 'fixed-window', 'gcra']

/** Where an attacker who knows how it counts asks next: at an edge, or when it was told that it may. */
interface Move {
  readonly to: 'now' | 'window' | 'bucket' | 'before the window ends' | 'told' | 'reset'
  /** Milliseconds beside it. */
  readonly off: number
  /** All that is left, one unit more than that, or one. */
  readonly asks: 'all' | 'more' | 'one'
}

/** Most units in any window of the policy's length. */
function bound({ algorithm, quota, capacity }: Policy): number {
  if (algorithm === 'fixed-window') return 2 * quota - 1
  return algorithm === 'gcra' ? capacity + quota : quota
}

it('an attacker who takes all that is left at every edge gets no more than the algorithm promises in any window', async () => {
  const move = fc.record<Move>({
    to: fc.constantFrom('now', 'window', 'bucket', 'before the window ends', 'told', 'reset'),
    off: fc.integer({ min: -1, max: 1 }),
    asks: fc.constantFrom('all', 'all', 'more', 'one'),
  })
  const policies = fc.record({
    algorithm: fc.constantFrom(...ALGORITHMS),
    quota: fc.integer({ min: 2, max: 40 }),
    window: fc.oneof(fc.integer({ min: 1, max: 200 }), fc.constantFrom(1_000, 60_000, 3_600_000)),
  })
  await fc.assert(
    fc.asyncProperty(
      policies,
      fc.array(move, { minLength: 3, maxLength: 40, size: 'max' }),
      async (input, moves) => {
        const policy = definePolicy({ ...input, name: 'p' })
        const { window } = policy
        const clocked = await memoryStore()
        const log: { readonly at: number; readonly cost: number }[] = []
        const ask = async (cost: number): Promise<number> => {
          const { allowed, limits } = await clocked.store.reserve([{ key: 'k', policy, cost }])
          if (allowed && cost > 0) log.push({ at: now, cost })
          return limits[0]?.remaining ?? 0
        }
        let now = START
        let first = START
        for (const { to, off, asks } of moves) {
          await clocked.setNow(now)
          const [limit] = (await clocked.store.reserve([{ key: 'k', policy, cost: 0 }])).limits
          const told = (await clocked.store.reserve([{ key: 'k', policy, cost: policy.capacity }])).limits[0]
          // The probe for the wait may have been admitted: it counts as well.
          if (told?.violated === false) log.push({ at: now, cost: policy.capacity })
          const width = bucketWidth(policy)
          const edges = {
            now,
            window: first + window,
            bucket: (Math.floor(now / width) + 1) * width,
            'before the window ends': first + window - 1,
            told: now + (told?.retryAfterMs ?? 0),
            reset: now + (limit?.resetMs ?? 0),
          }
          const next = edges[to] + off
          if (next > now) now = next
          if (now - first >= window) first = now
          await clocked.setNow(now)
          const left = await ask(0)
          await ask({ all: left, more: left + 1, one: 1 }[asks])
          // Of all windows that hold what was just charged, the one that ends now holds the most.
          const within = log.reduce((sum, one) => (one.at > now - window ? sum + one.cost : sum), 0)
          expect(within).toBeLessThanOrEqual(bound(policy))
        }
      },
    ),
    // 10,000 in the deep tier are enough: each looks at every edge many times.
    property(2_000, 10_000),
  )
})

it('in real time, on the clock of Redis: 50 schedules at once, 0 windows above quota', async () => {
  const redis = await startRedis()
  const store = new RedisStore({ redis: redis.url, storeTimeout: 10_000, deniedCalls: 0 })
  await store.connect()
  const schedule = fc.record({
    quota: fc.integer({ min: 1, max: 8 }),
    window: fc.integer({ min: 100, max: 400 }),
    algorithm: fc.constantFrom<Algorithm>('sliding-window', 'sliding-log'),
    steps: fc.array(
      fc.record({ wait: fc.constantFrom(0, 0, 1, 20, 90, 150), cost: fc.integer({ min: 1, max: 3 }) }),
      {
        minLength: 30,
        maxLength: 50,
        size: 'max',
      },
    ),
  })
  const schedules = fc.sample(schedule, { seed: property(1).seed, numRuns: 50 })
  const admitted = await Promise.all(
    schedules.map(async ({ steps, ...input }, at) => {
      const policy = definePolicy({ ...input, name: 'p' })
      const log: { readonly sent: number; readonly got: number; readonly cost: number }[] = []
      for (const { wait, cost } of steps) {
        if (wait > 0) await delay(wait)
        const sent = performance.now()
        const { allowed } = await store.reserve([{ key: `{${at}}`, policy, cost }])
        const got = performance.now()
        if (!allowed) continue
        log.push({ sent, got, cost })
        // Redis decided between the two moments: these are within a window for certain.
        const within = log.reduce((sum, one) => (got - one.sent <= policy.window ? sum + one.cost : sum), 0)
        expect(within).toBeLessThanOrEqual(policy.quota)
      }
      return log.length
    }),
  )
  // Quotas come back meanwhile: more is admitted than one window's worth.
  expect(admitted.reduce((sum, one) => sum + one, 0)).toBeGreaterThan(200)
  await store.close()
  await redis.stop()
}, 60_000)
