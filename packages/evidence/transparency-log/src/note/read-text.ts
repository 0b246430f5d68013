import { malformed } from './malformed.ts'

/** Longest note or proof that is read: 1 MiB, more than a hundred of the longest signatures. */
export const LONGEST_TEXT: number = 1024 * 1024

const LINE_BREAK = 0x0a
const SPACE = 0x20

/** Whether a text has a control character below U+0020 that is no line break. */
export function hasControl(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit < SPACE && unit !== LINE_BREAK) return true
  }
  return false
}

/** The text of a note or proof: valid UTF-8 without control characters but line breaks (C2SP signed-note). */
export function readText(input: string | Uint8Array): string {
  if (typeof input !== 'string' && !(input instanceof Uint8Array)) throw malformed('This is no text.')
  if (input.length > LONGEST_TEXT) throw malformed(`The text is longer than ${LONGEST_TEXT} bytes.`)
  const bytes = Buffer.from(input)
  const text = bytes.toString()
  // Decoding replaces what is not valid, and so does encoding a text with half a character.
  const whole = typeof input === 'string' ? text === input : Buffer.from(text).equals(bytes)
  if (!whole) throw malformed('The text is not valid UTF-8.')
  if (hasControl(text)) throw malformed('The text has a control character.')
  return text
}
