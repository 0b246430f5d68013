import type { Policy } from './policy.ts'

/** One policy to be charged for one partition. */
export interface Charge {
  /** The partition, as `PartitionKeys.keyOf` makes it. */
  readonly key: string
  readonly policy: Policy
  /** Units: a safe integer. 0 only looks; more than the policy's capacity can never be admitted. */
  readonly cost: number
  /** True when the charge stays whatever happens to the reservation. Default: false. */
  readonly final?: boolean
}

/** What one policy says to one call. */
export interface Limit {
  readonly policy: Policy
  /** Units per window that were enforced: the policy's quota, or this instance's share of it while the store is away. */
  readonly quota: number
  /** Units left at once, after this call. */
  readonly remaining: number
  /** Milliseconds until the whole quota is free again. */
  readonly resetMs: number
  /**
   * Milliseconds after which the same call fits when nothing else is charged: 0 when it fits now, `null` when it never
   * will, because its cost is above the policy's capacity.
   */
  readonly retryAfterMs: number | null
  /** True when this policy is why the call was refused. */
  readonly violated: boolean
  /** Set when the store did not decide: the policy was not enforced (`open`) or by this instance alone (`local`). */
  readonly degraded?: 'open' | 'local'
  /** Set when the policy charges the price of GraphQL operations. */
  readonly charges?: 'queryCost'
}

/** What was charged by one call, to be settled or cancelled at most once by the store that made it. Opaque. */
export interface Reservation {
  /** The charges, without those that are final or cost nothing. */
  readonly charges: readonly Charge[]
}

/** The decision on one call. */
export interface Verdict {
  /** True when all charges fit, and all were made; false when none was made. */
  readonly allowed: boolean
  /** One entry per charge, in the order of the charges. */
  readonly limits: readonly Limit[]
  /** Present when something was charged that can be given back. */
  readonly reservation?: Reservation
}
