import { LRUCache } from 'lru-cache'
import { isSameCall } from '../core/same-call.ts'
import type { Charge, Limit, Verdict } from '../core/verdict.ts'

interface Denial {
  readonly charges: readonly Charge[]
  readonly limits: readonly Limit[]
  /** The local moment before which the same call can't pass; 0 when something was given back. */
  until: number
  /** The local moment at which the limits were read. */
  readonly told: number
}

/** Calls of one partition that are remembered: routes and costs may differ without end. */
const MOST_CALLS = 64

/**
 * Calls that were refused, so that they can be refused again without asking the store, until they can pass: the same
 * charges at the same costs, since a cheaper call may pass earlier. What this process gives back is forgotten at once;
 * what another one gives back is seen late, so that a call may be refused until the moment it was told, never longer.
 */
export class DeniedCache {
  readonly #now: () => number
  /** A denial stands under each partition that it charged. */
  readonly #denials: LRUCache<string, Denial[]>

  /**
   * @param now a clock in milliseconds that never steps back
   * @param max partitions that are remembered; one that is forgotten costs a round trip
   */
  constructor(now: () => number, max: number) {
    this.#now = now
    this.#denials = new LRUCache({ max })
  }

  /**
   * Remembers a refusal.
   *
   * @param sent the local moment at which the store was asked; it decided between that and now
   */
  remember(charges: readonly Charge[], limits: readonly Limit[], sent: number): void {
    let wait = 0
    for (const { violated, retryAfterMs, policy } of limits)
      if (violated) wait = Math.max(wait, retryAfterMs ?? policy.window)
    const denial: Denial = { charges, limits, until: sent + wait, told: this.#now() }
    for (const key of new Set(charges.map((charge) => charge.key))) {
      const known = this.#denials.get(key) ?? []
      const others = known.length < MOST_CALLS ? known : this.#stillTrue(known)
      const kept = others.filter((other) => !isSameCall(other.charges, charges))
      this.#denials.set(key, [...(kept.length < MOST_CALLS ? kept : []), denial])
    }
  }

  /** The refusal of a call that can't pass yet, with the time that is left. */
  find(charges: readonly Charge[]): Verdict | undefined {
    const [first] = charges
    if (first === undefined || this.#denials.size === 0) return undefined
    const denial = this.#denials.get(first.key)?.find((one) => isSameCall(one.charges, charges))
    if (denial === undefined) return undefined
    const now = this.#now()
    if (now >= denial.until) return undefined
    const passed = Math.floor(now - denial.told)
    return { allowed: false, limits: denial.limits.map((limit) => later(limit, passed)) }
  }

  #stillTrue(denials: readonly Denial[]): readonly Denial[] {
    const now = this.#now()
    return denials.filter(({ until }) => until > now)
  }

  /** Forgets the refusals in which a partition had a part: something of it was given back. */
  forget(key: string): void {
    // They stand under other partitions too.
    for (const denial of this.#denials.get(key) ?? []) denial.until = 0
    this.#denials.delete(key)
  }
}

/** A limit as it is some time later. One whose own wait is over is no longer why the call is refused. */
function later(limit: Limit, passed: number): Limit {
  const { resetMs, retryAfterMs } = limit
  const told = { ...limit, resetMs: Math.max(0, resetMs - passed) }
  if (retryAfterMs === null || !limit.violated) return told
  const left = Math.max(0, retryAfterMs - passed)
  return { ...told, retryAfterMs: left, violated: left > 0 }
}
