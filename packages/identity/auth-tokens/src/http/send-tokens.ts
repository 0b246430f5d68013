import { isCrossSite, refuse } from '@portcullis/kernel'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { CrossSiteRequest } from '../errors.ts'
import { refusal } from '../refusal.ts'
import { registrationIn } from '../registration.ts'
import type { TokenPair } from '../tokens.ts'
import { noTokenCookies, tokenCookies } from './cookies.ts'

/** Hands tokens to a client in the body (RFC 6749, section 5.1). */
export function sendInBody(reply: FastifyReply, pair: TokenPair): FastifyReply {
  return reply.header('cache-control', 'no-store').send(pair)
}

/**
 * Hands tokens to a browser in cookies, out of reach of scripts.
 *
 * @param sameSite of the cookies
 * @throws PORTCULLIS_AUTH_TOKENS_COOKIE_TOO_LONG
 */
export function sendInCookies(
  reply: FastifyReply,
  pair: TokenPair,
  refreshTtl: number,
  sameSite: 'strict' | 'lax',
): FastifyReply {
  const { token_type, expires_in } = pair
  return reply
    .header('cache-control', 'no-store')
    .header('set-cookie', tokenCookies(pair, refreshTtl, sameSite))
    .send({ token_type, expires_in })
}

/** Takes the cookies of tokens away, where there may be any. */
export function dropCookies(request: FastifyRequest, reply: FastifyReply): void {
  const { cookie } = registrationIn(request.server).options
  if (cookie !== undefined) void reply.header('set-cookie', noTokenCookies(cookie.sameSite))
}

/**
 * What `reply.sendTokens` does. Cookies are not set for a page of another site: it would sign its visitors in as somebody
 * of its choice.
 */
export function sendTokens(request: FastifyRequest, reply: FastifyReply, pair: TokenPair): FastifyReply {
  const { cookie, refreshTtl } = registrationIn(request.server).options
  // A bound token is of no use in a cookie: the page's script has to make a proof for each request.
  if (cookie === undefined || pair.token_type === 'DPoP') return sendInBody(reply, pair)
  if (!isCrossSite(request, (origin) => cookie.trustedOrigins.includes(origin)))
    return sendInCookies(reply, pair, refreshTtl, cookie.sameSite)
  void refuse(request, reply, refusal(new CrossSiteRequest(), request))
  return reply
}
