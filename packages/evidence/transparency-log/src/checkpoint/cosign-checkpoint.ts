import { TransparencyLogError } from '../errors.ts'
import type { Signer } from '../key/signer.ts'
import { parseNote } from '../note/parse-note.ts'
import { signatureLine } from '../note/sign-note.ts'
import type { TreeHead } from '../tree/verify-consistency.ts'
import { verifyConsistency } from '../tree/verify-consistency.ts'
import { openCheckpoint } from './open-checkpoint.ts'
import type { Trust } from './trust.ts'

/** What a witness looks at before it signs. */
export interface CosignOptions {
  /** The log's key and name. */
  readonly log: Pick<Trust, 'key' | 'origin'>
  /** The witness, from {@link createCosigner}. */
  readonly cosigner: Signer
  /**
   * The last head of this log that the witness has signed, from where it keeps it. `undefined` only for the first:
   * a witness that forgets would sign anything.
   */
  readonly previous: TreeHead | undefined
  /** Consistency proof from {@link previous} to the checkpoint. Empty for the first, and where the size is the same. */
  readonly proof: readonly Uint8Array[]
}

/**
 * Signs a checkpoint as a witness (C2SP tlog-cosignature, v1), once it is proven that the log has only grown. Keep the
 * checkpoint's size and root durably before you hand the answer on.
 *
 * @returns the note with one more line
 * @throws {@link TransparencyLogError} what {@link openCheckpoint} throws; BAD_PROOF when the log was rewritten or has
 * shrunk; INVALID_ARGUMENT when the signer is no witness or has signed the note before
 */
export function cosignCheckpoint(note: string, { log, cosigner, previous, proof }: CosignOptions): string {
  if (cosigner.verifier.type !== 'cosignature') {
    throw new TransparencyLogError(
      'INVALID_ARGUMENT',
      'cosigner: it is no witness; make it with createCosigner.',
    )
  }
  const checkpoint = openCheckpoint(note, log)
  const { name, keyId } = cosigner.verifier
  if (parseNote(note).lines.some((line) => line.name === name && line.keyId === keyId)) {
    throw new TransparencyLogError('INVALID_ARGUMENT', `${name} has signed this note already.`)
  }
  if (previous !== undefined && previous.size > 0) verifyConsistency(previous, checkpoint, proof)
  else if (proof.length > 0) {
    throw new TransparencyLogError('BAD_PROOF', 'There is nothing yet that a proof could start from.')
  }
  return `${note}${signatureLine(cosigner, checkpoint.text)}\n`
}
