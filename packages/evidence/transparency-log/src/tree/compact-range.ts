/**
 * A Merkle tree of RFC 6962, kept as the roots of its perfect subtrees, largest first: one for each bit that is set in
 * `size`. It is all that is needed to append.
 */
export interface CompactRange {
  /** Leaves so far. */
  size: number
  readonly nodes: Buffer[]
}
