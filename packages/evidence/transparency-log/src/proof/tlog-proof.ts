/** What a `.tlog-proof` file holds (C2SP tlog-proof). */
export interface TlogProof {
  /** The entry's number, from 0. */
  readonly index: number
  /** The inclusion proof, from the leaf's sibling up. */
  readonly hashes: readonly Uint8Array[]
  /** The checkpoint it leads to, a whole note. */
  readonly checkpoint: string
  /** Anything at all. Nothing protects it. */
  readonly extra?: Uint8Array | undefined
}

/** The first line of such a file. */
export const PROOF_HEADER = 'c2sp.org/tlog-proof@v1'
