const ALPHABET = /^[A-Za-z0-9_-]+$/
/** Digits in the order of their value. */
const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/**
 * Whether a text is the one spelling that base64url has for its bytes: no padding, no other characters, and no bits set
 * behind the last byte. Decoders ignore those bits, so that a token has several spellings.
 */
export function isCanonicalBase64url(text: string): boolean {
  if (!ALPHABET.test(text)) return false
  const rest = text.length % 4
  if (rest === 0) return true
  if (rest === 1) return false
  const last = DIGITS.indexOf(text.charAt(text.length - 1))
  return rest === 2 ? (last & 0b1111) === 0 : (last & 0b11) === 0
}
