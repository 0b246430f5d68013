import type { FastifyReply, FastifyRequest } from 'fastify'
import { ACCESS_COOKIE, readCookie } from '../http/cookies.ts'
import { dropCookies } from '../http/send-tokens.ts'
import { registrationIn } from '../registration.ts'
import type { TokenService } from '../token-service.ts'
import { readBody, revokeBody } from './bodies.ts'
import { cookieCaller } from './presented.ts'

/** The session that an access token belongs to, or the token alone where it belongs to none. */
async function endSessionOf(service: TokenService, accessToken: string): Promise<void> {
  const claims = await service.claimsIfValid(accessToken)
  if (claims === undefined) return
  await service.revoke(claims.sid === undefined ? { token: accessToken } : { session: claims.sid })
}

/**
 * `POST /revoke`: revokes a token, and answers the same for what is none (RFC 7009, section 2.2). A browser sends none:
 * the session of its cookies ends, and they are taken away.
 */
export async function revoke(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const { service } = registrationIn(request.server)
  const { token } = readBody(revokeBody, request.body ?? {})
  const browser = cookieCaller(request, token)
  if (browser === undefined) await service.revoke({ token: token ?? '' })
  else {
    const access = readCookie(request.headers.cookie, ACCESS_COOKIE)
    if (browser.token !== undefined) await service.revoke({ token: browser.token })
    else if (access !== undefined) await endSessionOf(service, access)
    dropCookies(request, reply)
  }
  return reply.code(200).send()
}
