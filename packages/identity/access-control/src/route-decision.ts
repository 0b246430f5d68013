import { isWithin, optionOfRoute, routesOf } from '@portcullis/kernel'
import type { Mode, RouteRecord } from '@portcullis/kernel'
import type { FastifyInstance } from 'fastify'
import { MissingDecisionError } from './errors.ts'
import type { ResolvedAccessControlOptions } from './options.ts'
import { registrations } from './registration.ts'
import type { Registration } from './registration.ts'

/** Whether anybody said who may use a route. */
export function isDecided(options: Readonly<ResolvedAccessControlOptions>): boolean {
  const { permission, role, authenticated, public: reason } = options
  return [permission, role, authenticated, reason].some((one) => one !== undefined)
}

/**
 * Whether a route takes nothing but OPTIONS and has no decision of its own: browsers send preflights without
 * credentials (Fetch, section 4.8), so a decision that was made for other routes would end CORS.
 */
export function isPreflightRoute({ method, config }: RouteRecord): boolean {
  return method === 'OPTIONS' && config['access'] === undefined
}

/** What was decided over one route. */
export interface RouteCoverage {
  readonly method: string
  /** The pattern, prefix included. */
  readonly url: string
  /**
   * `none`: nobody said anything, so everybody may. `off`: `config.access` is false, so everybody may. `preflight`: a
   * route for OPTIONS alone.
   */
  readonly decision: 'permission' | 'role' | 'authenticated' | 'public' | 'preflight' | 'none' | 'off'
  /** The permission, or the roles of which one is needed. */
  readonly needs: readonly string[]
  /** Why everybody may. */
  readonly reason: string | undefined
  readonly mode: Mode
}

function coverageOf(route: RouteRecord): RouteCoverage {
  const { method, url } = route
  const bare = { method, url, needs: [], reason: undefined, mode: 'enforce' } as const
  const options = optionOfRoute<ResolvedAccessControlOptions>(route, 'access')
  if (options === false) return { ...bare, decision: 'off' }
  const { permission, role, authenticated, public: reason, mode } = options
  if (isPreflightRoute(route)) return { ...bare, decision: 'preflight' }
  if (reason !== undefined) return { ...bare, decision: 'public', reason, mode }
  if (permission !== undefined) return { ...bare, decision: 'permission', needs: [permission], mode }
  if (role !== undefined) return { ...bare, decision: 'role', needs: role, mode }
  if (authenticated === true) return { ...bare, decision: 'authenticated', mode }
  return { ...bare, decision: 'none' }
}

/** What was decided over the routes of a scope and the scopes within it, where access-control is registered. */
export function coverageWithin(scope: FastifyInstance): readonly RouteCoverage[] {
  return routesOf(scope)
    .filter((route) => isWithin(route.scope, scope))
    .map(coverageOf)
}

/**
 * Refuses to boot with undecided routes, where a registration demands decisions.
 *
 * @throws PORTCULLIS_ACCESS_CONTROL_MISSING_DECISION that names them all
 */
export function requireDecisions(registration: Registration): void {
  if (!registration.options.requireDecision) return
  const undecided = routesOf(registration.scope)
    .filter((route) => registrations.get(route.scope) === registration)
    .map(coverageOf)
    .filter(({ decision }) => decision === 'none' || decision === 'off')
  if (undecided.length === 0) return
  throw new MissingDecisionError(undecided.map(({ method, url }) => `${method} ${url}`).join(', '))
}
