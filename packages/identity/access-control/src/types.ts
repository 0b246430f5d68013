import type { Principal } from '@portcullis/kernel'
import type { Permission } from './core/permission.ts'
import type { AccessRouteOptions } from './options.ts'
import type { Access } from './plugin.ts'
import type { RequestAccess } from './request-access.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The matrix of roles and permissions, and what was decided over the routes. */
    readonly access: Access
  }
  interface FastifyRequest {
    /**
     * Whether the caller has a permission for a resource. No event: it is a question.
     *
     * @param resource what scope resolvers are asked about
     * @throws (rejects) PORTCULLIS_ACCESS_CONTROL_INVALID_PERMISSION for what is no permission
     */
    can(permission: Permission, resource?: unknown): Promise<boolean>
    /** Demands permissions, and tells how far they reach. */
    readonly access: RequestAccess
  }
  interface FastifyContextConfig {
    /** Who may use this route; `false` switches access-control off for it. */
    access?: AccessRouteOptions | false | undefined
  }
}

// A re-exported type keeps the augmentation of the kernel in the published declarations.
export type { Principal }
