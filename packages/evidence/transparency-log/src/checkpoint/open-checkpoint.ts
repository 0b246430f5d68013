import { TransparencyLogError } from '../errors.ts'
import { openNote } from '../note/open-note.ts'
import { printable } from '../note/printable.ts'
import type { VerifiedSignature } from '../note/open-note.ts'
import { parseCheckpoint } from './parse-checkpoint.ts'
import type { ParsedCheckpoint } from './parse-checkpoint.ts'
import { checkTrust } from './trust.ts'
import type { Trust } from './trust.ts'

/** A checkpoint that was verified. */
export interface OpenedCheckpoint extends ParsedCheckpoint {
  /** The text of its note: what the signatures are over. */
  readonly text: string
  /** The witnesses that signed it, with their times. */
  readonly cosignatures: readonly VerifiedSignature[]
  /** How many signature lines are of unknown keys. They say nothing, and nothing protects them. */
  readonly unknown: number
}

/**
 * Verifies a checkpoint: that it is one, of that log, signed by the log and by enough witnesses.
 *
 * @param note its whole text
 * @throws {@link TransparencyLogError} MALFORMED, BAD_SIGNATURE, UNKNOWN_KEY (the log has not signed), WRONG_ORIGIN,
 * UNWITNESSED (too few witnesses have), INVALID_ARGUMENT (nobody could meet that trust)
 */
export function openCheckpoint(note: string | Uint8Array, trust: Trust): OpenedCheckpoint {
  const { key, origin, witnesses, quorum } = checkTrust(trust)
  const { text, signatures, unknown } = openNote(note, [key, ...witnesses])
  const isOfLog = ({ name, keyId }: VerifiedSignature): boolean => name === key.name && keyId === key.keyId
  if (!signatures.some(isOfLog)) {
    throw new TransparencyLogError('UNKNOWN_KEY', `The note is not signed by ${key.name}+${key.keyId}.`)
  }
  const checkpoint = parseCheckpoint(text)
  if (checkpoint.origin !== origin) {
    const names = [checkpoint.origin, origin].map((name) => `"${printable(name)}"`)
    throw new TransparencyLogError('WRONG_ORIGIN', `The checkpoint is of the log ${names.join(', not of ')}.`)
  }
  const cosignatures = signatures.filter((signature) => !isOfLog(signature))
  if (cosignatures.length < quorum) {
    throw new TransparencyLogError(
      'UNWITNESSED',
      `${cosignatures.length} of the witnesses have signed the checkpoint; ${quorum} must.`,
    )
  }
  return { ...checkpoint, text, cosignatures, unknown }
}
