import type { RouteRecord } from '@portcullis/kernel'
import { serverOf } from './server-of.ts'
import type { Door } from './door.ts'
import { knownSchema } from './known-schema.ts'
import { isMercuriusRoute, mercuriusOf } from './mercurius-engine.ts'

/** What kind of door a route is, if it is one. */
export function doorFrom(route: RouteRecord): Door | undefined {
  const engine = mercuriusOf(route.scope)
  const where = `${route.method} ${route.url}`
  if (engine !== undefined && isMercuriusRoute(route)) {
    return { route, engine: 'mercurius', schema: () => knownSchema(engine.schema, where) }
  }
  const { graphql } = route.config
  const declared =
    typeof graphql === 'object' && graphql !== null && 'schema' in graphql ? graphql.schema : undefined
  const server = serverOf(route)
  if (server !== undefined) {
    return { route, engine: server.kind, schema: () => knownSchema(server.schema ?? declared, where) }
  }
  if (graphql === undefined || graphql === false) return undefined
  return { route, engine: 'hand-written', schema: () => knownSchema(declared ?? engine?.schema, where) }
}
