import { EMPTY_ROOT } from '../hash/empty-root.ts'
import { nodeHash } from '../hash/node-hash.ts'
import { badProof, checkHashes, sameHash } from './checked-hashes.ts'

/** A tree at some moment. */
export interface TreeHead {
  /** How many entries it has. */
  readonly size: number
  /** Its hash, 32 bytes. */
  readonly root: Uint8Array
}

/**
 * Verifies that `second` has grown from `first` (RFC 9162, 2.1.4.2). Returns when it has.
 *
 * @throws {@link TransparencyLogError} BAD_PROOF for anything else: a tree that was rewritten or has shrunk, hashes
 * missing or too many, an empty tree on either side (of which nothing can be proven), the root of the empty tree with
 * a size that is not 0, a hash that is not 32 bytes
 */
export function verifyConsistency(first: TreeHead, second: TreeHead, proof: readonly Uint8Array[]): void {
  for (const { size, root } of [first, second]) {
    if (!Number.isSafeInteger(size) || size < 1) throw badProof(`A tree of ${size} entries proves nothing.`)
    checkHashes([root], 'A root')
    if (sameHash(root, EMPTY_ROOT)) throw badProof('A tree with entries has the root of one without.')
  }
  if (first.size > second.size) {
    throw badProof(`A tree of ${second.size} entries has not grown from one of ${first.size}.`)
  }
  if (!Array.isArray(proof)) throw badProof('The proof is no list of hashes.')
  checkHashes(proof, 'A hash of the proof')
  if (first.size === second.size) {
    if (proof.length > 0) throw badProof('Trees of one size need no hashes.')
    if (!sameHash(first.root, second.root)) throw badProof('Trees of one size have two roots.')
    return
  }
  verifyGrowth(first, second, proof)
}

function verifyGrowth(first: TreeHead, second: TreeHead, proof: readonly Uint8Array[]): void {
  let [at, last] = [first.size - 1, second.size - 1]
  while (at % 2 === 1) [at, last] = [Math.floor(at / 2), Math.floor(last / 2)]
  // An earlier tree that is a whole subtree of the later one is its own starting point.
  const path = at === 0 ? [first.root, ...proof] : proof
  const [start, ...rest] = path
  if (start === undefined) throw badProof('The proof has fewer hashes than the trees have levels.')
  let [older, newer] = [start, start]
  for (const sibling of rest) {
    if (last === 0) throw badProof('The proof has more hashes than the trees have levels.')
    if (at % 2 === 1 || at === last) {
      older = nodeHash(sibling, older)
      newer = nodeHash(sibling, newer)
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)]
    } else newer = nodeHash(newer, sibling)
    at = Math.floor(at / 2)
    last = Math.floor(last / 2)
  }
  if (last !== 0) throw badProof('The proof has fewer hashes than the trees have levels.')
  if (!sameHash(older, first.root)) throw badProof('The proof does not lead to the root of the earlier tree.')
  if (!sameHash(newer, second.root)) throw badProof('The proof does not lead to the root of the later tree.')
}
