/**
 * Where proofs come from: answers the hash of a perfect subtree, the one over the leaves from `index * 2 ** level` to
 * `(index + 1) * 2 ** level`. Level 0 are the leaves' hashes.
 */
export type NodeReader = (level: number, index: number) => Uint8Array | Promise<Uint8Array>
