import { createHash } from 'node:crypto'
import { calculateJwkThumbprint, EmbeddedJWK, jwtVerify } from 'jose'
import { splitToken } from './compact-token.ts'

/**
 * Signature algorithms of proofs (RFC 7518, RFC 8037, RFC 9864). No RSA: clients choose the keys of proofs, and with RSA
 * they would choose how much work it is to check one.
 */
export const PROOF_ALGORITHMS = ['ES256', 'ES384', 'ES512', 'Ed25519', 'EdDSA'] as const

/** The request that a proof has to be made for. Durations are seconds. */
export interface ProofDemands {
  readonly method: string
  /** Origins that the request may have been sent to. */
  readonly origins: readonly string[]
  /** Its path as it was sent, without query. */
  readonly path: string
  readonly maxAge: number
  /** How far clocks may differ. */
  readonly clockTolerance: number
  /** The access token that the proof comes with. */
  readonly accessToken?: string | undefined
}

/** A proof that is valid. */
export interface Proof {
  /** SHA-256 thumbprint of its key (RFC 7638). */
  readonly jkt: string
  /** Its name, unique for the key. */
  readonly jti: string
  /** When nobody takes it any more, milliseconds since the epoch. */
  readonly expiresAt: number
}

function isFor(htu: unknown, { origins, path }: ProofDemands): boolean {
  if (typeof htu !== 'string' || !URL.canParse(htu)) return false
  const { origin, pathname } = new URL(htu)
  return origins.includes(origin) && pathname === path
}

function hashOf(accessToken: string): string {
  return createHash('sha256').update(accessToken).digest('base64url')
}

/**
 * Checks a DPoP proof (RFC 9449, section 4.3), except whether it was used before. The library takes public keys alone.
 *
 * @returns nothing for one that is not valid, for whatever reason
 */
export async function readProof(proof: string, demands: ProofDemands): Promise<Proof | undefined> {
  const { method, maxAge, clockTolerance, accessToken } = demands
  if (splitToken(proof) === undefined) return undefined
  try {
    const { payload, protectedHeader } = await jwtVerify(proof, EmbeddedJWK, {
      algorithms: [...PROOF_ALGORITHMS],
      typ: 'dpop+jwt',
      maxTokenAge: maxAge,
      clockTolerance,
    })
    const { jti, htm, htu, ath, iat = 0 } = payload
    const { jwk } = protectedHeader
    if (jwk === undefined || typeof jti !== 'string' || jti === '') return undefined
    if (htm !== method || !isFor(htu, demands)) return undefined
    if (accessToken !== undefined && ath !== hashOf(accessToken)) return undefined
    const expiresAt = (Math.ceil(iat) + maxAge + clockTolerance + 1) * 1000
    return { jkt: await calculateJwkThumbprint(jwk), jti, expiresAt }
  } catch {
    return undefined
  }
}
