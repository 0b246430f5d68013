import type { FastifyInstance } from 'fastify'
import { InvalidRouteOptionsError } from '../errors.ts'
import { registrationOf } from '../registrations.ts'
import type { GateRegistration } from '../registrations.ts'
import { editDistance } from '../options/suggest.ts'
import { stateOf } from '../state.ts'
import type { RouteRecord } from './route-record.ts'

/** Runs `check` once, when all routes and their options are known, before the app is ready. It may throw to stop the boot. */
export function onceRoutesKnown(app: FastifyInstance, check: () => void | Promise<void>): void {
  stateOf(app).routesKnown.push(check)
}

/**
 * Adds to the `config` of routes that somebody else declares, such as a GraphQL server's plugin. Asked once for each
 * route at boot, before route options are checked.
 */
export function provideRouteConfig(
  app: FastifyInstance,
  source: (route: RouteRecord) => Record<string, unknown> | undefined,
): void {
  stateOf(app).routeConfigSources.push(source)
}

/** Every route that was recorded, with its scope and config. Complete when the kernel was loaded before `Fastify()`. */
export function routesOf(app: FastifyInstance): readonly RouteRecord[] {
  return stateOf(app).routes
}

/** Names of five letters or fewer are near to many words, so they need to be nearer. */
function looksLike(key: string, gate: string): boolean {
  const limit = gate.length <= 5 ? 1 : 2
  return editDistance(key.toLowerCase(), gate.toLowerCase(), limit) <= limit
}

function complaintsOf(route: RouteRecord): string[] {
  const { gates, defaults } = stateOf(route.scope)
  const names = new Set([...gates.all(), ...defaults.all()].map((entry) => entry.name))
  return Object.entries(route.config).flatMap(([key, value]) => {
    if (value === undefined) return []
    if (names.has(key)) return gateComplaints(registrationOf(route.scope, key), key, value)
    const meant = [...names].find((name) => looksLike(key, name))
    return meant === undefined ? [] : [`config.${key} is no option of a gate. Did you mean '${meant}'?`]
  })
}

function gateComplaints(registration: GateRegistration | undefined, key: string, value: unknown): string[] {
  if (value === false) return []
  if (registration !== undefined) return parseComplaints(registration, value)
  return [
    `config.${key} is set, but ${key} is not registered in this route's scope, so it would do nothing. Register it in this scope or an outer one.`,
  ]
}

function parseComplaints(registration: GateRegistration, value: unknown): string[] {
  try {
    registration.set.parseRoute(registration.options, value)
    return []
  } catch (error) {
    return [(error as Error).message]
  }
}

/**
 * Checks the options of every recorded route, then runs what waits for the routes. The first call of an app does it.
 *
 * @throws PORTCULLIS_KERNEL_INVALID_ROUTE_OPTIONS listing every wrong route
 */
export async function checkRoutes(app: FastifyInstance): Promise<void> {
  const state = stateOf(app)
  if (state.routesChecked) return
  state.routesChecked = true
  const complaints: string[] = []
  for (const route of state.routes) {
    for (const source of state.routeConfigSources) Object.assign(route.config, source(route))
    complaints.push(...complaintsOf(route).map((text) => `${route.method} ${route.url}: ${text}`))
  }
  if (complaints.length > 0) throw new InvalidRouteOptionsError(complaints.join('\n'))
  if (!state.sawEveryRoute) {
    app.log.warn(
      { code: 'PORTCULLIS_KERNEL_LOADED_LATE' },
      'Portcullis was loaded after Fastify() was called: routes that were declared before cannot be checked at boot and are checked on their first request. Import the gates before you call Fastify().',
    )
  }
  for (const check of state.routesKnown) await check()
}

/** Whether every route of the app is in {@link routesOf}: the kernel was loaded before `Fastify()` was called. */
export function sawEveryRoute(app: FastifyInstance): boolean {
  return stateOf(app).sawEveryRoute
}

const checkedLate = new WeakSet<RouteRecord>()

/**
 * Checks a route that was not seen at boot, on its first request.
 *
 * @throws PORTCULLIS_KERNEL_INVALID_ROUTE_OPTIONS on that and every further request: the route fails closed
 */
export function checkUnseenRoute(route: RouteRecord): void {
  if (checkedLate.has(route)) return
  const complaints = complaintsOf(route)
  if (complaints.length > 0) throw new InvalidRouteOptionsError(complaints.join('\n'))
  checkedLate.add(route)
}
