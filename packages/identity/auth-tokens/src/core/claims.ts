/** Who a token is for and what it says, as an app gives it. */
export interface Grant {
  /** Who (`sub`): stable, unique over all kinds and tenants, 1 to 1024 characters and at most 2048 bytes. */
  readonly subject: string
  /** Default: `user`. */
  readonly kind?: 'user' | 'service' | 'agent' | undefined
  /** The tenant on whose behalf the subject acts (`tenant_id`). */
  readonly tenantId?: string | undefined
  /** `roles` of RFC 9068. */
  readonly roles?: readonly string[] | undefined
  /** `scope` of RFC 9068: words without spaces. */
  readonly permissions?: readonly string[] | undefined
  /** Who the subject acts for (`act` of RFC 8693 is who acts; this is `acting_for`). */
  readonly actingFor?: string | undefined
  /** When the subject last proved who they are (`auth_time`), milliseconds since the epoch. Default: when it is issued. */
  readonly authTime?: number | undefined
  /** How they proved it (`acr`). */
  readonly acr?: string | undefined
  /** Further claims of your own; none of the registered ones. */
  readonly claims?: Readonly<Record<string, unknown>> | undefined
}

/** What an access token says. Times are seconds since the epoch (NumericDate). */
export interface AccessClaims {
  readonly iss: string
  readonly aud: string | readonly string[]
  readonly sub: string
  readonly exp: number
  readonly iat: number
  /** `iat` in milliseconds, so that a token that is issued just after a revocation is told from one just before. */
  readonly iat_ms?: number
  readonly jti: string
  readonly nbf?: number
  /** The session, where there is one. */
  readonly sid?: string
  readonly sub_kind?: 'user' | 'service' | 'agent'
  readonly tenant_id?: string
  readonly roles?: readonly string[]
  readonly scope?: string
  readonly acting_for?: string
  readonly auth_time?: number
  readonly acr?: string
  /** The key that the bearer has to prove to have (RFC 9449). */
  readonly cnf?: { readonly jkt: string }
  readonly [claim: string]: unknown
}

/** Claims that are the plugin's to set. */
export const REGISTERED: ReadonlySet<string> = new Set(
  'iss aud sub exp iat iat_ms nbf jti sid sub_kind tenant_id roles scope acting_for auth_time acr cnf'.split(
    ' ',
  ),
)

/** Longest subject, session id, tenant, in characters: what the kernel takes for a principal. */
export const LONGEST_NAME = 1_024
/** And in bytes: what an index of PostgreSQL takes. */
export const LONGEST_NAME_BYTES = 2_048
const LAST_SECOND = 8_640_000_000_000

/** What every access token has to hold. */
export interface ClaimDemands {
  readonly issuer: string
  readonly audience: readonly string[]
  /** Seconds that clocks may differ. */
  readonly clockTolerance: number
  /** Longest life of an access token, seconds: revocations are remembered for as long. */
  readonly longestLife: number
}

/** Why a token is not taken, for the log: no value of it. */
export type ClaimProblem =
  | 'payload'
  | 'issuer'
  | 'audience'
  | 'subject'
  | 'jti'
  | 'session'
  | 'times'
  | 'expired'
  | 'not-yet'
  | 'lives-too-long'
  | 'claims'

/** Whether a value is a name of a subject, session or tenant that every store can keep. */
export function isName(value: unknown): value is string {
  if (typeof value !== 'string' || value === '' || value.length > LONGEST_NAME) return false
  return Buffer.byteLength(value) <= LONGEST_NAME_BYTES
}

function isNames(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function optional(value: unknown, holds: (value: unknown) => boolean): boolean {
  return value === undefined || holds(value)
}

/** Seconds that a date of ECMAScript can hold. */
function isTime(value: unknown): value is number {
  return typeof value === 'number' && Math.abs(value) <= LAST_SECOND
}

function isConfirmation(value: unknown): boolean {
  return typeof value === 'object' && value !== null && isName((value as { jkt?: unknown }).jkt)
}

function audienceHolds(aud: unknown, audience: readonly string[]): boolean {
  if (typeof aud === 'string') return audience.includes(aud)
  return Array.isArray(aud) && aud.some((one) => typeof one === 'string' && audience.includes(one))
}

function problemOfTimes(claims: AccessClaims, demands: ClaimDemands, now: number): ClaimProblem | undefined {
  const { exp, iat, iat_ms: precise, nbf } = claims
  const { clockTolerance, longestLife } = demands
  if (!isTime(exp) || !isTime(iat) || !optional(nbf, isTime)) return 'times'
  if (!optional(precise, (one) => typeof one === 'number' && Math.floor(one / 1000) === iat)) return 'times'
  if (now >= exp + clockTolerance) return 'expired'
  if (iat > now + clockTolerance || (nbf !== undefined && nbf > now + clockTolerance)) return 'not-yet'
  return exp - iat > longestLife ? 'lives-too-long' : undefined
}

/**
 * What keeps a verified payload from being an access token, if anything. All that RFC 9068 requires must be there and of
 * its type.
 *
 * @param now seconds since the epoch
 */
export function problemOf(payload: unknown, demands: ClaimDemands, now: number): ClaimProblem | undefined {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return 'payload'
  const claims = payload as AccessClaims
  if (claims.iss !== demands.issuer) return 'issuer'
  if (!audienceHolds(claims.aud, demands.audience)) return 'audience'
  if (!isName(claims.sub)) return 'subject'
  if (!isName(claims.jti)) return 'jti'
  if (!optional(claims.sid, isName)) return 'session'
  const {
    sub_kind: kind,
    tenant_id: tenant,
    roles,
    scope,
    acting_for: actingFor,
    auth_time: time,
    acr,
  } = claims
  const typed =
    optional(kind, (one) => one === 'user' || one === 'service' || one === 'agent') &&
    optional(roles, isNames) &&
    optional(scope, (one) => typeof one === 'string') &&
    [tenant, actingFor, acr].every((one) => optional(one, isName)) &&
    optional(time, isTime) &&
    optional(claims.cnf, isConfirmation)
  return typed ? problemOfTimes(claims, demands, now) : 'claims'
}
