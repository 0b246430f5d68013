import { decide, defineGate, onArrival, onceRoutesKnown, routeOption } from '@portcullis/kernel'
import type { ArrivalListener } from '@portcullis/kernel'
import type { FastifyInstance, FastifyPluginAsync, FastifyRequest } from 'fastify'
import { checkSettings } from './boot-checks.ts'
import { judge } from './core/policy.ts'
import type { CorsPolicy } from './core/policy.ts'
import { rewriteHeaders, writeHeaders } from './cors-headers.ts'
import { requireDoors, useGraphql } from './graphql.ts'
import { guardBy } from './guard.ts'
import { strictCorsOptions } from './options.ts'
import type { ResolvedStrictCorsOptions, StrictCorsOptions } from './options.ts'
import { policyOf } from './policies.ts'
import { isAnsweredPreflight, preflightsOf } from './preflights.ts'
import { keepFromCaches, setSecurityHeaders } from './security-headers.ts'

/** Whom the policy of a request's route grants the answer: `*` for every page, false for nobody. */
function grantee({ method, headers }: FastifyRequest, policy: CorsPolicy): string | false {
  const { origin } = headers
  if (origin === undefined || judge(policy, origin, method) !== undefined) return false
  return policy.any ? '*' : origin
}

function arrivalsOf(app: FastifyInstance): ArrivalListener {
  const preflights = preflightsOf(app)
  return (request, reply) => {
    if (preflights.answer(request, reply)) return true
    const options = routeOption<ResolvedStrictCorsOptions>(request, 'strictCors')
    if (options === false) return false
    if (options.securityHeaders) setSecurityHeaders(reply, options)
    const policy = policyOf(options)
    if (policy.on) writeHeaders(reply, options, grantee(request, policy))
    return false
  }
}

const listening = new WeakSet<object>()

async function register(app: FastifyInstance, { csrf }: ResolvedStrictCorsOptions): Promise<void> {
  // Preflights reach no route of a scope, so one listener answers for all scopes of an app.
  if (!listening.has(app.server)) {
    listening.add(app.server)
    onArrival(app, arrivalsOf(app))
  }
  const isDoor = csrf ? await useGraphql(app) : undefined
  decide(app, { stage: 'onRequest', phase: 'origin', name: 'strictCors', run: guardBy(isDoor) })
  // Again at the end: a handler, or a plugin such as one that compresses, may have set these headers anew.
  app.addHook('onSend', function strictCorsAnswer(request, reply, _payload, done) {
    const options = routeOption<ResolvedStrictCorsOptions>(request, 'strictCors')
    if (options !== false && !isAnsweredPreflight(request)) {
      if (options.securityHeaders) keepFromCaches(request, reply)
      const policy = policyOf(options)
      if (policy.on) rewriteHeaders(reply, options, grantee(request, policy))
    }
    done()
  })
  onceRoutesKnown(app, () => {
    checkSettings(app)
    requireDoors(app, isDoor)
  })
}

/**
 * Cross-origin access by policies that are checked at boot and hold for the route that is meant, on preflights too;
 * foreign pages refused before the handler; a guard against cross-site request forgery; security headers of an API.
 *
 * @throws PORTCULLIS_KERNEL_INVALID_OPTIONS, PORTCULLIS_KERNEL_DUPLICATE_REGISTRATION,
 * PORTCULLIS_KERNEL_UNSAFE_IN_PRODUCTION, PORTCULLIS_STRICT_CORS_MISSING_GATE
 */
export const strictCors: FastifyPluginAsync<StrictCorsOptions> = defineGate<
  StrictCorsOptions,
  ResolvedStrictCorsOptions
>({
  name: 'strictCors',
  package: '@portcullis/strict-cors',
  options: strictCorsOptions,
  register,
})
