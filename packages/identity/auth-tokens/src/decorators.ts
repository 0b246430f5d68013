import type { FastifyInstance } from 'fastify'
import { registrationIn } from './registration.ts'
import type { Tokens } from './tokens.ts'

/** What `app.tokens` is in a scope. */
function tokensOf(scope: FastifyInstance): Tokens {
  const { service, connections } = registrationIn(scope)
  return {
    issue: (grant) => service.issue(grant),
    refresh: (refreshToken) => service.refresh(refreshToken),
    verify: (accessToken) => service.verify(accessToken),
    revoke: (target) => service.revoke(target),
    revokeAll: (subject) => service.revoke({ subject }),
    sessions: (subject) => service.sessions(subject),
    whenEnded: (claims, end) => connections.watchToTheEnd(claims, end),
  }
}

/** Adds `app.tokens`. */
export function decorate(app: FastifyInstance): void {
  if (app.hasDecorator('tokens')) return
  app.decorate('tokens', {
    getter(this: FastifyInstance): Tokens {
      return tokensOf(this)
    },
  })
}
