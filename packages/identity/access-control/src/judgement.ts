import { nowOf } from '@portcullis/kernel'
import type { Principal } from '@portcullis/kernel'
import type { FastifyRequest } from 'fastify'
import type { Verdict } from './core/judge.ts'
import { settle } from './core/settle.ts'
import type { ResolvedFieldRule } from './options.ts'
import type { Registration } from './registration.ts'
import type { GuardedFieldCall } from './scopes.ts'

/** What a caller needs, of a route or a field. */
export type Needed = Pick<ResolvedFieldRule, 'permission' | 'role' | 'maxAge' | 'acr' | 'personal'>

/** Why somebody may not. */
export type Reason = 'unauthenticated' | 'unpermitted' | 'outside' | 'stale'

/** What is known of a caller before a resource is looked at. */
export type Judgement =
  | { readonly outcome: 'allow'; readonly admin: boolean }
  | { readonly outcome: 'deny'; readonly reason: Reason }
  | { readonly outcome: 'depends'; readonly verdict: Verdict }

const ALLOWED: Judgement = { outcome: 'allow', admin: false }
const deny = (reason: Reason): Judgement => ({ outcome: 'deny', reason })

/** Clocks of two machines differ by less; a login beyond it in the future is none, such as one in microseconds. */
const SKEW_MS = 60_000

/** Whether the caller's login is recent and strong enough (RFC 9470). What is not known is not enough. */
function isFresh({ authTime, acr }: Principal, needed: Needed, now: number): boolean {
  if (needed.acr !== undefined && (acr === undefined || !needed.acr.includes(acr))) return false
  if (needed.maxAge === undefined) return true
  if (authTime === undefined) return false
  const age = now - authTime
  return age <= needed.maxAge && age >= -SKEW_MS
}

function standing({ matrix }: Registration, principal: Principal, { permission, role }: Needed): Judgement {
  if (role !== undefined) {
    return role.some((one) => matrix.holds(principal.roles, one)) ? ALLOWED : deny('unpermitted')
  }
  if (permission === undefined) return ALLOWED
  const verdict = matrix.judge(principal, permission)
  if (verdict.outcome === 'deny') return deny('unpermitted')
  return verdict.outcome === 'depends'
    ? { outcome: 'depends', verdict }
    : { outcome: 'allow', admin: verdict.admin }
}

/** Judges a caller by who they are, what they may and how they logged in. */
export function judgePrincipal(registration: Registration, principal: Principal, needed: Needed): Judgement {
  if (principal.kind === 'anonymous') return deny('unauthenticated')
  const judgement = standing(registration, principal, needed)
  if (judgement.outcome === 'deny') return judgement
  return isFresh(principal, needed, nowOf(registration.scope)) ? judgement : deny('stale')
}

/** Settles what depends on a resource, by the resolvers of the scopes. */
export function settleBy(
  { resolvers }: Registration,
  verdict: Verdict,
  request: FastifyRequest,
  resource: unknown,
  field?: GuardedFieldCall,
): boolean | Promise<boolean> {
  return settle(verdict, (scope) => resolvers[scope]?.(request, resource, field))
}
