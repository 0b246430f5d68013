import { CookieTooLongError, InvalidRequest } from '../errors.ts'
import type { TokenPair } from '../tokens.ts'

/** The cookie of the access token. `__Host-` keeps other hosts of the domain from setting it. */
export const ACCESS_COOKIE = '__Host-access_token'
/** The cookie of the refresh token. It goes to every path, since `__Host-` allows no other. */
export const REFRESH_COOKIE = '__Host-refresh_token'

/** Longest Cookie header that is looked at, in characters: what Node takes of headers by default. */
const LONGEST_HEADER = 16_384
/** What browsers keep of a cookie, name and attributes included (RFC 6265, section 6.1), less room for those. */
const LONGEST_COOKIE = 3_800

/**
 * The value of a cookie. Only the very name counts, and only tokens are values: neither quotes nor escapes.
 *
 * @throws INVALID_REQUEST where the cookie is there twice
 */
export function readCookie(header: string | undefined, name: string): string | undefined {
  if (header === undefined || header.length > LONGEST_HEADER) return undefined
  let value: string | undefined
  for (const part of header.split(';')) {
    // One space, as browsers separate cookies (RFC 6265, section 4.2.1). Other white space belongs to a name of its own,
    // which `__Host-` does not protect: other hosts of the domain may set it.
    const pair = part.startsWith(' ') ? part.slice(1) : part
    if (!pair.startsWith(`${name}=`)) continue
    if (value !== undefined) throw new InvalidRequest()
    value = pair.slice(name.length + 1)
  }
  return value === '' ? undefined : value
}

/** Whether pages of other sites may lead to this one with the cookie. */
type SameSite = 'strict' | 'lax'

/**
 * A Set-Cookie header for a token. A name with `__Host-` is bound to this very host: a browser takes it with `Secure`,
 * `Path=/` and no `Domain` only.
 *
 * @param maxAge seconds; 0 takes the cookie away
 */
function setCookie(name: string, value: string, maxAge: number, sameSite: SameSite): string {
  if (value.length > LONGEST_COOKIE) throw new CookieTooLongError(value.length, LONGEST_COOKIE)
  const site = sameSite === 'strict' ? 'Strict' : 'Lax'
  return `${name}=${value}; Max-Age=${maxAge}; Path=/; Secure; HttpOnly; SameSite=${site}`
}

/**
 * The Set-Cookie headers that hand tokens to a browser.
 *
 * @param refreshTtl milliseconds that an unused refresh token lasts
 * @throws PORTCULLIS_AUTH_TOKENS_COOKIE_TOO_LONG
 */
export function tokenCookies(pair: TokenPair, refreshTtl: number, sameSite: SameSite): string[] {
  return [
    setCookie(ACCESS_COOKIE, pair.access_token, pair.expires_in, sameSite),
    setCookie(REFRESH_COOKIE, pair.refresh_token, Math.floor(refreshTtl / 1000), sameSite),
  ]
}

/** The Set-Cookie headers that take both away. */
export function noTokenCookies(sameSite: SameSite): string[] {
  return [ACCESS_COOKIE, REFRESH_COOKIE].map((name) => setCookie(name, '', 0, sameSite))
}
