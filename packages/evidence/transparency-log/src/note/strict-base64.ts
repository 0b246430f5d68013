/**
 * The bytes of standard base64 with padding (RFC 4648, 4), or `undefined`. Node's decoder overlooks foreign characters
 * and the spare bits of the last one, so that a byte of a file could be changed unnoticed.
 */
export function strictBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64')
  return bytes.length > 0 && bytes.toString('base64') === text ? bytes : undefined
}
