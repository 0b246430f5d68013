import { isCrossSite, isUnsafe, isUpgrade, routeOption } from '@portcullis/kernel'
import type { DecisionResult } from '@portcullis/kernel'
import type { FastifyRequest } from 'fastify'
import { CrossSiteRequest, OriginNotAllowed, PreflightRequired } from './errors.ts'
import { needsNoPreflight } from './graphql.ts'
import type { IsDoor } from './graphql.ts'
import type { ResolvedStrictCorsOptions } from './options.ts'
import { policyOf } from './policies.ts'
import { refusal } from './refusals.ts'

/**
 * Makes the decision of the `origin` phase: whether a page may send an unsafe request at all. Browsers let pages of
 * every origin send some, whatever the headers of the answer will say; of a WebSocket they check nothing.
 */
export function guardBy(isDoor: IsDoor | undefined): (request: FastifyRequest) => DecisionResult {
  return function guard(request) {
    if (!isUnsafe(request)) return undefined
    const options = routeOption<ResolvedStrictCorsOptions>(request, 'strictCors')
    if (options === false) return undefined
    const policy = policyOf(options)
    const opens = isUpgrade(request)
    const trusted = (origin: string): boolean =>
      policy.allowsOrigin(origin) && (opens || policy.allowsMethod(request.method))
    const rejects = policy.on && (options.enforce === 'reject' || opens)
    if (!rejects && !options.csrf) return undefined
    const { origin } = request.headers
    if (isCrossSite(request, trusted)) {
      if (rejects && origin !== undefined) return refusal(new OriginNotAllowed(), 'origin', options.mode)
      if (options.csrf) return refusal(new CrossSiteRequest(), 'cross-site', options.mode)
    }
    if (options.csrf && !opens && isDoor?.(request) === true && needsNoPreflight(request)) {
      return refusal(new PreflightRequired(), 'content-type', options.mode)
    }
    return undefined
  }
}
