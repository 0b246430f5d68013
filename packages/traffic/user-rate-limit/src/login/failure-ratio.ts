import { definePolicy } from '../core/policy.ts'
import type { Charge, Limit } from '../core/verdict.ts'
import type { Limiter } from '../limiter.ts'
import type { ResolvedLoginOptions } from './login-options.ts'

/** As much as a window can count: these two policies never refuse, they only count. */
const ENDLESS = 999_999_999_999_999

/** Counts the attempts of everybody, and those that failed, in two counters that everybody shares. */
export interface RatioCounter {
  /** Looks at both, and charges nothing. */
  readonly look: readonly Charge[]
  /** What an attempt adds once it is known how it ended. */
  after(failed: boolean): readonly Charge[]
  /** Whether what was looked at says that somebody is guessing. */
  isPassed(limits: readonly Limit[]): boolean
}

/** The counter of a limiter's options; `undefined` where nobody wants one. */
export function ratioCounter(
  { keys }: Limiter,
  { failureRatio }: ResolvedLoginOptions,
): RatioCounter | undefined {
  if (failureRatio === false) return undefined
  const { window, ratio, atLeast } = failureRatio
  const key = keys.keyOf(['login', 'everybody'])
  const charge = (name: string): Charge => ({
    key,
    // Nobody is refused by it, so nobody waits for it while the store is away.
    policy: definePolicy({ name, quota: ENDLESS, window, onStoreError: 'open' }),
    cost: 0,
  })
  const attempts = charge('login-attempts')
  const failures = charge('login-failures')
  const usedOf = (limits: readonly Limit[], { policy }: Charge): number => {
    const found = limits.find((limit) => limit.policy === policy)
    return found === undefined ? 0 : ENDLESS - found.remaining
  }
  return {
    look: [attempts, failures],
    after: (failed) => [
      { ...attempts, cost: 1, final: true },
      ...(failed ? [{ ...failures, cost: 1, final: true }] : []),
    ],
    isPassed(limits) {
      const made = usedOf(limits, attempts)
      return made >= atLeast && usedOf(limits, failures) >= ratio * made
    },
  }
}
