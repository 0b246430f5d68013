import { createHmac } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { InvalidIdentity } from './failures.ts'

/** How partitions are named in a store. */
export interface PartitionKeyOptions {
  /** Key of the hash. Whoever has it can test guesses of an identity, so it is a secret: 32 random bytes or more. */
  readonly secret: string | Uint8Array
  /** Begins every key; no braces, which Redis Cluster would take for a hash tag. Default: `'rate-limit'`. */
  readonly prefix?: string
  /** Identities whose hash is kept in memory. Default: 10,000. */
  readonly cacheSize?: number
}

/** Names the partitions of limits, so that no store holds an identity. */
export interface PartitionKeys {
  /**
   * The key of a partition, `prefix:v1:{hash}`: the first 132 bits of HMAC-SHA-256 (RFC 2104) over the parts, each with
   * its length before it, so that `['a', 'b-c']` and `['a-b', 'c']` never meet. The braces keep all that belongs to an
   * identity in one slot of a Redis Cluster.
   *
   * @throws InvalidIdentity when a part is not a string, is empty or is longer than 1,024 characters.
   */
  keyOf(parts: readonly (string | undefined)[]): string
}

/** Longest part of an identity, in UTF-16 units. */
const MAX_PART = 1024

/** Creates the keyed hash of partitions. Throws a RangeError for an empty secret or a prefix with braces. */
export function partitionKeys(options: PartitionKeyOptions): PartitionKeys {
  const { secret, prefix = 'rate-limit', cacheSize = 10_000 } = options
  if (secret.length === 0) throw new RangeError('The secret of partition keys is empty.')
  if (/[{}]/.test(prefix))
    throw new RangeError(`The prefix of partition keys must not contain braces, got '${prefix}'.`)
  const known = new LRUCache<string, string>({ max: cacheSize })
  return {
    keyOf(parts) {
      let identity = ''
      for (const part of parts) identity += `${checked(part).length}:${part};`
      if (identity === '') throw new InvalidIdentity('missing')
      const cached = known.get(identity)
      if (cached !== undefined) return cached
      // UTF-16, because UTF-8 would turn every lone surrogate into the same character.
      const hash = createHmac('sha256', secret).update(Buffer.from(identity, 'utf16le')).digest('base64url')
      const key = `${prefix}:v1:{${hash.slice(0, 22)}}`
      known.set(identity, key)
      return key
    },
  }
}

/**
 * An account name as people mean it: NFKC, lower case, no space around it (`' Alice'` and `'ALICE'` are `'alice'`).
 * Fold before a name becomes a partition, or each spelling has a budget of its own. Idempotent.
 *
 * @throws InvalidIdentity when the name is not a string, longer than 1,024 characters, or empty when folded.
 */
export function foldAccountName(name: string): string {
  const folded = checked(name).normalize('NFKC').toLowerCase().normalize('NFKC').trim()
  return checked(folded)
}

function checked(part: string | undefined): string {
  if (typeof part !== 'string') throw new InvalidIdentity('missing')
  if (part === '') throw new InvalidIdentity('empty')
  if (part.length > MAX_PART) throw new InvalidIdentity('too-long')
  return part
}
