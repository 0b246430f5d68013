import { isWithin } from '@portcullis/kernel'
import type { RouteRecord } from '@portcullis/kernel'
import type { FastifyInstance } from 'fastify'
import type { GraphQLSchema } from 'graphql'
import { gateStateOf } from '../state.ts'

/** A GraphQL server that takes plugins, and tells by one of ours what it runs. */
export interface GraphqlServer {
  readonly kind: 'yoga' | 'apollo'
  /** The scope in which its route is declared. */
  readonly scope: FastifyInstance
  /** What tells it from others: the plugins of several apps may be in one server. */
  instance: object | undefined
  /** The pattern of the route it answers, prefix included. */
  path: string
  /** As it is now; unset until the server has told it. */
  schema: GraphQLSchema | undefined
  /** Whether a gateway runs the operations elsewhere, past the resolvers of the schema. */
  remote: boolean
}

function withoutSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}

/** Whether a server answers a route. */
export function answers(server: GraphqlServer, route: RouteRecord): boolean {
  return withoutSlash(route.url) === withoutSlash(server.path) && isWithin(route.scope, server.scope)
}

/** The server that answers a route, if its plugin told so. */
export function serverOf(route: RouteRecord): GraphqlServer | undefined {
  return gateStateOf(route.scope).servers.find((server) => answers(server, route))
}
