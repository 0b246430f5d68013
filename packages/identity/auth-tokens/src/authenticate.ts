import { createRequestValue, onSettled, routeOption } from '@portcullis/kernel'
import type { ClientError, DecisionResult, IdentifiedAs, Refusal } from '@portcullis/kernel'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { cut, isUpgrade } from './connections.ts'
import type { AccessClaims } from './core/claims.ts'
import { principalOf } from './core/principal.ts'
import { CrossSiteRequest, Unauthenticated } from './errors.ts'
import { challenge } from './http/challenge.ts'
import { isCrossSite } from './http/cross-site.ts'
import { readCredentials } from './http/read-credentials.ts'
import type { ResolvedAuthTokensOptions } from './options.ts'
import { registrationIn } from './registration.ts'

/** The gate's name: its key in a route's `config`. */
export const NAME = 'auth'
/** The cookie of the access token. `__Host-` keeps other hosts of the domain from setting it. */
export const ACCESS_COOKIE = '__Host-access_token'

const accepted = createRequestValue<AccessClaims>('portcullis.access-claims/1')

/** Who sends a request, by its access token. */
export async function identify(request: FastifyRequest): Promise<IdentifiedAs> {
  const options = routeOption<ResolvedAuthTokensOptions>(request, NAME)
  if (options === false) return null
  const { cookie, onStoreError } = options
  const credentials = readCredentials(request, cookie && ACCESS_COOKIE)
  if (credentials === undefined) return null
  if (credentials.via === 'cookie' && isCrossSite(request, cookie?.trustedOrigins ?? []))
    throw new CrossSiteRequest()
  const claims = await registrationIn(request.server).service.verify(credentials.token, onStoreError)
  accepted.set(request, claims)
  return principalOf(claims)
}

/** A browser asks before it sends the real request, and never with credentials. */
function isPreflight({ method, headers }: FastifyRequest): boolean {
  return method === 'OPTIONS' && headers['access-control-request-method'] !== undefined
}

function refusal(error: ClientError, issuer: string): Refusal {
  const details = { reason: error.code }
  return {
    gate: NAME,
    error,
    headers: challenge(error, issuer),
    event: { type: 'auth.failure', severity: 'WARNING', details },
  }
}

function isClientError(error: unknown): error is ClientError {
  const { code, statusCode } = (error ?? {}) as Partial<ClientError>
  return typeof code === 'string' && statusCode !== undefined && statusCode !== 500
}

/** Ends what goes on for long when its token does: an answer when it is revoked, a WebSocket when it expires too. */
function follow(request: FastifyRequest, reply: FastifyReply, claims: AccessClaims): void {
  const { connections } = registrationIn(request.server)
  const end = (): void => cut(request, reply)
  const forget = isUpgrade(request) ? connections.watchToTheEnd(claims, end) : connections.watch(claims, end)
  onSettled(request, forget)
}

/** Finds out who asks, and refuses who must be known and is not. */
export async function authenticate(request: FastifyRequest, reply: FastifyReply): Promise<DecisionResult> {
  const options = routeOption<ResolvedAuthTokensOptions>(request, NAME)
  if (options === false) return undefined
  try {
    const principal = await request.resolvePrincipal()
    const claims = accepted.get(request)
    if (claims !== undefined) follow(request, reply, claims)
    if (principal.kind !== 'anonymous' || !options.required || request.is404 || isPreflight(request))
      return undefined
    return refusal(new Unauthenticated(), options.issuer)
  } catch (error) {
    if (!isClientError(error)) throw error
    return refusal(error, options.issuer)
  }
}
