import { TransparencyLogError } from '../errors.ts'
import type { NodeReader } from './node-reader.ts'
import { rangeHash, splitOf } from './range-hash.ts'

/**
 * The proof that a tree is the beginning of a later one (RFC 6962, 2.1.2).
 *
 * @param first leaves of the earlier tree, at least 1: everything is consistent with nothing, which proves nothing
 * @param second leaves of the later tree
 * @param nodes the later tree, or one that has grown from it
 * @returns at most 54 hashes, none when the sizes are equal
 * @throws {@link TransparencyLogError} INVALID_ARGUMENT when the sizes are not those of two such trees; and what
 * `nodes` throws
 */
export async function proveConsistency(
  first: number,
  second: number,
  nodes: NodeReader,
): Promise<Uint8Array[]> {
  if (!Number.isSafeInteger(first) || !Number.isSafeInteger(second) || first < 1 || first > second) {
    throw new TransparencyLogError(
      'INVALID_ARGUMENT',
      `A tree of ${first} entries is not the beginning of one of ${second} that a proof could be about.`,
    )
  }
  const proof: Uint8Array[] = []
  let [begin, end] = [0, second]
  /** Whether the verifier has the hash of what is left already: it is the earlier tree itself. */
  let known = true
  while (first !== end) {
    const middle = begin + splitOf(end - begin)
    if (first <= middle) {
      proof.unshift(await rangeHash(nodes, middle, end))
      end = middle
    } else {
      proof.unshift(await rangeHash(nodes, begin, middle))
      begin = middle
      known = false
    }
  }
  if (!known) proof.unshift(await rangeHash(nodes, begin, end))
  return proof
}
