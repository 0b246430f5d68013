import { malformed } from './malformed.ts'

/** Longest note or proof that is read: 1 MiB, more than a hundred of the longest signatures. */
export const LONGEST_TEXT: number = 1024 * 1024

// eslint-disable-next-line no-control-regex -- they are what is looked for
const CONTROL = /[\u0000-\u0009\u000b-\u001f]/

/** The text of a note or proof: valid UTF-8 without control characters but line breaks (C2SP signed-note). */
export function readText(input: string | Uint8Array): string {
  if (typeof input !== 'string' && !(input instanceof Uint8Array)) throw malformed('This is no text.')
  if (input.length > LONGEST_TEXT) throw malformed(`The text is longer than ${LONGEST_TEXT} bytes.`)
  const bytes = Buffer.from(input)
  const text = bytes.toString()
  // Decoding replaces what is not valid, and so does encoding a text with half a character.
  const whole = typeof input === 'string' ? text === input : Buffer.from(text).equals(bytes)
  if (!whole) throw malformed('The text is not valid UTF-8.')
  if (CONTROL.test(text)) throw malformed('The text has a control character.')
  return text
}
