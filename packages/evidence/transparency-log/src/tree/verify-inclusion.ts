import { nodeHash } from '../hash/node-hash.ts'
import { badProof, checkHashes, sameHash } from './checked-hashes.ts'

/** What an inclusion proof is about. */
export interface InclusionClaim {
  /** The hash of the entry, {@link leafHash} of its bytes. */
  readonly leafHash: Uint8Array
  /** The entry's number, from 0. */
  readonly index: number
  /** How many entries the tree has. */
  readonly size: number
  /** The tree's hash, from a checkpoint that was verified. */
  readonly root: Uint8Array
}

/**
 * Verifies an inclusion proof (RFC 9162, 2.1.3.2). Returns when it holds.
 *
 * @param proof the hashes beside the path, from the leaf's sibling up: exactly as many as the tree has levels there
 * @throws {@link TransparencyLogError} BAD_PROOF for anything else: another entry, place or tree, hashes missing or
 * too many, an empty tree, a hash that is not 32 bytes
 */
export function verifyInclusion(
  { leafHash, index, size, root }: InclusionClaim,
  proof: readonly Uint8Array[],
): void {
  if (!Number.isSafeInteger(size) || !Number.isSafeInteger(index) || index < 0 || index >= size) {
    throw badProof(`No tree has the entry ${index} of ${size}.`)
  }
  if (!Array.isArray(proof)) throw badProof('The proof is no list of hashes.')
  checkHashes([leafHash, root, ...proof], 'A hash of the proof')
  let hash = leafHash
  let [at, last] = [index, size - 1]
  for (const sibling of proof) {
    if (last === 0) throw badProof('The proof has more hashes than the tree has levels.')
    if (at % 2 === 1 || at === last) {
      hash = nodeHash(sibling, hash)
      // A right edge that has no sibling on its level stands for itself on the next one.
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)]
    } else hash = nodeHash(hash, sibling)
    at = Math.floor(at / 2)
    last = Math.floor(last / 2)
  }
  if (last !== 0) throw badProof('The proof has fewer hashes than the tree has levels.')
  if (!sameHash(hash, root)) throw badProof('The proof does not lead to the root.')
}
