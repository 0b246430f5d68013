/** A password as it was given, and as it is hashed. */
export interface PasswordText {
  /** As given: what hashes of other makers were made from. */
  readonly raw: string
  /**
   * In NFC, as RFC 8265 (OpaqueString) has it, so that one password typed on two keyboards is one password. Nothing is
   * trimmed, cut or folded.
   */
  readonly text: string
}

/** Why something is no password at all. */
export type TextProblem = 'TOO_LONG' | 'INVALID_TEXT'

/**
 * More marks in a row than any language writes, and the bound of the Stream-Safe Text Format (UAX #15): sorting marks is
 * the one step of normalising that is not linear. Matching is: a counted repeat, at most 31 steps from each place.
 */
const MANY_MARKS = /\p{M}{31}/u

/**
 * Reads a password: its size first, before anything looks at it.
 *
 * @param maxBytes in UTF-8, before normalising
 * @returns the password, or why it is none
 */
export function readText(password: string, maxBytes: number): PasswordText | TextProblem {
  // A UTF-16 code unit is at least one byte, so this needs no look at the text.
  if (password.length > maxBytes || Buffer.byteLength(password) > maxBytes) return 'TOO_LONG'
  // bcrypt ends at NUL, and an encoder replaces half a surrogate pair: both would let another password in.
  if (password.includes('\0') || !password.isWellFormed() || MANY_MARKS.test(password)) return 'INVALID_TEXT'
  return { raw: password, text: password.normalize('NFC') }
}

/** Unicode code points, which is what lengths of passwords are counted in (NIST SP 800-63B-4, 3.1.1.2). */
export function countCodePoints(text: string): number {
  let count = 0
  for (const _character of text) count++
  return count
}
