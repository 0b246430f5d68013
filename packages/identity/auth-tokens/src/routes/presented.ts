import { isCrossSite } from '@portcullis/kernel'
import type { FastifyRequest } from 'fastify'
import { CrossSiteRequest, InvalidRequest } from '../errors.ts'
import { readCookie, REFRESH_COOKIE } from '../http/cookies.ts'
import { registrationIn } from '../registration.ts'

/** How a browser's request stands to the cookie of its refresh token. */
export interface CookieCaller {
  /** The refresh token, where the browser has one. */
  readonly token: string | undefined
  readonly sameSite: 'strict' | 'lax'
}

/**
 * A request that carries no token in its body: one of a browser.
 *
 * @param inBody the token in the body, if any
 * @returns nothing for a request with a token in its body
 * @throws INVALID_REQUEST where a token is in both, or in neither and cookies are not taken; CROSS_SITE_REQUEST for a page
 * of another site, with a cookie or without, since the answer may take cookies away
 */
export function cookieCaller(request: FastifyRequest, inBody: string | undefined): CookieCaller | undefined {
  const { cookie } = registrationIn(request.server).options
  const token = cookie && readCookie(request.headers.cookie, REFRESH_COOKIE)
  if (inBody !== undefined) {
    if (token !== undefined) throw new InvalidRequest()
    return undefined
  }
  if (cookie === undefined) throw new InvalidRequest()
  if (isCrossSite(request, (origin) => cookie.trustedOrigins.includes(origin))) throw new CrossSiteRequest()
  return { token, sameSite: cookie.sameSite }
}
