import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bucketWidth } from '../../src/core/algorithms/sliding-window.ts'
import { definePolicy } from '../../src/core/policy.ts'
import type { Algorithm, Policy } from '../../src/core/policy.ts'
import type { Charge, Reservation } from '../../src/core/verdict.ts'
import { property } from '../property.ts'
import { START, memoryStore, redisStore } from './harness.ts'
import type { ClockedStore } from './harness.ts'

/** One step of a schedule: time passes (and the clock may be set back), then something is asked. */
interface Step {
  /** Real milliseconds since the step before, as a share of the window, plus some. */
  readonly wait: readonly [share: number, plus: number]
  /** Milliseconds by which the store's clock is set back at this moment. */
  readonly setBack: number
  readonly act: 'reserve' | 'cancel' | 'settle'
  readonly cost: number
  /** Which policies are charged, by bit; which earlier reservation is closed. */
  readonly pick: number
}

interface Schedule {
  readonly policies: readonly Policy[]
  readonly steps: readonly Step[]
}

/** What was really admitted, in real time. */
interface Entry {
  readonly at: number
  readonly policy: Policy
  cost: number
}

const ALGORITHMS: readonly Algorithm[] = ['sliding-window', 'sliding-log', 'fixed-window', 'gcra']

function schedules(leastWindow: number, setBacks: fc.Arbitrary<number>): fc.Arbitrary<Schedule> {
  const policies = fc
    .array(
      fc.record({
        algorithm: fc.constantFrom(...ALGORITHMS),
        quota: fc.integer({ min: 1, max: 12 }),
        window: fc.oneof(fc.constant(leastWindow), fc.integer({ min: leastWindow, max: leastWindow * 100 })),
        burst: fc.integer({ min: 1, max: 12 }),
      }),
      { minLength: 1, maxLength: 3 },
    )
    .map((all) =>
      all.map(({ burst, ...input }, at) =>
        definePolicy({ ...input, name: `p${at}`, ...(input.algorithm === 'gcra' ? { burst } : {}) }),
      ),
    )
  const step = fc.record<Step>({
    // Edges of windows and buckets are where counters err.
    wait: fc.tuple(
      fc.oneof(
        fc.constantFrom(0, 0, 0, 1 / 60, 0.5, 59 / 60, 1),
        fc.double({ min: 0, max: 1.2, noNaN: true }),
      ),
      fc.integer({ min: -1, max: 2 }),
    ),
    setBack: setBacks,
    act: fc.constantFrom('reserve', 'reserve', 'reserve', 'reserve', 'cancel', 'settle'),
    cost: fc.integer({ min: 0, max: 6 }),
    pick: fc.nat(100),
  })
  return fc.record({ policies, steps: fc.array(step, { minLength: 1, maxLength: 40, size: 'max' }) })
}

const never = fc.constant(0)
const sometimes = fc.oneof(
  { weight: 5, arbitrary: never },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 90_000 }) },
)

/** The clock of a memory store ages its reservations too, and may not step back while there are any. */
const withoutRefunds = ({ policies, steps }: Schedule): Schedule => ({
  policies,
  steps: steps.map((step) => ({ ...step, act: 'reserve' })),
})
const ofOnePolicy = ({ policies, steps }: Schedule): Schedule => ({ policies: policies.slice(0, 1), steps })

/** Runs a schedule and checks every answer against the log of what was admitted. Returns what the store said. */
async function run(clocked: ClockedStore, { policies, steps }: Schedule, key = '{k}'): Promise<unknown[]> {
  const log: Entry[] = []
  const open: { reservation: Reservation; entries: Entry[] }[] = []
  const said: unknown[] = []
  let real = START
  let skew = 0
  for (const step of steps) {
    const [share, plus] = step.wait
    real += Math.max(0, Math.floor((policies[0]?.window ?? 0) * share) + plus)
    skew -= step.setBack
    await clocked.setNow(real + skew, real)
    if (step.act === 'reserve') {
      const charges = policies
        .filter((_, at) => ((step.pick >> at) & 1) === 1 || policies.length === 1)
        .map((policy): Charge => ({ key, policy, cost: step.cost }))
      const verdict = await clocked.store.reserve(charges)
      said.push(verdict.allowed, verdict.limits)
      expect(verdict.allowed).toBe(verdict.limits.every((limit) => !limit.violated))
      if (verdict.allowed) {
        const entries = charges.map(({ policy, cost }) => ({ at: real, policy, cost }))
        log.push(...entries)
        if (verdict.reservation !== undefined) open.push({ reservation: verdict.reservation, entries })
        for (const { policy } of charges) expectWithin(policy, log, real)
      } else if (skew === 0) {
        for (const { policy, violated } of verdict.limits)
          if (violated) expectJustified(policy, log, real, step.cost)
      }
    } else {
      const [closed] = open.splice(step.pick % Math.max(1, open.length), 1)
      if (closed === undefined) continue
      const actual = step.act === 'cancel' ? 0 : Math.min(step.cost, 3)
      await (step.act === 'cancel'
        ? clocked.store.cancel(closed.reservation)
        : clocked.store.settle(closed.reservation, actual))
      // From now on the call has cost less; the store may know better than to give all of it back.
      for (const entry of closed.entries) entry.cost = Math.min(entry.cost, actual)
    }
  }
  return said
}

const sumOf = (log: readonly Entry[], policy: Policy, from: number): number =>
  log.reduce((sum, entry) => (entry.policy === policy && entry.at >= from ? sum + entry.cost : sum), 0)

/** No window that ends now holds more than the algorithm promises. */
function expectWithin(policy: Policy, log: readonly Entry[], now: number): void {
  const { quota, window, capacity, algorithm } = policy
  if (algorithm.startsWith('sliding')) expect(sumOf(log, policy, now - window)).toBeLessThanOrEqual(quota)
  if (algorithm === 'fixed-window')
    expect(sumOf(log, policy, now - window + 1)).toBeLessThanOrEqual(2 * quota)
  if (algorithm === 'gcra') {
    for (const { at } of log) {
      expect(sumOf(log, policy, at)).toBeLessThanOrEqual(capacity + (quota * (now - at)) / window + 1e-9)
    }
  }
}

/** A refusal has a reason: the cost would not fit into the window, or for buckets into one bucket more. */
function expectJustified(policy: Policy, log: readonly Entry[], now: number, cost: number): void {
  const { quota, window, capacity, algorithm } = policy
  if (algorithm === 'gcra') {
    // What an uncancelled log would hold is the most that can be in the bucket.
    expect(cost > capacity || log.some((entry) => entry.policy === policy)).toBe(true)
    return
  }
  const late = algorithm.startsWith('sliding') ? bucketWidth(policy) : 0
  expect(sumOf(log, policy, now - window - late + 1) + cost).toBeGreaterThan(quota)
}

describe('memory store against a log of everything admitted', () => {
  it.each([1, 50, 60_000])(
    'windows from %i ms: 0 windows above quota, 0 refusals without reason',
    async (window) => {
      await fc.assert(
        fc.asyncProperty(schedules(window, never), async (schedule) => {
          await run(await memoryStore(), schedule)
        }),
        property(700),
      )
    },
  )

  it('0 windows above quota while the clock is set back again and again', async () => {
    await fc.assert(
      fc.asyncProperty(schedules(60_000, sometimes).map(withoutRefunds), async (schedule) => {
        await run(await memoryStore(), schedule)
      }),
      property(700),
    )
  })

  it('a gcra policy without refunds decides like exact arithmetic', async () => {
    const call = fc.tuple(fc.nat(40), fc.integer({ min: 1, max: 4 }))
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 60 }),
        fc.integer({ min: 1, max: 9 }),
        fc.array(call, { maxLength: 50, size: 'max' }),
        async (quota, window, burst, calls) => {
          const policy = definePolicy({ name: 'p', quota, window, burst, algorithm: 'gcra' })
          const clocked = await memoryStore()
          let [now, level] = [START, 0n]
          for (const [wait, cost] of calls) {
            now += wait
            await clocked.setNow(now)
            level -= BigInt(wait * quota)
            if (level < 0n) level = 0n
            const fits = level + BigInt(cost * window) <= BigInt(burst * window)
            if (fits) level += BigInt(cost * window)
            expect((await clocked.store.reserve([{ key: 'k', policy, cost }])).allowed).toBe(fits)
          }
        },
      ),
      property(500),
    )
  })
})

describe('redis store', () => {
  let redis: Awaited<ReturnType<typeof redisStore>>
  beforeAll(async () => {
    redis = await redisStore()
  })
  afterAll(() => redis.close())

  // 2,000 schedules in all.
  it.each([
    ['a steady clock', schedules(60_000, never), 1_400],
    // A partition of one policy: memory forgets what has expired when others come, Redis when its time has passed.
    ['a clock that is set back', schedules(60_000, sometimes).map(withoutRefunds).map(ofOnePolicy), 200],
  ])(
    'holds and says the same as memory, with %s; no key is without TTL',
    async (_name, all, runs) => {
      await fc.assert(
        fc.asyncProperty(all, async (schedule) => {
          await redis.clear()
          const said = await run(redis, schedule)
          expect(said).toEqual(await run(await memoryStore(), schedule))
          expect(await redis.client.pttl('{k}')).not.toBe(-1)
        }),
        property(runs, 10_000),
      )
    },
    1_500_000,
  )

  it('0 windows above quota, 0 refusals without reason, with refusals that are remembered', async () => {
    const remembering = await redisStore(1_000)
    let runs = 0
    await fc.assert(
      fc.asyncProperty(schedules(60_000, never), async (schedule) => {
        await run(remembering, schedule, `{${(runs += 1)}}`)
      }),
      property(200, 4_000),
    )
    await remembering.close()
  }, 1_500_000)

  it('0 windows above quota with refunds while the clock is set back', async () => {
    await fc.assert(
      fc.asyncProperty(schedules(60_000, sometimes), async (schedule) => {
        await redis.clear()
        await run(redis, schedule)
      }),
      property(200, 4_000),
    )
  }, 1_500_000)
})
