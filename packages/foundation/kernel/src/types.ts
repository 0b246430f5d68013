import type { SecurityEvents } from './events/event-bus.ts'
import type { Principal } from './principal.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The security events of all gates of this app. */
    readonly securityEvents: SecurityEvents
  }
  interface FastifyRequest {
    /**
     * Who asks.
     *
     * @throws PORTCULLIS_KERNEL_PRINCIPAL_NOT_RESOLVED before `resolvePrincipal()` was awaited
     */
    readonly principal: Principal
    /** Finds out who asks, once, when first called. */
    resolvePrincipal(): Promise<Principal>
  }
}

export type { Principal } from './principal.ts'
