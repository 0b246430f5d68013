import kernel from '@portcullis/kernel'
import type { IdentifiedAs, SecurityEvent } from '@portcullis/kernel'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import accessControl, { ownedBy } from '../src/index.ts'
import type { AccessControlOptions } from '../src/index.ts'

/** When the tests take place, by the kernel's clock. */
export const NOW = Date.UTC(2026, 10, 30, 12)

const ROLES = {
  user: ['orders:read:self', 'profile:write:self'],
  manager: { inherits: ['user'], allow: ['orders:read:team', 'users:read'] },
  auditor: { allow: ['orders:read'], deny: ['orders:read:self'] },
  admin: ['admin:all'],
  blocked: { deny: ['orders:read', 'users:read'] },
} as const

/** Somebody, as a header of the tests says it: `{ id, roles, … }` in JSON. */
export const as = (who: Exclude<IdentifiedAs, null | undefined>): { 'x-who': string } => ({
  'x-who': JSON.stringify(who),
})

export const ada = as({ id: 'ada', roles: ['user'] })

/** An app with access-control, and the events it publishes. */
export function appWith(
  options: AccessControlOptions = {},
  register: (app: FastifyInstance) => void = () => undefined,
): { readonly app: FastifyInstance; readonly events: SecurityEvent[] } {
  const app = Fastify()
  const events: SecurityEvent[] = []
  void app.register(kernel, {
    environment: 'test',
    now: () => NOW,
    identify: ({ headers }) => {
      const who = headers['x-who']
      return typeof who === 'string' ? (JSON.parse(who) as IdentifiedAs) : null
    },
  })
  const scopes = { self: ownedBy('userId'), team: ownedBy('leaderId') }
  void app.register(accessControl, { roles: ROLES, scopes, ...options })
  register(app)
  app.after(() => void app.securityEvents.subscribe((event) => void events.push(event)))
  return { app, events }
}
