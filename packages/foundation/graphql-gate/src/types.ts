import type { Principal } from '@portcullis/kernel'
import type { GraphQLSchema } from 'graphql'
import type { GraphQLOperation } from './core/operation.ts'
import type { GraphqlGateOptions } from './options.ts'
import type { GraphqlGate } from './use-graphql-gate.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The GraphQL routes that are guarded. */
    readonly graphqlGate: GraphqlGate
  }
  interface FastifyRequest {
    /** The operations of this request that were judged, in order. Empty before the `operation` phase. */
    readonly graphqlOperations: readonly GraphQLOperation[]
    /**
     * For what a resolver waits for (`fetch`, database clients): aborted when `executionTimeout` is over, with the error
     * `EXECUTION_TIMEOUT` as its reason, or when the client has gone.
     */
    readonly graphqlSignal: AbortSignal
  }
  interface FastifyContextConfig {
    /** Marks a route that takes GraphQL operations, with the schema they run against. */
    graphql?: boolean | { readonly schema: GraphQLSchema } | undefined
    /** Options of graphql-gate for this route. */
    graphqlGate?: Omit<GraphqlGateOptions, 'routes' | 'executionTimeout' | 'otherSockets'> | undefined
  }
}

// Re-exported types keep the augmentation of both packages in the published declarations.
export type { Principal }
export type { GraphqlGate } from './use-graphql-gate.ts'
