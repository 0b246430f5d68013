import { LRUCache } from 'lru-cache'
import type { Policy } from '../core/policy.ts'
import { isSameCall } from '../core/same-call.ts'
import type { Charge, Limit, Reservation, Verdict } from '../core/verdict.ts'
import type { RateLimitStore } from './store.ts'

/** Partitions with leases at once. Calls beyond are charged one by one. */
const MOST = 10_000
/** Calls of one partition that have a lease each: routes and costs may differ without end. */
const MOST_CALLS = 64

/** A number of calls that the store has charged in full, to be used here. */
interface Lease {
  readonly reservation: Reservation
  readonly limits: readonly Limit[]
  readonly size: number
  /** Local milliseconds at which what is left is given back. */
  readonly endAt: number
  left: number
  open: boolean
  timer: NodeJS.Timeout | undefined
}

/** What is known of calls with the same charges. */
interface Account {
  readonly charges: readonly Charge[]
  lease: Lease | undefined
  refill: Promise<Verdict> | undefined
  /** Local milliseconds before which no lease is asked for: the last one did not fit. */
  singleUntil: number
}

/** A leased call, to be given back to its lease. */
class LeasedCall implements Reservation {
  readonly charges: readonly Charge[]
  lease: Lease | undefined

  constructor(charges: readonly Charge[], lease: Lease) {
    this.charges = charges
    this.lease = lease
  }
}

const widened = new WeakMap<Policy, Policy>()

/**
 * A policy as its leased charges are counted: what is charged now may be used up to `maxAge` later, so it counts that
 * much longer. So no window of the policy's own length holds more than its quota, whenever the units are used.
 */
function counted(policy: Policy): Policy {
  if (policy.lease === undefined) return policy
  let wide = widened.get(policy)
  if (wide === undefined) {
    const window = policy.window + policy.lease.maxAge
    wide = Object.freeze({ ...policy, window, field: `${policy.field}+${policy.lease.maxAge}` })
    widened.set(policy, wide)
  }
  return wide
}

/**
 * A store that charges calls by the lease where all their policies have one: `size` calls at once, used here one by one
 * without a round trip. The store has charged a lease in full before any of it is used, so that nobody is ever admitted
 * beyond a quota; what is not used within `maxAge` is given back. Where a lease does not fit, calls are charged singly.
 *
 * @param now a clock in milliseconds that never steps back
 */
export function withLeases(
  store: RateLimitStore,
  now: () => number = () => performance.now(),
): RateLimitStore {
  const accounts = new LRUCache<string, Account[]>({
    max: MOST,
    dispose(gone, _key, reason) {
      if (reason !== 'set') for (const account of gone) void giveBack(account)
    },
  })

  const accountOf = (charges: readonly Charge[]): Account | undefined => {
    const [first] = charges
    if (first === undefined) return undefined
    for (const { policy, cost, final } of charges)
      if (policy.lease === undefined || cost === 0 || final === true) return undefined
    const known = accounts.get(first.key) ?? []
    const account = known.find((one) => isSameCall(one.charges, charges))
    if (account !== undefined || known.length === MOST_CALLS) return account
    const made: Account = { charges, lease: undefined, refill: undefined, singleUntil: 0 }
    accounts.set(first.key, [...known, made])
    return made
  }

  /** Ends a lease: what is left of it goes back. It stays charged where the store is away. */
  const giveBack = async (account: Account): Promise<void> => {
    const { lease } = account
    if (lease === undefined) return
    account.lease = undefined
    lease.open = false
    clearTimeout(lease.timer)
    const used = lease.size - lease.left
    if (lease.left === 0) return
    const stays = new Map(account.charges.map(({ policy, cost }) => [policy.name, cost * used]))
    await store.settle(lease.reservation, stays).catch(() => undefined)
  }

  /** One call from the lease, if it has one. */
  const take = (account: Account, charges: readonly Charge[]): Verdict | undefined => {
    const { lease } = account
    if (lease === undefined || lease.left === 0 || now() >= lease.endAt) return undefined
    lease.left -= 1
    const { left } = lease
    const limits = lease.limits.map((limit, at): Limit => {
      const { policy, cost } = charges[at] as Charge
      return { ...limit, policy, remaining: limit.remaining + left * cost }
    })
    return { allowed: true, limits, reservation: new LeasedCall(charges, lease) }
  }

  const refill = async (account: Account): Promise<Verdict> => {
    const { charges } = account
    await giveBack(account)
    const size = Math.min(...charges.map(({ policy }) => policy.lease?.size ?? 1))
    const maxAge = Math.min(...charges.map(({ policy }) => policy.lease?.maxAge ?? 0))
    // Its age counts from before it was charged.
    const endAt = now() + maxAge
    const wide = charges.map((charge) => ({
      ...charge,
      policy: counted(charge.policy),
      cost: charge.cost * size,
    }))
    const verdict = await store.reserve(wide)
    const { allowed, limits, reservation } = verdict
    if (!allowed || reservation === undefined) {
      account.singleUntil = now() + maxAge
      return verdict
    }
    const lease: Lease = { reservation, limits, size, endAt, left: size, open: true, timer: undefined }
    account.lease = lease
    lease.timer = setTimeout(
      () => {
        if (account.lease === lease) void giveBack(account)
      },
      Math.max(0, endAt - now()),
    )
    lease.timer.unref()
    return verdict
  }

  const single = async (charges: readonly Charge[]): Promise<Verdict> => {
    return named(await store.reserve(charges.map(asCounted)), charges)
  }

  /** Ends the leases of a partition, of which nothing goes back: what they were charged is forgotten. */
  const drop = (key: string): void => {
    for (const account of [...accounts.values()].flat()) {
      const { lease } = account
      if (lease === undefined || !account.charges.some((charge) => charge.key === key)) continue
      account.lease = undefined
      lease.open = false
      clearTimeout(lease.timer)
    }
  }

  return {
    get away() {
      return store.away === true
    },
    reserveNow(charges) {
      const account = accountOf(charges)
      const leased = account === undefined ? undefined : take(account, charges)
      if (leased !== undefined || store.reserveNow === undefined) return leased
      if (!charges.some(isLeased)) return store.reserveNow(charges)
      const known = store.reserveNow(charges.map(asCounted))
      return known === undefined ? undefined : named(known, charges)
    },
    async reserve(charges) {
      if (!charges.some(isLeased)) return store.reserve(charges)
      const account = accountOf(charges)
      if (account === undefined || now() < account.singleUntil) return single(charges)
      const leased = take(account, charges)
      if (leased !== undefined) return leased
      account.refill ??= refill(account).finally(() => {
        account.refill = undefined
      })
      await account.refill
      return take(account, charges) ?? single(charges)
    },
    async cancel(reservation) {
      await this.settle(reservation, 0)
    },
    async settle(reservation, actual) {
      if (!(reservation instanceof LeasedCall)) return store.settle(reservation, actual)
      const { lease } = reservation
      reservation.lease = undefined
      // A call is one unit of its lease: it goes back as a whole or not at all, and never after its lease.
      const nothing = reservation.charges.every(
        ({ policy }) => (typeof actual === 'number' ? actual : actual.get(policy.name)) === 0,
      )
      if (lease?.open === true && nothing) lease.left += 1
    },
    async reset({ key, policy }) {
      const was = await store.reset({ key, policy: counted(policy) })
      drop(key)
      return was
    },
    forgetLocal(key) {
      drop(key)
      store.forgetLocal?.(key)
    },
    async close() {
      await Promise.all([...accounts.values()].flat().map((account) => giveBack(account)))
      accounts.clear()
      await store.close()
    },
  }
}

function isLeased({ policy }: Charge): boolean {
  return policy.lease !== undefined
}

function asCounted(charge: Charge): Charge {
  return { ...charge, policy: counted(charge.policy) }
}

/** The verdict in terms of the policies as they were declared. */
function named(verdict: Verdict, charges: readonly Charge[]): Verdict {
  const limits = verdict.limits.map((limit, at) => ({ ...limit, policy: (charges[at] as Charge).policy }))
  return { ...verdict, limits }
}
