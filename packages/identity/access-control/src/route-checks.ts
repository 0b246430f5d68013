import { decide, routeOption, routeRecordOf } from '@portcullis/kernel'
import type { DecisionResult } from '@portcullis/kernel'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { refusalFor } from './denial.ts'
import { isPersonal, tellAccess, tellAdmin } from './events.ts'
import { judgePrincipal, settleBy } from './judgement.ts'
import type { ResolvedAccessControlOptions } from './options.ts'
import { registrationFor } from './registration.ts'
import { isDecided, isPreflightRoute } from './route-decision.ts'

/** The decision of the route of a request, where somebody has to be known for it. */
function decisionFor(request: FastifyRequest): Readonly<ResolvedAccessControlOptions> | undefined {
  // What is not there is nobody's to see.
  if (request.is404) return undefined
  const options = routeOption<ResolvedAccessControlOptions>(request, 'access')
  if (options === false || options.public !== undefined || !isDecided(options)) return undefined
  return isPreflightRoute(routeRecordOf(request)) ? undefined : options
}

/** Requests of which nothing is left to decide or to tell. */
const decided = new WeakSet<FastifyRequest>()

/** Who may not ask at all is told so before anything of the request is read. */
async function decidePermission(
  request: FastifyRequest,
  options: Readonly<ResolvedAccessControlOptions>,
): Promise<DecisionResult> {
  const registration = registrationFor(request.server)
  const principal = await request.resolvePrincipal()
  const judgement = judgePrincipal(registration, principal, options)
  if (judgement.outcome === 'deny') return refusalFor(judgement.reason, options, options.mode)
  if (judgement.outcome === 'allow' && !judgement.admin && !isPersonal(registration, options))
    decided.add(request)
  return undefined
}

/** What depends on the resource, once the request is read and valid. */
async function decideResource(
  request: FastifyRequest,
  options: Readonly<ResolvedAccessControlOptions>,
): Promise<DecisionResult> {
  const registration = registrationFor(request.server)
  const principal = await request.resolvePrincipal()
  const judgement = judgePrincipal(registration, principal, options)
  // It was refused before, or measured.
  if (judgement.outcome === 'deny') return undefined
  let admin = judgement.outcome === 'allow' && judgement.admin
  if (judgement.outcome === 'depends') {
    const { verdict } = judgement
    if (options.narrows !== true) {
      const resource: unknown = await options.resource?.(request)
      if (!(await settleBy(registration, verdict, request, resource)))
        return refusalFor('outside', options, options.mode)
    }
    admin = verdict.admin
  }
  if (admin) tellAdmin(request, options.permission)
  if (isPersonal(registration, options)) tellAccess(request, options)
  return undefined
}

/** Adds the two decisions over routes: who asks, and about what. */
export function decideRoutes(app: FastifyInstance): void {
  decide(app, {
    stage: 'onRequest',
    phase: 'permission',
    name: 'access',
    run(request) {
      const options = decisionFor(request)
      return options === undefined ? undefined : decidePermission(request, options)
    },
  })
  decide(app, {
    stage: 'preHandler',
    phase: 'resource',
    name: 'access',
    run(request) {
      if (decided.has(request)) return undefined
      const options = decisionFor(request)
      return options === undefined ? undefined : decideResource(request, options)
    },
  })
}
