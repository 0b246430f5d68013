import { TransparencyLogError } from '../errors.ts'
import type { Signer } from '../key/signer.ts'
import { readText } from './read-text.ts'

/** The line of a signature, without its line break. */
export function signatureLine({ verifier, sign }: Signer, text: string): string {
  const bytes = Buffer.concat([Buffer.from(verifier.keyId, 'hex'), sign(text)])
  return `— ${verifier.name} ${bytes.toString('base64')}`
}

/**
 * Signs a text (C2SP signed-note).
 *
 * @param text what is signed; it ends with a line break
 * @param signers one or more
 * @returns the note: the text, an empty line, a line for each signature
 * @throws {@link TransparencyLogError} MALFORMED when the text has control characters or half characters,
 * INVALID_ARGUMENT when it does not end with a line break or nobody signs
 */
export function signNote(text: string, signers: readonly Signer[]): string {
  readText(text)
  if (!text.endsWith('\n')) {
    throw new TransparencyLogError('INVALID_ARGUMENT', 'The text of a note ends with a line break.')
  }
  if (signers.length === 0) throw new TransparencyLogError('INVALID_ARGUMENT', 'A note takes a signer.')
  return `${text}\n${signers.map((signer) => `${signatureLine(signer, text)}\n`).join('')}`
}
