import { routesOf } from '@portcullis/kernel'
import type { RouteRecord } from '@portcullis/kernel'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { DocumentNode, GraphQLSchema } from 'graphql'

/** mercurius' context of an operation, as far as it is read here. */
export interface MercuriusContext {
  readonly reply?: FastifyReply
  request?: FastifyRequest
  readonly operationId?: number
  readonly __currentQuery?: unknown
}

/** mercurius' hook that runs before each execution, on first and on cached documents alike. */
export type PreExecution = (
  schema: GraphQLSchema,
  document: DocumentNode,
  context: MercuriusContext,
  variables: Record<string, unknown> | '' | null | undefined,
) => Promise<{ readonly document: DocumentNode } | undefined>

/** mercurius' hook that runs before each subscription. It is told no variables. */
export type PreSubscription = (
  schema: GraphQLSchema,
  document: DocumentNode,
  context: MercuriusContext,
  id: string | number,
) => Promise<void>

/** The decorator `app.graphql` of mercurius, as far as it is used here. */
export interface MercuriusEngine {
  readonly schema: GraphQLSchema
  addHook(name: 'preExecution', hook: PreExecution): void
  addHook(name: 'preSubscriptionExecution', hook: PreSubscription): void
}

/** The mercurius that a scope sees, if there is one. */
export function mercuriusOf(scope: FastifyInstance): MercuriusEngine | undefined {
  const { graphql } = scope as { graphql?: Partial<MercuriusEngine> }
  const found = typeof graphql?.addHook === 'function' && graphql.schema !== undefined
  return found ? (graphql as MercuriusEngine) : undefined
}

type JsonSchema = { readonly properties?: Record<string, unknown>; readonly anyOf?: readonly JsonSchema[] }

function hasPersistedFlag(schema: JsonSchema | undefined): boolean {
  return schema?.properties?.['persisted'] !== undefined || schema?.anyOf?.some(hasPersistedFlag) === true
}

/** The scope in which mercurius itself was registered. */
function ownerOf(scope: FastifyInstance): FastifyInstance {
  let owner = scope
  while (!Object.hasOwn(owner, 'graphql')) owner = Object.getPrototypeOf(owner) as FastifyInstance
  return owner
}

/** mercurius declares its routes in a scope of its own, which is the only one to take this content type. */
function isScopeOfMercurius(scope: FastifyInstance): boolean {
  const type = 'application/graphql'
  return scope.hasContentTypeParser(type) && !ownerOf(scope).hasContentTypeParser(type)
}

/**
 * Whether a route is one of those that mercurius declares: told by the request schema they have or, where the app
 * replaced that, by the scope they are in and the POST route that each of them has or is.
 */
export function isMercuriusRoute(route: RouteRecord): boolean {
  if (mercuriusOf(route.scope) === undefined) return false
  const { body, querystring } = (route.schema ?? {}) as { body?: JsonSchema; querystring?: JsonSchema }
  if (hasPersistedFlag(body) || hasPersistedFlag(querystring)) return true
  if (!isScopeOfMercurius(route.scope)) return false
  return routesOf(route.scope).some(
    ({ scope, url, method }) => scope === route.scope && url === route.url && method === 'POST',
  )
}
