import { randomBytes, randomUUID } from 'node:crypto'
import type { AccessClaims, Grant } from './claims.ts'
import { claimsOf } from './grant.ts'

/** What every token of an app has in common. */
export interface TokenFrame {
  readonly issuer: string
  readonly audience: readonly string[]
  /** Seconds that an access token lasts. */
  readonly life: number
}

/**
 * The claims of a new access token.
 *
 * @param issuedAt milliseconds since the epoch, of the store's clock
 */
export function accessClaims(
  frame: TokenFrame,
  grant: Grant,
  session: { readonly id: string; readonly createdAt: number },
  issuedAt: number,
): AccessClaims {
  const iat = Math.floor(issuedAt / 1000)
  const { issuer, audience, life } = frame
  const aud = audience.length === 1 ? (audience[0] ?? '') : audience
  const own = { iss: issuer, aud, iat, iat_ms: issuedAt, exp: iat + life, jti: randomUUID(), sid: session.id }
  return { ...claimsOf(grant, session.createdAt), ...own }
}

/** A name for a session that nobody can guess. */
export function newSessionId(): string {
  return randomBytes(16).toString('base64url')
}
