import { workOf } from './cost.ts'
import type { Cost } from './cost.ts'
import type { StoredHash } from './phc.ts'

/** What hashes are made with now. */
export interface Live {
  readonly cost: Cost
  /** The cost was given, and not measured. */
  readonly fixed: boolean
  readonly keyId: string | undefined
}

const [SALT_BYTES, HASH_BYTES] = [16, 32]

function isOther(cost: Cost, { cost: live }: Live): boolean {
  return cost.memory !== live.memory || cost.passes !== live.passes || cost.parallelism !== live.parallelism
}

/**
 * Whether a hash should be made anew when its password is at hand. Where the cost was given, all hashes come to have it. Where
 * it was measured, machines may differ, and hashes only ever become dearer, so that two of them do not undo each other's work.
 */
export function isStale(stored: StoredHash, live: Live): boolean {
  if (stored.algorithm !== 'argon2id' || stored.keyId !== live.keyId) return true
  if (stored.salt.length < SALT_BYTES || stored.hash.length < HASH_BYTES) return true
  if (live.fixed) return isOther(stored.cost, live)
  return workOf(stored.cost) < workOf(live.cost) || stored.cost.parallelism > live.cost.parallelism
}
