import { LRUCache } from 'lru-cache'
import type { Charge, Limit, Verdict } from '../core/verdict.ts'

interface Denial {
  readonly limits: readonly Limit[]
  /** The local moment before which the same call can't pass. */
  readonly until: number
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
  readonly #denials: LRUCache<string, Denial>
  readonly #byKey: LRUCache<string, Set<string>>

  /**
   * @param now a clock in milliseconds that never steps back
   * @param max calls that are remembered; one that is forgotten costs a round trip
   */
  constructor(now: () => number, max: number) {
    this.#now = now
    this.#denials = new LRUCache({ max })
    this.#byKey = new LRUCache({ max })
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
    const call = nameOf(charges)
    const told = this.#now()
    this.#denials.set(call, { limits, until: sent + wait, told })
    for (const { key } of charges) {
      const calls = this.#byKey.get(key)
      if (calls === undefined) this.#byKey.set(key, new Set([call]))
      else if (calls.size < MOST_CALLS) calls.add(call)
      else this.#forgetAll(key, call)
    }
  }

  /** The refusal of a call that can't pass yet, with the time that is left. */
  find(charges: readonly Charge[]): Verdict | undefined {
    if (this.#denials.size === 0) return undefined
    const call = nameOf(charges)
    const denial = this.#denials.get(call)
    if (denial === undefined) return undefined
    const now = this.#now()
    if (now >= denial.until) {
      this.#denials.delete(call)
      return undefined
    }
    const passed = Math.floor(now - denial.told)
    return { allowed: false, limits: denial.limits.map((limit) => later(limit, passed)) }
  }

  #forgetAll(key: string, but: string): void {
    for (const call of this.#byKey.get(key) ?? []) if (call !== but) this.#denials.delete(call)
    this.#byKey.set(key, new Set([but]))
  }

  /** Forgets the refusals in which a partition had a part: something of it was given back. */
  forget(key: string): void {
    for (const call of this.#byKey.get(key) ?? []) this.#denials.delete(call)
    this.#byKey.delete(key)
  }
}

function nameOf(charges: readonly Charge[]): string {
  let name = ''
  for (const { key, policy, cost } of charges)
    name += `${key} ${cost} ${policy.quota} ${policy.capacity} ${policy.field}\n`
  return name
}

/** A limit as it is some time later. One whose own wait is over is no longer why the call is refused. */
function later(limit: Limit, passed: number): Limit {
  const { resetMs, retryAfterMs } = limit
  const told = { ...limit, resetMs: Math.max(0, resetMs - passed) }
  if (retryAfterMs === null || !limit.violated) return told
  const left = Math.max(0, retryAfterMs - passed)
  return { ...told, retryAfterMs: left, violated: left > 0 }
}
