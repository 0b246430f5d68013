import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { GateRegistration } from '../gates.ts'
import { stateOf } from '../state.ts'
import { recordOf } from './route-record.ts'

const unseen = new WeakMap<object, Map<object, unknown>>()

function parsedOf(config: object): Map<object, unknown> {
  const seen = recordOf(config)?.parsed ?? unseen.get(config)
  if (seen !== undefined) return seen
  const parsed = new Map<object, unknown>()
  unseen.set(config, parsed)
  return parsed
}

function parse(registration: GateRegistration, config: object): unknown {
  const value = (recordOf(config)?.config ?? (config as Record<string, unknown>))[registration.name]
  if (value === false) return false
  return value === undefined ? registration.options : registration.set.parseRoute(registration.options, value)
}

/**
 * The options of a gate for a route: the plugin's with the route's own laid over them, parsed once.
 *
 * @returns `false` where the route switches the gate off or the gate is not registered in its scope
 * @throws PORTCULLIS_KERNEL_INVALID_OPTIONS for a route that could not be checked at boot
 */
export function optionsFor<Options extends object>(
  scope: FastifyInstance,
  config: object,
  name: string,
): Readonly<Options> | false {
  const registration = stateOf(scope).gates.find(scope, name)
  if (registration === undefined) return false
  const parsed = parsedOf(config)
  if (!parsed.has(registration)) parsed.set(registration, parse(registration, config))
  return parsed.get(registration) as Readonly<Options> | false
}

/** {@link optionsFor} the route of a request. */
export function routeOption<Options extends object>(
  request: FastifyRequest,
  name: string,
): Readonly<Options> | false {
  return optionsFor(request.server, request.routeOptions.config, name)
}
