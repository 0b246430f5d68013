import { routeRecordOf } from '@portcullis/kernel'
import type { RouteRecord } from '@portcullis/kernel'
import type { FastifyRequest } from 'fastify'
import type { LiveOptions } from '../live-options.ts'
import { compilePolicies } from './compile-policies.ts'
import type { CompiledPolicies, CompiledPolicy, DecisionPoint } from './compile-policies.ts'

/** The policies of requests, compiled once for each route. */
export interface RoutePolicies {
  /** Those that are decided at a point of a request. */
  at(request: FastifyRequest, point: DecisionPoint): readonly CompiledPolicy[]
  /** Compiles them anew from now on: the options have changed. */
  forget(): void
}

const NONE: readonly CompiledPolicy[] = []

/** Finds the policies of requests by options that may change. */
export function routePolicies(live: LiveOptions): RoutePolicies {
  let known = new WeakMap<RouteRecord, CompiledPolicies['at'] | false>()
  return {
    at(request, point) {
      const route = routeRecordOf(request)
      let policies = known.get(route)
      if (policies === undefined) {
        const options = live.of(request)
        policies = options !== false && compilePolicies(options).at
        known.set(route, policies)
      }
      return policies === false ? NONE : policies[point]
    },
    forget() {
      known = new WeakMap()
    },
  }
}
