import type { Signer } from '../key/signer.ts'
import { signNote } from '../note/sign-note.ts'
import type { TreeHead } from '../tree/verify-consistency.ts'
import { formatCheckpoint } from './format-checkpoint.ts'

/**
 * Signs the head of a log, whose name is that of the signer. A log never signs two heads of which one is not the
 * beginning of the other.
 *
 * @returns the checkpoint as a note (C2SP tlog-checkpoint)
 * @throws {@link TransparencyLogError} INVALID_ARGUMENT when it is no head
 */
export function signCheckpoint({ size, root }: TreeHead, signer: Signer): string {
  return signNote(formatCheckpoint({ origin: signer.verifier.name, size, root }), [signer])
}
