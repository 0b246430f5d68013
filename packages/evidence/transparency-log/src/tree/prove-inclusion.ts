import { TransparencyLogError } from '../errors.ts'
import type { NodeReader } from './node-reader.ts'
import { rangeHash, splitOf } from './range-hash.ts'

/**
 * The proof that a leaf is in a tree (RFC 6962, 2.1.1): the hashes beside its path, from the leaf's sibling up.
 *
 * @param index the leaf's number, from 0
 * @param size how many leaves the tree has
 * @param nodes the tree, which may have more leaves than that
 * @returns at most 53 hashes
 * @throws {@link TransparencyLogError} INVALID_ARGUMENT when no such leaf is in a tree of that size; and what `nodes`
 * throws
 */
export async function proveInclusion(index: number, size: number, nodes: NodeReader): Promise<Uint8Array[]> {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(size) || index < 0 || index >= size) {
    throw new TransparencyLogError('INVALID_ARGUMENT', `A tree of ${size} entries has no entry ${index}.`)
  }
  const proof: Uint8Array[] = []
  let [begin, end] = [0, size]
  while (end - begin > 1) {
    const middle = begin + splitOf(end - begin)
    if (index < middle) {
      proof.unshift(await rangeHash(nodes, middle, end))
      end = middle
    } else {
      proof.unshift(await rangeHash(nodes, begin, middle))
      begin = middle
    }
  }
  return proof
}
