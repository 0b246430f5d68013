import { InvalidPolicy } from './failures.ts'

/**
 * How a policy counts.
 * - `sliding-window`: never more than `quota` in any window of that length. The window is cut into at most 60 buckets
 *   and the oldest, partial one counts in full, so quota comes back at most `ceil(window / 60)` ms late (plus nothing).
 * - `sliding-log`: the same with every millisecond on its own, so quota comes back 1 ms late. The log takes 14 bytes in
 *   Redis and 16 in memory for each unit of the quota, so the quota is at most 1,000.
 * - `fixed-window`: `quota` per window, which opens at the first charge. Up to `2 * quota - 1` in a window that
 *   straddles two of them.
 * - `gcra`: a steady `quota` per `window` with bursts up to `burst`. At most `burst + quota` in a window.
 */
export type Algorithm = 'sliding-window' | 'sliding-log' | 'fixed-window' | 'gcra'

/** What a policy's decision is while its store is unavailable: refused, admitted, or counted by this instance alone. */
export type OnStoreError = 'closed' | 'open' | 'local'

/** A policy as it is written; `definePolicy` checks it and fills in the defaults. */
export interface PolicyInput {
  /** Unique name, 1 to 64 printable ASCII characters; appears in the `RateLimit` fields. */
  readonly name: string
  /** Units admitted per window: an integer >= 1. */
  readonly quota: number
  /** Length of the window in milliseconds: an integer from 1 to 366 days. */
  readonly window: number
  /** How the policy counts. Default: `'sliding-window'`. */
  readonly algorithm?: Algorithm
  /** With `gcra` only: the most units at once, an integer >= 1. Default: `quota`. */
  readonly burst?: number
  /** Quota unit, sent as `qu` of `RateLimit-Policy`; printable ASCII. Default: not sent, which means requests. */
  readonly unit?: string
  /** What happens while the store is unavailable. Default: `'local'`. */
  readonly onStoreError?: OnStoreError
  /** Charges calls by the lease. Default: each call is charged when it is made. */
  readonly lease?: Lease
}

/** Calls that a process charges at once and uses one by one. With a sliding window or log only. */
export interface Lease {
  /** Calls of one lease: an integer from 1 to the quota. */
  readonly size: number
  /** Milliseconds after which what is left is given back: an integer from 1 to the window. */
  readonly maxAge: number
}

/** A checked policy with all defaults filled in; frozen. */
export interface Policy {
  readonly name: string
  readonly quota: number
  readonly window: number
  readonly algorithm: Algorithm
  /** The most units at once: `burst` of a gcra policy, `quota` otherwise. */
  readonly capacity: number
  readonly unit: string | undefined
  readonly onStoreError: OnStoreError
  readonly lease: Lease | undefined
  /**
   * Where a partition keeps the state of this policy: name and shape (algorithm and window). A changed shape starts
   * anew; a changed quota or burst is applied to what was already counted.
   */
  readonly field: string
}

/** Largest integer of a structured field (RFC 9651, section 3.3.1). */
const MAX_FIELD_INTEGER = 999_999_999_999_999
/** Products of quota and window stay below this, so that twice of them is exact in a double. */
const MAX_PRODUCT = 2 ** 52
const MAX_WINDOW = 366 * 24 * 60 * 60 * 1000
const PRINTABLE = /^[\x20-\x7e]{1,64}$/
/** Largest quota of a sliding log, so that no key holds more than about 14 KB. */
const MAX_LOG = 1_000
const ALGORITHMS: ReadonlyMap<Algorithm, string> = new Map([
  ['sliding-window', 's'],
  ['sliding-log', 'l'],
  ['fixed-window', 'f'],
  ['gcra', 'g'],
])
const ON_STORE_ERROR: readonly OnStoreError[] = ['closed', 'open', 'local']

/**
 * Checks a policy and fills in its defaults.
 *
 * @throws InvalidPolicy naming the property, what it got and what it takes.
 */
export function definePolicy(input: PolicyInput): Policy {
  const {
    name,
    quota,
    window,
    algorithm = 'sliding-window',
    burst,
    unit,
    onStoreError = 'local',
    lease,
  } = input
  const refuse = (property: keyof PolicyInput, takes: string): never => {
    const got: unknown = input[property]
    const shown = typeof got === 'string' ? `'${got.slice(0, 64)}'` : shownOf(got)
    throw new InvalidPolicy(`Rate limit policy '${name}': ${property} must be ${takes}, got ${shown}.`)
  }
  if (typeof name !== 'string' || !PRINTABLE.test(name)) refuse('name', '1 to 64 printable ASCII characters')
  if (!isWhole(quota, 1, MAX_FIELD_INTEGER)) refuse('quota', 'an integer from 1 to 999,999,999,999,999')
  if (!isWhole(window, 1, MAX_WINDOW)) refuse('window', 'an integer of milliseconds from 1 to 366 days')
  const code = ALGORITHMS.get(algorithm)
  if (code === undefined) refuse('algorithm', "'sliding-window', 'sliding-log', 'fixed-window' or 'gcra'")
  if (algorithm === 'sliding-log' && quota > MAX_LOG)
    refuse('quota', "an integer from 1 to 1,000 with algorithm 'sliding-log', which keeps each charge")
  if (burst !== undefined && algorithm !== 'gcra') refuse('burst', "absent, unless algorithm is 'gcra'")
  if (burst !== undefined && !isWhole(burst, 1, MAX_FIELD_INTEGER)) refuse('burst', 'an integer >= 1')
  const capacity = burst ?? quota
  if (algorithm === 'gcra' && Math.max(quota, capacity) * window > MAX_PRODUCT)
    refuse(burst === undefined ? 'quota' : 'burst', 'such that its product with window stays below 2^52')
  if (unit !== undefined && (typeof unit !== 'string' || !PRINTABLE.test(unit)))
    refuse('unit', '1 to 64 printable ASCII characters')
  if (!ON_STORE_ERROR.includes(onStoreError)) refuse('onStoreError', "'closed', 'open' or 'local'")
  if (lease !== undefined) {
    if (!algorithm.startsWith('sliding'))
      refuse('lease', "absent, unless algorithm is 'sliding-window' or 'sliding-log'")
    if (onStoreError === 'closed')
      refuse('lease', "absent when onStoreError is 'closed': a lease is used while the store is away")
    if (!isWhole(lease.size, 1, quota)) refuse('lease', 'of a size from 1 to the quota')
    if (!isWhole(lease.maxAge, 1, Math.min(window, MAX_WINDOW - window)))
      refuse('lease', 'of a maxAge from 1 ms to the window')
  }
  const field = `${code}${window}:${name}`
  return Object.freeze({ name, quota, window, algorithm, capacity, unit, onStoreError, lease, field })
}

/**
 * One instance's share of a policy: quota and capacity divided by the number of instances, rounded down, at least 1.
 * Counts in the same place as the policy itself, since its shape is the same.
 */
export function shareOf(policy: Policy, instances: number): Policy {
  if (instances === 1) return policy
  const share = (units: number): number => Math.max(1, Math.floor(units / instances))
  return Object.freeze({ ...policy, quota: share(policy.quota), capacity: share(policy.capacity) })
}

function isWhole(value: unknown, least: number, most: number): boolean {
  return Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most
}

function shownOf(got: unknown): string {
  return typeof got === 'number' ? String(got) : (JSON.stringify(got) ?? typeof got)
}
