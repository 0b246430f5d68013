import type { FastifyRequest } from 'fastify'
import type { GateRegistration } from '../gates.ts'
import { stateOf } from '../state.ts'
import { routeRecordOf } from './route-record.ts'
import type { RouteRecord } from './route-record.ts'

function parse(registration: GateRegistration, route: RouteRecord): unknown {
  const value = route.config[registration.name]
  if (value === false) return false
  return value === undefined ? registration.options : registration.set.parseRoute(registration.options, value)
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
  const registration = stateOf(request.server).gates.find(request.server, name)
  if (registration === undefined) return false
  const route = routeRecordOf(request)
  if (!route.parsed.has(registration)) route.parsed.set(registration, parse(registration, route))
  return route.parsed.get(registration) as Readonly<Options> | false
}
