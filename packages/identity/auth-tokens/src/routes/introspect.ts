import type { FastifyReply, FastifyRequest } from 'fastify'
import { InvalidClient } from '../errors.ts'
import { registrationIn } from '../registration.ts'
import type { TokenService } from '../token-service.ts'
import { introspectBody, readBody } from './bodies.ts'
import type { AuthorizeIntrospection } from './options.ts'

async function describe(service: TokenService, issuer: string, token: string): Promise<object> {
  const session = await service.sessionOf(token)
  if (session !== undefined) {
    const { id, subject, createdAt, idleExpiresAt } = session
    const [iat, exp] = [createdAt, idleExpiresAt].map((time) => Math.floor(time / 1000))
    return { iss: issuer, sub: subject, sid: id, iat, exp, active: true }
  }
  const claims = await service.claimsIfValid(token)
  if (claims === undefined) return { active: false }
  return { ...claims, token_type: claims.cnf === undefined ? 'Bearer' : 'DPoP', active: true }
}

/** `POST /introspect`: what a token says while it is valid, and nothing of one that is not (RFC 7662, section 2.2). */
export async function introspect(
  request: FastifyRequest,
  reply: FastifyReply,
  authorize: AuthorizeIntrospection,
): Promise<FastifyReply> {
  const answer: unknown = await authorize(request)
  // A function in JavaScript may answer anything: an object is no permission.
  if (answer !== true) throw new InvalidClient()
  const { service, options } = registrationIn(request.server)
  const { token } = readBody(introspectBody, request.body)
  return reply.send(await describe(service, options.issuer, token))
}
