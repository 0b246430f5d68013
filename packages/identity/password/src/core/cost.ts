/** What one Argon2 hash costs. */
export interface Cost {
  /** KiB. */
  readonly memory: number
  readonly passes: number
  /** Lanes; each is a thread. */
  readonly parallelism: number
}

/**
 * The least that is sound: OWASP's Password Storage Cheat Sheet and ASVS 5.0 (appendix C) count these equal. KiB and passes.
 */
const FLOORS = [
  [47_104, 1],
  [19_456, 2],
  [12_288, 3],
] as const

/** What a hash may cost at most, ours or a stored one, so that no row of a table keeps a worker busy. */
export const MOST = Object.freeze({
  /** KiB in one pass: 1 GiB. */
  memory: 1_048_576,
  passes: 64,
  parallelism: 16,
  /** Memory times passes, which is what the time is in proportion to: 1 GiB once, or 64 MiB 16 times. */
  work: 1_048_576,
  /** Of bcrypt: 2^14 rounds, about four times those of 12. */
  bcrypt: 14,
})

/** Memory times passes. */
export function workOf({ memory, passes }: Cost): number {
  return memory * passes
}

/** Whether a cost reaches one of OWASP's equal minimums. */
export function meetsFloor({ memory, passes }: Cost): boolean {
  return FLOORS.some(([least, times]) => memory >= least && passes >= times)
}

/** Whether somebody waits for a hash of this cost no longer than they may, and Argon2 (RFC 9106, 3.1) takes it. */
export function isBounded(cost: Cost): boolean {
  return (
    cost.passes >= 1 &&
    cost.passes <= MOST.passes &&
    cost.parallelism >= 1 &&
    cost.parallelism <= MOST.parallelism &&
    cost.memory >= 8 * cost.parallelism &&
    cost.memory <= MOST.memory &&
    workOf(cost) <= MOST.work
  )
}

/**
 * What calibrating chooses from. Few steps, far apart, so that two runs on one machine choose the same: memory first up to
 * 64 MiB, since that is what costs an attacker, then passes (RFC 9106, section 4).
 */
const STEPS: readonly Cost[] = [
  [19_456, 2],
  [32_768, 2],
  [65_536, 2],
  [65_536, 3],
  [65_536, 4],
  [65_536, 6],
  [65_536, 8],
  [65_536, 12],
  [65_536, 16],
].map(([memory = 0, passes = 0]) => ({ memory, passes, parallelism: 1 }))

/** The cost that is measured to calibrate: the lowest step. */
export const MEASURED: Cost = STEPS[0] ?? { memory: 19_456, passes: 2, parallelism: 1 }

/**
 * The dearest step that takes no longer than the target, and the lowest where none does.
 *
 * @param measured milliseconds that {@link MEASURED} took
 * @param target milliseconds
 */
export function chooseCost(measured: number, target: number): Cost {
  const affordable = STEPS.filter((step) => (measured * workOf(step)) / workOf(MEASURED) <= target)
  return affordable.at(-1) ?? MEASURED
}
