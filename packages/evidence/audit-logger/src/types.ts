import type { Principal } from '@portcullis/kernel'
import type { Audit } from './decorators.ts'
import type { AuditRouteOptions } from './options.ts'
import type { RequestAudit } from './request-audit.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The audit trail of this scope. */
    readonly audit: Audit
  }
  interface FastifyRequest {
    /** Records events of this request. */
    readonly audit: RequestAudit
  }
  interface FastifyContextConfig {
    /** Options of audit-logger for this route; `false` switches it off. */
    audit?: AuditRouteOptions | false | undefined
  }
}

// Re-exported types keep the augmentation of the kernel in the published declarations.
export type { Principal }
