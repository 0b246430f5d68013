import {
  createRequestValue,
  cutConnection,
  isUpgrade,
  onSettled,
  routeOption,
  routeRecordOf,
} from '@portcullis/kernel'
import type { DecisionResult, IdentifiedAs } from '@portcullis/kernel'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { checkBinding } from './binding.ts'
import type { AccessClaims } from './core/claims.ts'
import { principalOf } from './core/principal.ts'
import { CrossSiteRequest, Unauthenticated } from './errors.ts'
import { ACCESS_COOKIE } from './http/cookies.ts'
import { isCrossSite } from './http/cross-site.ts'
import { readCredentials } from './http/read-credentials.ts'
import type { ResolvedAuthTokensOptions } from './options.ts'
import { isClientError, refusal } from './refusal.ts'
import { NAME, registrationIn } from './registration.ts'

/** What GraphQL over WebSocket closes with for "Unauthorized". */
const CLOSE_CODE = 4401

const accepted = createRequestValue<AccessClaims>('portcullis.access-claims/1')

/** Who sends a request, by its access token. */
export async function identify(request: FastifyRequest): Promise<IdentifiedAs> {
  const options = routeOption<ResolvedAuthTokensOptions>(request, NAME)
  if (options === false) return null
  const { cookie, onStoreError, dpop } = options
  const credentials = readCredentials(request, cookie && ACCESS_COOKIE, dpop !== 'off')
  if (credentials === undefined) return null
  if (credentials.via === 'cookie' && isCrossSite(request, cookie?.trustedOrigins ?? []))
    throw new CrossSiteRequest()
  const registration = registrationIn(request.server)
  const claims = await registration.service.verify(credentials.token, onStoreError)
  await checkBinding(registration, request, credentials, claims)
  accepted.set(request, claims)
  return principalOf(claims)
}

/**
 * A browser asks before it sends the real request, and never with credentials. A route that takes other methods too does
 * with OPTIONS what it does with them, so there anybody could call it a preflight.
 */
function isPreflight(request: FastifyRequest): boolean {
  const { method, headers } = request
  const asks = method === 'OPTIONS' && headers['access-control-request-method'] !== undefined
  return asks && routeRecordOf(request).method === 'OPTIONS'
}

/** Ends what goes on for long when its token does: an answer when it is revoked, a WebSocket when it expires too. */
function follow(request: FastifyRequest, reply: FastifyReply, claims: AccessClaims): void {
  const { connections } = registrationIn(request.server)
  const end = (): void => cutConnection(request, reply, CLOSE_CODE)
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
    return refusal(new Unauthenticated(), request)
  } catch (error) {
    if (!isClientError(error)) throw error
    return refusal(error, request)
  }
}
