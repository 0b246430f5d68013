import type { FastifyReply, FastifyRequest } from 'fastify'
import { publicJwks } from '../keys/jwk.ts'
import { registrationIn } from '../registration.ts'

/** The public keys of the app (RFC 7517), as they are now. Not found where it has only secrets. */
export function sendJwks(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const set = publicJwks(registrationIn(request.server).keys.ring.keys)
  if (set.keys.length === 0) {
    reply.callNotFound()
    return reply
  }
  // Who meets a key that it does not know asks again, so this may be old.
  return reply
    .header('cache-control', 'public, max-age=300')
    .type('application/jwk-set+json')
    .send(JSON.stringify(set))
}
