import { verify } from 'node:crypto'
import { TransparencyLogError } from '../errors.ts'
import { cosignedMessage } from '../key/cosigned-message.ts'
import type { Verifier } from '../key/verifier.ts'
import { malformed } from './malformed.ts'
import { parseNote } from './parse-note.ts'
import type { SignatureLine } from './parse-note.ts'

/** A signature that holds. */
export interface VerifiedSignature {
  readonly name: string
  readonly keyId: string
  /** When a witness signed, in seconds since 1970; of other signatures, nothing. */
  readonly time: number | undefined
}

/** A note that was verified. */
export interface OpenedNote {
  /** What was signed, with its last line break. */
  readonly text: string
  /** The signatures of known keys, in the note's order. There is at least one. */
  readonly signatures: readonly VerifiedSignature[]
  /** How many signature lines are of unknown keys. They say nothing, and nothing protects them. */
  readonly unknown: number
}

/** The time, where the signature is that key's and holds. */
function verifiedTime(
  { type, publicKey }: Verifier,
  { signature }: SignatureLine,
  text: string,
): { readonly time: number | undefined } | undefined {
  if (type === 'ed25519') {
    const holds = signature.length === 64 && verify(null, Buffer.from(text), publicKey, signature)
    return holds ? { time: undefined } : undefined
  }
  if (signature.length !== 72) return undefined
  const time = Number(signature.readBigUInt64BE())
  if (!Number.isSafeInteger(time)) return undefined
  return verify(null, cosignedMessage(time, text), publicKey, signature.subarray(8)) ? { time } : undefined
}

/**
 * Verifies a note (C2SP signed-note). Lines of unknown keys are passed over, as the specification demands: logs change
 * keys, and witnesses come and go.
 *
 * @param note the whole text
 * @param verifiers the keys that are trusted
 * @throws {@link TransparencyLogError} MALFORMED when it is no note or a known key has signed twice, BAD_SIGNATURE when
 * a signature that claims to be of a known key does not hold, UNKNOWN_KEY when no known key has signed
 */
export function openNote(note: string | Uint8Array, verifiers: readonly Verifier[]): OpenedNote {
  const { text, lines } = parseNote(note)
  const known = new Map(verifiers.map((verifier) => [`${verifier.name}+${verifier.keyId}`, verifier]))
  const signatures = new Map<string, VerifiedSignature>()
  let unknown = 0
  for (const line of lines) {
    const { name, keyId } = line
    const key = `${name}+${keyId}`
    const verifier = known.get(key)
    if (verifier === undefined) {
      unknown += 1
      continue
    }
    if (signatures.has(key)) throw malformed(`The note has two signatures of ${key}.`)
    const found = verifiedTime(verifier, line, text)
    if (found === undefined) {
      throw new TransparencyLogError('BAD_SIGNATURE', `The signature of ${key} does not hold.`)
    }
    signatures.set(key, { name, keyId, time: found.time })
  }
  if (signatures.size === 0) {
    const names = [...known.keys()].join(', ')
    throw new TransparencyLogError('UNKNOWN_KEY', `The note is not signed by ${names || 'anybody known'}.`)
  }
  return { text, signatures: [...signatures.values()], unknown }
}
