import { InvalidRequest } from '../errors.ts'

/** Longest Cookie header that is looked at, in characters: what Node takes of headers by default. */
const LONGEST_HEADER = 16_384
/** What browsers keep of a cookie, name and attributes included (RFC 6265, section 6.1), less room for those. */
export const LONGEST_COOKIE = 3_800

/**
 * The value of a cookie. Only the very name counts, and only tokens are values: neither quotes nor escapes.
 *
 * @throws INVALID_REQUEST where the cookie is there twice
 */
export function readCookie(header: string | undefined, name: string): string | undefined {
  if (header === undefined || header.length > LONGEST_HEADER) return undefined
  let value: string | undefined
  for (const part of header.split(';')) {
    const pair = part.trim()
    if (!pair.startsWith(`${name}=`)) continue
    if (value !== undefined) throw new InvalidRequest()
    value = pair.slice(name.length + 1)
  }
  return value === '' ? undefined : value
}

/** How a cookie is set. */
export interface CookieSettings {
  readonly name: string
  readonly sameSite: 'strict' | 'lax'
}

/**
 * A Set-Cookie header for a token. A name with `__Host-` is bound to this very host: a browser takes it with `Secure`,
 * `Path=/` and no `Domain` only.
 *
 * @param maxAge seconds; 0 takes the cookie away
 */
export function setCookie({ name, sameSite }: CookieSettings, value: string, maxAge: number): string {
  const site = sameSite === 'strict' ? 'Strict' : 'Lax'
  return `${name}=${value}; Max-Age=${maxAge}; Path=/; Secure; HttpOnly; SameSite=${site}`
}
