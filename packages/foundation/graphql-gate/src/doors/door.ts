import type { RouteRecord } from '@portcullis/kernel'
import type { GraphQLSchema } from 'graphql'

/** What runs the operations of a route. */
export type EngineKind = 'mercurius' | 'yoga' | 'apollo' | 'hand-written'

/** A route through which GraphQL operations come in. */
export interface Door {
  readonly route: RouteRecord
  readonly engine: EngineKind
  /** The schema as it is now: servers may replace theirs. */
  readonly schema: () => GraphQLSchema | undefined
}
