import type { FastifyRequest } from 'fastify'
import type { InScope } from './core/settle.ts'

/** What a scope resolver is told of a GraphQL field beside the object it belongs to. */
export interface GuardedFieldCall {
  readonly args: Readonly<Record<string, unknown>>
  /** `GraphQLResolveInfo`, as far as an app without graphql can know it. */
  readonly info: { readonly fieldName: string; readonly parentType: { readonly name: string } }
}

/**
 * Tells whether a resource is in a scope for whoever asks. `undefined` says that it cannot be told: that allows nothing,
 * and lifts no denial. What it throws ends the request or the field.
 *
 * @param request `request.principal` is known
 * @param resource what was handed to `can` or `demand`, what the route's `resource` gave, or the object a GraphQL field
 * belongs to; `undefined` where there is none, such as on the root of a query
 * @param field set for a GraphQL field
 */
export type ScopeResolver = (
  request: FastifyRequest,
  resource: unknown,
  field?: GuardedFieldCall,
) => InScope | Promise<InScope>

function memberOf(resource: unknown, member: string): unknown {
  if (typeof resource !== 'object' || resource === null) return undefined
  return (resource as Record<string, unknown>)[member]
}

/** Ids come as numbers from some databases. */
function isId(value: unknown): value is string | number | bigint {
  return typeof value === 'number' || typeof value === 'bigint' || (typeof value === 'string' && value !== '')
}

function isSame(value: unknown, id: string | null | undefined): InScope {
  if (!isId(value)) return undefined
  return typeof id === 'string' && String(value) === id
}

/**
 * Makes a resolver for `self`: a resource is of its owner. Without that member it cannot be told.
 *
 * @param member what of a resource holds the id of its owner, such as `userId`
 */
export function ownedBy(member: string): ScopeResolver {
  return ({ principal }, resource) => isSame(memberOf(resource, member), principal.id)
}

/**
 * Makes a resolver for `tenant`: a resource is of the tenant on whose behalf the caller acts.
 *
 * @param member what of a resource holds the id of its tenant. Default: `tenantId`
 */
export function sameTenant(member = 'tenantId'): ScopeResolver {
  return ({ principal }, resource) => isSame(memberOf(resource, member), principal.tenantId)
}
