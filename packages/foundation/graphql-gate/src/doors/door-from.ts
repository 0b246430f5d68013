import type { RouteRecord } from '@portcullis/kernel'
import { isSchema } from 'graphql'
import type { GraphQLSchema } from 'graphql'
import type { Door } from './door.ts'
import { isMercuriusRoute, mercuriusOf } from './mercurius-engine.ts'

function declaredSchema(graphql: unknown): GraphQLSchema | undefined {
  const schema =
    typeof graphql === 'object' && graphql !== null && 'schema' in graphql ? graphql.schema : undefined
  return isSchema(schema) ? schema : undefined
}

/** What kind of door a route is, if it is one. */
export function doorFrom(route: RouteRecord): Door | undefined {
  const engine = mercuriusOf(route.scope)
  if (engine !== undefined && isMercuriusRoute(route)) {
    return { route, engine: 'mercurius', schema: () => engine.schema }
  }
  const { graphql } = route.config
  if (graphql === undefined || graphql === false) return undefined
  const schema = declaredSchema(graphql)
  return { route, engine: 'hand-written', schema: () => schema ?? engine?.schema }
}
