import type { FastifyInstance } from 'fastify'
import { isWithin } from './scoped-registry.ts'
import { stateOf } from './state.ts'

/**
 * Loads what a gate needs for GraphQL alone: an app without it never installs graphql.
 *
 * @param load imports it
 * @returns what was loaded, or `undefined` where a module of it is not installed
 * @throws whatever else loading throws
 */
export async function loadIfInstalled<Modules>(load: () => Promise<Modules>): Promise<Modules | undefined> {
  try {
    return await load()
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ERR_MODULE_NOT_FOUND') return undefined
    throw error
  }
}

/** Whether there is GraphQL in a scope or one within it: mercurius, or a marked route. Asked once routes are known. */
export function speaksGraphql(app: FastifyInstance): boolean {
  if (app.hasDecorator('graphql')) return true
  return stateOf(app)
    .routes.filter(({ scope }) => isWithin(scope, app))
    .some(({ scope, config }) => scope.hasDecorator('graphql') || Boolean(config['graphql']))
}
