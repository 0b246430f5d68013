import { isName, LONGEST_NAME, LONGEST_NAME_BYTES, REGISTERED } from './claims.ts'
import type { AccessClaims, Grant } from './claims.ts'

/** A grant as a session keeps it. */
export interface SessionGrant extends Grant {
  /** Thumbprint of the key that the session is bound to (RFC 9449). */
  readonly jkt?: string | undefined
}

/** What is wrong with a grant, in words that hold no value of it. */
export class GrantProblem extends Error {}

/** Bytes of the longest claims: with issuer, times and signature they make a token that is not too long to be taken. */
const LONGEST_CLAIMS = 5_000
/** Milliseconds that a date of ECMAScript can hold. */
const LAST_MOMENT = 8_640_000_000_000_000
/** A word of `scope` (RFC 6749, section 3.3). */
const SCOPE_TOKEN = /^[\x21\x23-\x5b\x5d-\x7e]+$/

/** A character that PostgreSQL cannot store, or half of one: which half is lost on the way differs by store. */
function isStorable(value: string): boolean {
  return !value.includes('\0') && !/\p{Surrogate}/u.test(value)
}

function isMoment(value: unknown): boolean {
  return typeof value === 'number' && Math.abs(value) <= LAST_MOMENT
}

/**
 * Checks a name of a subject, session or tenant.
 *
 * @throws GrantProblem naming the member
 */
export function checkName(member: string, value: unknown): void {
  if (!isName(value) || !isStorable(value))
    throw new GrantProblem(
      `${member} takes a string of 1 to ${LONGEST_NAME} characters and ${LONGEST_NAME_BYTES} bytes, none of them NUL or half a surrogate pair`,
    )
}

/**
 * Checks a grant before it is signed.
 *
 * @throws GrantProblem naming the member
 */
export function checkGrant(grant: Grant): void {
  const { subject, kind = 'user', roles = [], permissions = [], authTime, claims = {} } = grant
  checkName('subject', subject)
  for (const name of ['tenantId', 'actingFor', 'acr'] as const)
    if (grant[name] !== undefined) checkName(name, grant[name])
  if (!['user', 'service', 'agent'].includes(kind))
    throw new GrantProblem("kind takes 'user', 'service' or 'agent'")
  if (!Array.isArray(roles) || !roles.every((role) => typeof role === 'string'))
    throw new GrantProblem('roles takes an array of strings')
  if (
    !Array.isArray(permissions) ||
    !permissions.every((one) => typeof one === 'string' && SCOPE_TOKEN.test(one))
  )
    throw new GrantProblem('permissions takes an array of words without spaces, quotes and backslashes')
  if (authTime !== undefined && !isMoment(authTime))
    throw new GrantProblem('authTime takes milliseconds since the epoch')
  const taken = Object.keys(claims).find((name) => REGISTERED.has(name))
  if (taken !== undefined) throw new GrantProblem(`claims takes none that the plugin sets, such as ${taken}`)
  if (sizeOf(grant) > LONGEST_CLAIMS)
    throw new GrantProblem(
      `a grant takes at most ${LONGEST_CLAIMS} bytes of JSON, since every request carries it`,
    )
}

/** Bytes of a grant in a token. */
function sizeOf(grant: Grant): number {
  try {
    return Buffer.byteLength(JSON.stringify(claimsOf(grant, 0)))
  } catch {
    throw new GrantProblem('claims takes what JSON can hold')
  }
}

/**
 * The claims of a grant, beside those that every token has.
 *
 * @param createdAt when the session began, milliseconds since the epoch: that is when they authenticated, unless told
 */
export function claimsOf(
  grant: SessionGrant,
  createdAt: number,
): Partial<AccessClaims> & Pick<AccessClaims, 'sub'> {
  const { subject, kind, tenantId, roles, permissions, actingFor, authTime, acr, claims, jkt } = grant
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
    ...(jkt === undefined ? {} : { cnf: { jkt } }),
  }
}

const TARGETS = ['token', 'session', 'subject', 'everything'] as const

/**
 * Checks what is to be revoked. It says one thing and says it right: a misspelt member must not mean everything.
 *
 * @throws GrantProblem
 */
export function checkTarget(target: object): void {
  const given = Object.entries(target) as [string, unknown][]
  const [member, value] = given[0] ?? []
  const kind = TARGETS.find((known) => known === member)
  if (given.length !== 1 || kind === undefined)
    throw new GrantProblem(`revoke takes exactly one of ${TARGETS.join(', ')}`)
  if (kind === 'everything') {
    if (value !== true) throw new GrantProblem('everything takes true')
  } else if (kind === 'token') {
    if (typeof value !== 'string') throw new GrantProblem('token takes a string')
  } else checkName(kind, value)
}
