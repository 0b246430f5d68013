import type { FastifyRequest } from 'fastify'
import type { AccessClaims } from './core/claims.ts'
import { InvalidDpopProof, InvalidGrantError, InvalidToken } from './errors.ts'
import { bringsProof } from './http/proofs.ts'
import type { Credentials } from './http/read-credentials.ts'
import type { ResolvedAuthTokensOptions } from './options.ts'
import type { Registration } from './registration.ts'

/**
 * The key that new tokens are bound to (RFC 9449, section 5).
 *
 * @param request that asks for them, where there is one
 * @returns its thumbprint; nothing for tokens that are bound to none
 * @throws INVALID_DPOP_PROOF with status 400; PORTCULLIS_AUTH_TOKENS_INVALID_GRANT where a proof is required and the
 * request was not given
 */
export async function keyToBind(
  { options: { dpop }, proofs }: Registration,
  request: FastifyRequest | undefined,
): Promise<string | undefined> {
  if (dpop === 'off') return undefined
  if (request === undefined) {
    if (dpop === 'allowed') return undefined
    throw new InvalidGrantError('dpop is required, so give the request that asks for the tokens, too')
  }
  if (dpop === 'allowed' && !bringsProof(request)) return undefined
  const key = await proofs.keyOf(request)
  if (key === undefined) throw Object.assign(new InvalidDpopProof(), { statusCode: 400 })
  return key
}

/**
 * Whether a token may be used by who has it and nothing else: a bound one may not (RFC 9449, section 7.2), and none where
 * proofs are required.
 *
 * @throws INVALID_TOKEN
 */
export function checkBearer({ cnf }: AccessClaims, { dpop }: Pick<ResolvedAuthTokensOptions, 'dpop'>): void {
  if (cnf !== undefined || dpop === 'required') throw new InvalidToken()
}

/**
 * Checks that a token came in the way that it has to.
 *
 * @throws INVALID_TOKEN for a bound token without proof, or one with a proof that is not bound; INVALID_DPOP_PROOF
 */
export async function checkBinding(
  { options, proofs }: Registration,
  request: FastifyRequest,
  { token, via }: Credentials,
  claims: AccessClaims,
): Promise<void> {
  if (via !== 'dpop') return checkBearer(claims, options)
  if (claims.cnf === undefined) throw new InvalidToken()
  if ((await proofs.keyOf(request, token)) !== claims.cnf.jkt) throw new InvalidDpopProof()
}
