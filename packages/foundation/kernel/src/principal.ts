import type { FastifyInstance, FastifyRequest } from 'fastify'
import { isCodedError } from './coded-error.ts'
import { IdentifyFailedError, InvalidPrincipalError, PrincipalNotResolvedError } from './errors.ts'
import { requestStateOf } from './requests/request-state.ts'
import { stateOf } from './state.ts'

/** What every principal carries. */
interface PrincipalFacts {
  /** The tenant (organisation, account) on whose behalf the caller acts. */
  readonly tenantId?: string | undefined
  readonly roles: readonly string[]
  readonly permissions: readonly string[]
  readonly sessionId?: string | undefined
  /** Who the caller acts for, when somebody acts in another's name. */
  readonly actingFor?: string | undefined
  /** When the caller last proved who they are, in milliseconds since the epoch (`auth_time` of OpenID Connect). */
  readonly authTime?: number | undefined
  /** How they proved it: an authentication context class (`acr` of OpenID Connect). */
  readonly acr?: string | undefined
}

/** Somebody whose identity was verified. */
export interface KnownPrincipal extends PrincipalFacts {
  readonly kind: 'user' | 'service' | 'agent'
  /** Stable and unique within its kind and tenant. */
  readonly id: string
}

/** Nobody: no identity was shown. */
export interface AnonymousPrincipal extends PrincipalFacts {
  readonly kind: 'anonymous'
  readonly id: null
}

/** Who asks. */
export type Principal = KnownPrincipal | AnonymousPrincipal

/** What an `identify` function may answer: a principal with only `id`, or more of it; `null` is anonymous. */
export type IdentifiedAs =
  | (Partial<PrincipalFacts> & { readonly id: string; readonly kind?: KnownPrincipal['kind'] | undefined })
  | null
  | undefined

/**
 * Tells who sends a request, from whatever authentication the app has (a verified token, a session, a trusted
 * gateway's header). Called at most once for a request, when somebody first asks. It must only use what is verified.
 */
export type Identify = (request: FastifyRequest) => IdentifiedAs | Promise<IdentifiedAs>

/** The principal of a request without an identity. */
export const anonymous: AnonymousPrincipal = Object.freeze({
  kind: 'anonymous',
  id: null,
  roles: Object.freeze([]),
  permissions: Object.freeze([]),
})

const KINDS: ReadonlySet<unknown> = new Set(['user', 'service', 'agent'])
const LONGEST_ID = 1024

function isStrings(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function optionalString(value: unknown): boolean {
  return value === undefined || (typeof value === 'string' && value.length > 0 && value.length <= LONGEST_ID)
}

function toPrincipal(answer: IdentifiedAs): Principal {
  if (answer === null || answer === undefined) return anonymous
  const { id, kind = 'user', roles = [], permissions = [] } = answer
  const { tenantId, sessionId, actingFor, authTime, acr } = answer
  if (typeof id !== 'string' || id.length === 0 || id.length > LONGEST_ID) {
    throw new InvalidPrincipalError(`id must be a string of 1 to ${LONGEST_ID} characters`)
  }
  if (!KINDS.has(kind)) throw new InvalidPrincipalError("kind must be 'user', 'service' or 'agent'")
  if (!isStrings(roles)) throw new InvalidPrincipalError('roles must be an array of strings')
  if (!isStrings(permissions)) throw new InvalidPrincipalError('permissions must be an array of strings')
  if (![tenantId, sessionId, actingFor, acr].every(optionalString)) {
    throw new InvalidPrincipalError(
      `tenantId, sessionId, actingFor and acr must be strings of 1 to ${LONGEST_ID} characters`,
    )
  }
  if (authTime !== undefined && !Number.isFinite(authTime)) {
    throw new InvalidPrincipalError('authTime must be milliseconds since the epoch')
  }
  return Object.freeze({ kind, id, roles, permissions, tenantId, sessionId, actingFor, authTime, acr })
}

/**
 * Finds out who sends a request: the nearest scope's `identify`; without one, anonymous. Somebody who was found is
 * remembered. Nobody is remembered for the stage of the request only, since apps may authenticate in a route's hook.
 *
 * @throws PORTCULLIS_KERNEL_INVALID_PRINCIPAL when `identify` answers something else; errors of `identify` with a status
 * from 400 to 499 as they are, PORTCULLIS_KERNEL_IDENTIFY_FAILED for all others
 */
export function resolvePrincipal(request: FastifyRequest): Promise<Principal> {
  const state = requestStateOf(request)
  const { stage } = state
  const stale = state.principal?.kind === 'anonymous' && state.resolvedAt !== stage
  if (state.resolving === undefined || stale) {
    state.resolvedAt = stage
    state.resolving = identify(request)
  }
  return state.resolving
}

/** An error that was meant for the client, such as a 401 of the app's authentication, or one of a gate that authenticates. */
function isClientError(error: unknown): boolean {
  if (isCodedError(error)) return true
  const { statusCode } = (error ?? {}) as { statusCode?: unknown }
  return typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500
}

async function ask(find: Identify, request: FastifyRequest): Promise<IdentifiedAs> {
  try {
    return await find(request)
  } catch (error) {
    if (isClientError(error)) throw error
    request.log.error({ err: error }, 'identify failed')
    throw new IdentifyFailedError()
  }
}

/**
 * Makes a function tell who sends the requests of a scope: for a gate that authenticates. It stands in for the kernel's
 * option of that name.
 *
 * @throws PORTCULLIS_KERNEL_DUPLICATE_REGISTRATION when the scope has one already
 */
export function identifyBy(app: FastifyInstance, find: Identify): void {
  stateOf(app).identifiers.add(app, 'identify', find)
}

async function identify(request: FastifyRequest): Promise<Principal> {
  const find = stateOf(request.server).identifiers.find(request.server, 'identify')
  const principal = find === undefined ? anonymous : toPrincipal(await ask(find, request))
  requestStateOf(request).principal = principal
  return principal
}

/**
 * The principal that was resolved before.
 *
 * @throws PORTCULLIS_KERNEL_PRINCIPAL_NOT_RESOLVED before `await request.resolvePrincipal()`
 */
export function principalOf(request: FastifyRequest): Principal {
  const { principal } = requestStateOf(request)
  if (principal === undefined) throw new PrincipalNotResolvedError()
  return principal
}
