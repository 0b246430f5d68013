import { shareOf } from '../core/policy.ts'
import type { Policy } from '../core/policy.ts'
import type { Charge, Limit, Reservation, Verdict } from '../core/verdict.ts'
import { StoreUnavailable } from './failures.ts'
import { MemoryStore } from './memory-store.ts'
import type { ActualCost, Place, RateLimitStore } from './store.ts'

/** What this instance has to know to count alone. */
export interface StoreFallbackOptions {
  /** Instances that share the store; while it is away, each counts to its share of every quota. An integer >= 1. */
  readonly instances: number
  /** Counts while the store is away. Default: a memory store of its own. */
  readonly memory?: MemoryStore
}

/**
 * A store that does what each policy declares in `onStoreError` while the inner store is unavailable:
 * - `closed`: the call is StoreUnavailable, naming the policies that refuse; nothing is charged;
 * - `local`: this instance counts, to its share of the quota (`quota / instances`, rounded down, at least 1);
 * - `open`: admitted and not counted.
 *
 * When the store is back, what was counted here is charged to it with the next call of the same partition, so that an
 * outage does not end with a fresh window. Calls that arrive together then may charge it more than once, never less.
 */
export function withStoreFallback(store: RateLimitStore, options: StoreFallbackOptions): RateLimitStore {
  const { instances, memory = new MemoryStore() } = options
  const shares = new WeakMap<Policy, Policy>()

  const shared = <One extends Place>(place: One): One => {
    let share = shares.get(place.policy)
    if (share === undefined) {
      share = shareOf(place.policy, instances)
      shares.set(place.policy, share)
    }
    return share === place.policy ? place : { ...place, policy: share }
  }

  /** What was counted here for the same partitions and is not in the store yet. */
  const arrearsOf = (charges: readonly Charge[]): Charge[] => {
    if (memory.size === 0) return []
    const seen = new Set<string>()
    return charges.flatMap((charge) => {
      const place = `${charge.key}\n${charge.policy.field}`
      const cost = charge.cost === 0 || seen.has(place) ? 0 : memory.used(shared(charge))
      seen.add(place)
      return cost === 0 ? [] : [{ ...charge, cost, final: true }]
    })
  }

  const askWith = async (arrears: readonly Charge[], charges: readonly Charge[]): Promise<Verdict> => {
    const verdict = await store.reserve([...arrears, ...charges])
    if (verdict.allowed) for (const charge of arrears) memory.forget(shared(charge))
    const owed = new Map(arrears.map((charge, index) => [charge.policy, verdict.limits[index]]))
    const limits = verdict.limits
      .slice(arrears.length)
      .map((limit) => (owed.get(limit.policy)?.violated === true ? { ...limit, ...violation(limit) } : limit))
    return { ...verdict, limits }
  }

  /** Decides without the store, at once, where no policy is closed. */
  const decideAlone = (charges: readonly Charge[]): Verdict => {
    const counted = charges.every(isLocal) ? charges : charges.filter(isLocal)
    const { allowed, limits: own, reservation } = memory.reserveNow(counted.map(shared))
    let at = 0
    const limits = charges.map((charge): Limit => {
      const limit = isLocal(charge) ? own[at++] : undefined
      return limit === undefined ? unenforced(charge.policy) : degraded(limit, charge)
    })
    return reservation === undefined ? { allowed, limits } : { allowed, limits, reservation }
  }

  return {
    reserveNow(charges) {
      try {
        const known = memory.size === 0 ? store.reserveNow?.(charges) : undefined
        if (known !== undefined || store.away !== true) return known
        return charges.some(isClosed) ? undefined : decideAlone(charges)
      } catch (error) {
        // What each policy does about it is decided by `reserve`.
        if (error instanceof StoreUnavailable) return undefined
        throw error
      }
    },
    async reserve(charges) {
      try {
        const arrears = arrearsOf(charges)
        return await (arrears.length === 0 ? store.reserve(charges) : askWith(arrears, charges))
      } catch (error) {
        if (!(error instanceof StoreUnavailable) || error.fault === 'closed') throw error
        const closed = charges.filter(isClosed)
        if (closed.length === 0) return decideAlone(charges)
        throw new StoreUnavailable(error.fault, [...new Set(closed.map((charge) => charge.policy.name))])
      }
    },
    async cancel(reservation) {
      await (memory.holds(reservation) ? memory : store).cancel(reservation)
    },
    async settle(reservation: Reservation, actual: ActualCost) {
      await (memory.holds(reservation) ? memory : store).settle(reservation, actual)
    },
    async reset(place) {
      const was = await store.reset(place)
      return memory.forget(shared(place)) || was
    },
    forgetLocal: (key) => store.forgetLocal?.(key),
    async close() {
      await Promise.all([store.close(), memory.close()])
    },
  }
}

function isClosed({ policy }: Charge): boolean {
  return policy.onStoreError === 'closed'
}

function isLocal({ policy }: Charge): boolean {
  return policy.onStoreError === 'local'
}

function unenforced(policy: Policy): Limit {
  const { quota, capacity } = policy
  return {
    policy,
    quota,
    remaining: capacity,
    resetMs: 0,
    retryAfterMs: 0,
    violated: false,
    degraded: 'open',
  }
}

/** A call that is above this instance's share alone may fit when the store is back. */
function degraded(limit: Limit, { policy, cost }: Charge): Limit {
  const { quota, remaining, resetMs, violated } = limit
  const retryAfterMs = limit.retryAfterMs ?? (cost > policy.capacity ? null : policy.window)
  return { policy, quota, remaining, resetMs, retryAfterMs, violated, degraded: 'local' }
}

/** A limit that is spent by what was counted here. */
function violation(limit: Limit): Pick<Limit, 'violated' | 'retryAfterMs'> {
  const retryAfterMs = limit.retryAfterMs === null ? null : Math.max(limit.retryAfterMs, limit.resetMs, 1)
  return { violated: true, retryAfterMs }
}
