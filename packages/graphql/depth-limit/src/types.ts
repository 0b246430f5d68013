import type { GraphqlGate } from '@portcullis/graphql-gate'
import type { Principal } from '@portcullis/kernel'
import type { DepthLimitOptions } from './options.ts'
import type { DepthLimit } from './plugin.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Measures GraphQL documents. */
    readonly depthLimit: DepthLimit
  }
  interface FastifyContextConfig {
    /** Options of depth-limit for this route; `false` switches it off. */
    depthLimit?: DepthLimitOptions | false | undefined
  }
}

// Re-exported types keep the augmentation of the foundations in the published declarations.
export type { GraphqlGate, Principal }
