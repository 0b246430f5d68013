import { REGISTERED } from './claims.ts'
import type { AccessClaims, Grant } from './claims.ts'

/** What is wrong with a grant, in words that hold no value of it. */
export class GrantProblem extends Error {}

const LONGEST = 1_024
/** A word of `scope` (RFC 6749, section 3.3). */
const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/

function text(name: string, value: unknown): void {
  if (value === undefined) return
  if (typeof value !== 'string' || value === '' || value.length > LONGEST)
    throw new GrantProblem(`${name} takes a string of 1 to ${LONGEST} characters`)
}

/**
 * Checks a grant before it is signed.
 *
 * @throws GrantProblem naming the member
 */
export function checkGrant(grant: Grant): void {
  const { subject, kind = 'user', roles = [], permissions = [], authTime, claims = {} } = grant
  if (typeof subject !== 'string') throw new GrantProblem('subject takes a string')
  for (const name of ['subject', 'tenantId', 'actingFor', 'acr'] as const) text(name, grant[name])
  if (!['user', 'service', 'agent'].includes(kind))
    throw new GrantProblem("kind takes 'user', 'service' or 'agent'")
  if (!Array.isArray(roles) || !roles.every((role) => typeof role === 'string'))
    throw new GrantProblem('roles takes an array of strings')
  if (
    !Array.isArray(permissions) ||
    !permissions.every((one) => typeof one === 'string' && SCOPE_TOKEN.test(one))
  )
    throw new GrantProblem('permissions takes an array of words without spaces, quotes and backslashes')
  if (authTime !== undefined && !Number.isFinite(authTime))
    throw new GrantProblem('authTime takes milliseconds since the epoch')
  const taken = Object.keys(claims).find((name) => REGISTERED.has(name))
  if (taken !== undefined) throw new GrantProblem(`claims may not set ${taken}: the plugin does`)
}

/**
 * The claims of a grant, beside those that every token has.
 *
 * @param createdAt when the session began, milliseconds since the epoch: that is when they authenticated, unless told
 */
export function claimsOf(grant: Grant, createdAt: number): Partial<AccessClaims> & Pick<AccessClaims, 'sub'> {
  const { subject, kind, tenantId, roles, permissions, actingFor, authTime, acr, claims } = grant
  return {
    ...claims,
    sub: subject,
    ...(kind === undefined || kind === 'user' ? {} : { sub_kind: kind }),
    ...(tenantId === undefined ? {} : { tenant_id: tenantId }),
    ...(roles === undefined || roles.length === 0 ? {} : { roles }),
    ...(permissions === undefined || permissions.length === 0 ? {} : { scope: permissions.join(' ') }),
    ...(actingFor === undefined ? {} : { acting_for: actingFor }),
    auth_time: Math.floor((authTime ?? createdAt) / 1000),
    ...(acr === undefined ? {} : { acr }),
  }
}
