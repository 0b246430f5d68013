import { openCheckpoint } from '../checkpoint/open-checkpoint.ts'
import type { OpenedCheckpoint } from '../checkpoint/open-checkpoint.ts'
import type { Trust } from '../checkpoint/trust.ts'
import { leafHash } from '../hash/leaf-hash.ts'
import { verifyInclusion } from '../tree/verify-inclusion.ts'
import { parseProof } from './parse-proof.ts'

/** What a proof has proven. */
export interface VerifiedProof {
  /** The entry's number in the log, from 0. */
  readonly index: number
  readonly checkpoint: OpenedCheckpoint
  /** Whatever else the file holds. Nothing protects it. */
  readonly extra: Uint8Array | undefined
}

/**
 * Verifies offline that an entry is in a log, by the text of a `.tlog-proof` file (C2SP tlog-proof).
 *
 * @param proof the whole text
 * @param entry the exact bytes of the entry
 * @param trust the log's key, and the witnesses that must have seen the checkpoint
 * @throws {@link TransparencyLogError} MALFORMED, BAD_PROOF, and what {@link openCheckpoint} throws
 */
export function verifyProof(proof: string | Uint8Array, entry: Uint8Array, trust: Trust): VerifiedProof {
  const { index, hashes, checkpoint: note, extra } = parseProof(proof)
  const checkpoint = openCheckpoint(note, trust)
  const { size, root } = checkpoint
  verifyInclusion({ leafHash: leafHash(entry), index, size, root }, hashes)
  return { index, checkpoint, extra }
}
