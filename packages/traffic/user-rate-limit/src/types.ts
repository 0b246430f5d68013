import type { Principal } from '@portcullis/kernel'
import type { Limit } from './core/verdict.ts'
import type { UserRateLimit } from './decorators.ts'
import type { RoutePolicies, UserRateLimitOptions } from './options.ts'

/** What a route's `config.userRateLimit` may hold. */
export interface UserRateLimitRouteOptions extends Pick<UserRateLimitOptions, 'concurrency' | 'mode'> {
  /** By name, laid over the plugin's, or a list of names: see {@link RoutePolicies}. */
  policies?: RoutePolicies | undefined
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Charges limits that no route declares. */
    readonly userRateLimit: UserRateLimit
  }
  interface FastifyRequest {
    /** What the enforced policies said to this request so far. */
    readonly userRateLimit: readonly Limit[]
  }
  interface FastifyContextConfig {
    /** Options of user-rate-limit for this route; `false` switches it off. */
    userRateLimit?: UserRateLimitRouteOptions | false | undefined
  }
}

// Re-exported types keep the augmentation of the kernel in the published declarations.
export type { Principal }
