import type { GraphqlGate } from '@portcullis/graphql-gate'
import type { Principal } from '@portcullis/kernel'
import type { QueryCostOptions } from './options.ts'
import type { QueryCost } from './plugin.ts'
import type { RequestCost } from './request-cost.ts'

/** What a route's `config.queryCost` may hold. */
export type QueryCostRouteOptions = Omit<
  QueryCostOptions,
  'defaultListSize' | 'strict' | 'weights' | 'operationCost' | 'directives' | 'actual'
>

declare module 'fastify' {
  interface FastifyInstance {
    /** Prices GraphQL documents. */
    readonly queryCost: QueryCost
  }
  interface FastifyRequest {
    /** What the operations of this request cost together; `undefined` before they are priced. */
    readonly queryCost: RequestCost | undefined
  }
  interface FastifyContextConfig {
    /** Options of query-cost for this route; `false` switches it off. */
    queryCost?: QueryCostRouteOptions | false | undefined
  }
}

// Re-exported types keep the augmentation of the foundations in the published declarations.
export type { GraphqlGate, Principal }
