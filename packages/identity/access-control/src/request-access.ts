import { recordRefusal, routeOption } from '@portcullis/kernel'
import type { FastifyRequest } from 'fastify'
import type { Permission } from './core/permission.ts'
import { refusalFor } from './denial.ts'
import { isPersonal, tellAccess, tellAdmin } from './events.ts'
import { judgePrincipal, settleBy } from './judgement.ts'
import type { Needed, Reason } from './judgement.ts'
import type { ResolvedAccessControlOptions } from './options.ts'
import { asking, registrationFor } from './registration.ts'

/** What of its resources a caller may reach with one permission. */
export interface AccessReach {
  /** Whether any, but those in `unless`. */
  readonly any: boolean
  /** Otherwise the scopes of which a resource has to be in one; none: nothing may be reached. */
  readonly when: readonly string[]
  /** The scopes in which it may not be. */
  readonly unless: readonly string[]
}

/** The decorator `request.access`. */
export interface RequestAccess {
  /**
   * Demands a permission for a resource. A denial is an event; in measure mode it is nothing else.
   *
   * @param resource what scope resolvers are asked about
   * @throws (rejects) UNAUTHENTICATED, FORBIDDEN; PORTCULLIS_ACCESS_CONTROL_INVALID_PERMISSION for what is none
   */
  demand(permission: Permission, resource?: unknown): Promise<void>
  /**
   * Tells how far a permission reaches, for a query that narrows its rows.
   *
   * @throws (rejects) PORTCULLIS_ACCESS_CONTROL_INVALID_PERMISSION for what is none
   */
  reach(permission: Permission): Promise<AccessReach>
}

function neededFor(permission: string): Needed {
  return { permission, role: undefined, maxAge: undefined, acr: undefined, personal: undefined }
}

/** Why the caller may not; `undefined` where they may, and then the use of `admin:all` is told. */
async function denialOf(
  request: FastifyRequest,
  needed: Needed,
  resource: unknown,
): Promise<Reason | undefined> {
  const registration = registrationFor(request.server)
  const principal = await request.resolvePrincipal()
  const judgement = asking(() => judgePrincipal(registration, principal, needed))
  if (judgement.outcome === 'deny') return judgement.reason
  if (judgement.outcome === 'depends') {
    const settled = settleBy(registration, judgement.verdict, request, resource)
    if (!(typeof settled === 'boolean' ? settled : await settled)) return 'outside'
  }
  const { admin } = judgement.outcome === 'allow' ? judgement : judgement.verdict
  if (admin) tellAdmin(request, needed.permission)
  return undefined
}

/**
 * Whether the caller of a request may, as `request.can` tells it. A "no" is an answer and no event.
 *
 * @throws (rejects) PORTCULLIS_ACCESS_CONTROL_INVALID_PERMISSION
 */
export async function can(request: FastifyRequest, permission: string, resource: unknown): Promise<boolean> {
  return (await denialOf(request, neededFor(permission), resource)) === undefined
}

async function demand(request: FastifyRequest, permission: string, resource: unknown): Promise<void> {
  const needed = neededFor(permission)
  const reason = await denialOf(request, needed, resource)
  if (reason === undefined) {
    if (isPersonal(registrationFor(request.server), needed)) tellAccess(request, needed)
    return
  }
  const options = routeOption<ResolvedAccessControlOptions>(request, 'access')
  const refusal = refusalFor(reason, needed, options === false ? 'enforce' : options.mode)
  if (!(await recordRefusal(request, refusal))) return
  throw Object.assign(refusal.error, refusal.headers === undefined ? {} : { headers: refusal.headers })
}

async function reach(request: FastifyRequest, permission: string): Promise<AccessReach> {
  const { matrix } = registrationFor(request.server)
  const principal = await request.resolvePrincipal()
  const { outcome, when, unless, admin } = asking(() => matrix.judge(principal, permission))
  if (outcome === 'deny') return { any: false, when: [], unless: [] }
  if (admin) tellAdmin(request, permission)
  return { any: when.length === 0, when, unless }
}

/** Makes `request.access` for a request. */
export function requestAccessOf(request: FastifyRequest): RequestAccess {
  return {
    demand: (permission, resource) => demand(request, permission, resource),
    reach: (permission) => reach(request, permission),
  }
}
