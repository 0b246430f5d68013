import type { FastifyReply, FastifyRequest } from 'fastify'
import { keyToBind } from '../binding.ts'
import { InvalidRequest, UnsupportedGrantType } from '../errors.ts'
import { sendInBody, sendInCookies } from '../http/send-tokens.ts'
import { registrationIn } from '../registration.ts'
import { readBody, tokenBody } from './bodies.ts'
import { cookieCaller } from './presented.ts'

/** `POST /token`: exchanges a refresh token for new tokens, which go back the way it came (RFC 6749, section 6). */
export async function exchange(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
  const registration = registrationIn(request.server)
  const { service, options } = registration
  const { grant_type: type, refresh_token: inBody } = readBody(tokenBody, request.body)
  if (type !== 'refresh_token') throw new UnsupportedGrantType()
  const browser = cookieCaller(request, inBody)
  const token = browser === undefined ? inBody : browser.token
  if (token === undefined) throw new InvalidRequest()
  if (browser === undefined)
    return sendInBody(reply, await service.refresh(token, () => keyToBind(registration, request)))
  // A proof with a cookie binds nothing: the token has to go back into the cookie, where no script can use it.
  return sendInCookies(reply, await service.refresh(token), options.refreshTtl, browser.sameSite)
}
