import type { FastifyInstance, FastifyRequest } from 'fastify'
import { registrationOf } from '../registrations.ts'
import type { GateRegistration } from '../registrations.ts'
import { stateOf } from '../state.ts'
import { routeRecordOf } from './route-record.ts'
import type { RouteRecord } from './route-record.ts'

function parse(registration: GateRegistration, route: RouteRecord): unknown {
  const value = route.config[registration.name]
  if (value === false) return false
  return value === undefined ? registration.options : registration.set.parseRoute(registration.options, value)
}

function optionsOf(registration: GateRegistration, route: RouteRecord): unknown {
  if (!route.parsed.has(registration)) route.parsed.set(registration, parse(registration, route))
  return route.parsed.get(registration)
}

/**
 * The options of a gate for the route of a request: the plugin's with the route's own laid over them, parsed once.
 *
 * @returns `false` where the route switches the gate off or the gate is not registered in its scope
 * @throws PORTCULLIS_KERNEL_INVALID_OPTIONS for a route that could not be checked at boot
 */
export function routeOption<Options extends object>(
  request: FastifyRequest,
  name: string,
): Readonly<Options> | false {
  return find(request.server, routeRecordOf(request), name) as Readonly<Options> | false
}

/**
 * The same for a recorded route, for checks and reports at boot.
 *
 * @returns `false` where the route switches the gate off or the gate is not registered in its scope
 * @throws PORTCULLIS_KERNEL_INVALID_OPTIONS for a route that could not be checked at boot
 */
export function optionOfRoute<Options extends object>(
  route: RouteRecord,
  name: string,
): Readonly<Options> | false {
  return find(route.scope, route, name) as Readonly<Options> | false
}

function find(scope: FastifyInstance, route: RouteRecord, name: string): unknown {
  const registration = registrationOf(scope, name)
  return registration === undefined ? false : optionsOf(registration, route)
}

/** Options that a gate decides with, and the scope in which they do. */
export interface OptionsInUse<Options extends object> {
  readonly scope: FastifyInstance
  readonly options: Readonly<Options>
}

/**
 * All options that a registration of a gate decides with: the plugin's, and those of each recorded route that has its
 * own. For checks at boot.
 */
export function optionsInUse<Options extends object>(
  app: FastifyInstance,
  name: string,
): OptionsInUse<Options>[] {
  const { gates, routes } = stateOf(app)
  const registration = gates.find(app, name)
  if (registration === undefined) return []
  const inUse = [{ scope: app, options: registration.options as Readonly<Options> }]
  for (const route of routes) {
    if (route.config[name] === undefined || gates.find(route.scope, name) !== registration) continue
    const options = optionsOf(registration, route) as Readonly<Options> | false
    if (options !== false) inUse.push({ scope: route.scope, options })
  }
  return inUse
}
