import type * as GraphqlGate from '@portcullis/graphql-gate'
import { loadIfInstalled, optionsInUse, speaksGraphql } from '@portcullis/kernel'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { MissingGateError } from './errors.ts'
import type { ResolvedStrictCorsOptions } from './options.ts'

/** Whether a request came through a GraphQL route. */
export type IsDoor = (request: FastifyRequest) => boolean

/**
 * Loads graphql-gate where `csrf` is on: it knows the GraphQL routes, and refuses mutations over GET.
 *
 * @returns what tells GraphQL routes; `undefined` where graphql-gate is not installed
 */
export async function useGraphql(app: FastifyInstance): Promise<IsDoor | undefined> {
  // A REST app never installs graphql.
  const gate = await loadIfInstalled<typeof GraphqlGate>(() => import('@portcullis/graphql-gate'))
  gate?.useGraphqlGate(app, 'strictCors', false)
  return gate?.isDoor
}

/** @throws PORTCULLIS_STRICT_CORS_MISSING_GATE where `csrf` is on and nobody knows the GraphQL routes */
export function requireDoors(app: FastifyInstance, isDoor: IsDoor | undefined): void {
  if (isDoor !== undefined) return
  for (const { scope, options } of optionsInUse<ResolvedStrictCorsOptions>(app, 'strictCors')) {
    if (!options.csrf || !speaksGraphql(scope)) continue
    throw new MissingGateError(
      'Install it (npm install @portcullis/graphql-gate graphql) and set csrf on the plugin, or set csrf to false there',
    )
  }
}

/** Content types that browsers send for any page without asking first (Fetch, "CORS-safelisted request-header"). */
const SIMPLE: ReadonlySet<string> = new Set([
  '',
  'application/x-www-form-urlencoded',
  'multipart/form-data',
  'text/plain',
])

/** Headers that no page can set without a preflight, and GraphQL clients do. */
const ASKED_FIRST = [
  'graphql-require-preflight',
  'apollo-require-preflight',
  'x-apollo-operation-name',
  'authorization',
] as const

/** Whether browsers send this request for any page without asking first. */
export function needsNoPreflight({ headers, method }: FastifyRequest): boolean {
  if (method !== 'POST' || ASKED_FIRST.some((name) => headers[name] !== undefined)) return false
  const [essence = ''] = (headers['content-type'] ?? '').split(';', 1)
  return SIMPLE.has(essence.trim().toLowerCase())
}
