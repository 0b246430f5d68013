import { isCanonicalBase64url } from './base64url.ts'

/** The three parts of a JWS in its compact form, each in the one spelling it has. */
export interface CompactToken {
  readonly header: string
  readonly payload: string
  readonly signature: string
}

/** Longest access token, in characters. */
const LONGEST_TOKEN = 8_192

/** The parts of a token, or nothing where it is too long, has no three parts or is spelt in another way. */
export function splitToken(token: string): CompactToken | undefined {
  if (token.length > LONGEST_TOKEN) return undefined
  const first = token.indexOf('.')
  const second = token.indexOf('.', first + 1)
  if (first === -1 || second === -1) return undefined
  const header = token.slice(0, first)
  const payload = token.slice(first + 1, second)
  const signature = token.slice(second + 1)
  // A further dot is outside the alphabet.
  return isCanonicalBase64url(header) && isCanonicalBase64url(payload) && isCanonicalBase64url(signature)
    ? { header, payload, signature }
    : undefined
}
