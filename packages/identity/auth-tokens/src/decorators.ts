import type { FastifyInstance, FastifyReply } from 'fastify'
import { checkBearer, keyToBind } from './binding.ts'
import { sendTokens } from './http/send-tokens.ts'
import { registrationIn } from './registration.ts'
import type { TokenPair, Tokens } from './tokens.ts'

/** What `app.tokens` is in a scope. */
function tokensOf(scope: FastifyInstance): Tokens {
  const registration = registrationIn(scope)
  const { service, connections, options } = registration
  return {
    issue: async (grant, request) => service.issue(grant, await keyToBind(registration, request)),
    refresh: (refreshToken, request) => service.refresh(refreshToken, () => keyToBind(registration, request)),
    async verify(accessToken) {
      const claims = await service.verify(accessToken)
      checkBearer(claims, options)
      return claims
    },
    revoke: (target) => service.revoke(target),
    revokeAll: (subject) => service.revoke({ subject }),
    sessions: (subject) => service.sessions(subject),
    whenEnded: (claims, end) => connections.watchToTheEnd(claims, end),
  }
}

/** Adds `app.tokens` and `reply.sendTokens`. */
export function decorate(app: FastifyInstance): void {
  if (app.hasDecorator('tokens')) return
  app.decorateReply('sendTokens', function (this: FastifyReply, pair: TokenPair) {
    return sendTokens(this.request, this, pair)
  })
  app.decorate('tokens', {
    getter(this: FastifyInstance): Tokens {
      return tokensOf(this)
    },
  })
}
