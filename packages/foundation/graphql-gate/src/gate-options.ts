import { environmentOf, routeOption } from '@portcullis/kernel'
import type { FastifyRequest } from 'fastify'
import { graphqlGateOptions } from './options.ts'
import type { ResolvedGraphqlGateOptions } from './options.ts'

const defaults = graphqlGateOptions.parse({})

/** graphql-gate's options for the route of a request. It cannot be switched off, so without options the defaults hold. */
export function gateOptionsFor(request: FastifyRequest): Readonly<ResolvedGraphqlGateOptions> {
  const options = routeOption<ResolvedGraphqlGateOptions>(request, 'graphqlGate')
  return options === false ? defaults : options
}

/** Whether refusals on the route of a request tell their numbers. */
export function exposesLimits(request: FastifyRequest): boolean {
  return gateOptionsFor(request).exposeLimits ?? environmentOf(request.server) !== 'production'
}
