import type { Charge, Reservation, Verdict } from '../core/verdict.ts'

/**
 * What counts. Each store decides atomically on its own clock; all of them give the same answers, since they do the
 * same arithmetic.
 */
export interface RateLimitStore {
  /**
   * Charges all or nothing, in one round trip (one per partition on a Redis Cluster).
   *
   * @throws InvalidCost for a cost that is not a safe integer >= 0.
   * @throws StoreUnavailable when the store can't decide in time.
   */
  reserve(charges: readonly Charge[]): Promise<Verdict>
  /**
   * As `reserve`, where this process can decide at once: all in its memory, or a refusal that it knows to stand.
   * `undefined` otherwise, and then nothing was charged. A store that never can has no such method.
   */
  reserveNow?(charges: readonly Charge[]): Verdict | undefined
  /** True while it is known that `reserve` would be StoreUnavailable, so that nobody has to try. Default: false. */
  readonly away?: boolean
  /**
   * Gives back what was charged, into the same window, never below zero and never after it has rolled over. Does
   * nothing for a reservation that was settled or cancelled before. Rejects with StoreUnavailable when the store is
   * away: the charge then stays.
   */
  cancel(reservation: Reservation): Promise<void>
  /**
   * Lowers the charge to what the call did cost: each policy to `actual`, or to its entry by policy name where a map is
   * given (policies without an entry stay). Never below zero, never above the reservation. Otherwise as `cancel`.
   */
  settle(reservation: Reservation, actual: ActualCost): Promise<void>
  /**
   * Forgets what was charged to a policy for a partition. Calls that are under way may give back afterwards what they
   * had reserved before, of what has been charged since.
   *
   * @returns whether there was anything to forget
   * @throws StoreUnavailable when the store is away; what was counted may still be there
   */
  reset(place: Place): Promise<boolean>
  /** Drops what this process alone knows of a partition, because another has reset it. */
  forgetLocal?(key: string): void
  /** Frees connections and memory. Afterwards every decision is StoreUnavailable. */
  close(): Promise<void>
}

/** Where a policy counts for a partition. */
export type Place = Pick<Charge, 'key' | 'policy'>

/** The cost of a call when it is known: one for all policies, or one by policy name. */
export type ActualCost = number | ReadonlyMap<string, number>
