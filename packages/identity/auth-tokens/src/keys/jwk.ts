import { createPrivateKey, createPublicKey } from 'node:crypto'
import type { JsonWebKey } from 'node:crypto'
import { ALGORITHMS } from '../core/algorithms.ts'
import type { Algorithm } from '../core/algorithms.ts'
import { KeyProblem } from '../core/key.ts'
import type { CheckedKey, TokenKey } from '../core/key.ts'

/** A key in JSON (RFC 7517), as far as it is looked at. */
export interface Jwk extends JsonWebKey {
  readonly kid?: string
  readonly alg?: string
  readonly use?: string
}

function algorithmOf({ alg, kty, crv }: Jwk): Algorithm | undefined {
  const told = alg ?? (kty === 'OKP' && crv === 'Ed25519' ? 'EdDSA' : undefined)
  return ALGORITHMS.find((known) => known === told)
}

/**
 * A key of a JWK Set.
 *
 * @returns nothing for a key that is not for signatures, or of a kind that is not supported
 * @throws KeyProblem for one that cannot be read
 */
function keyOfJwk(jwk: Jwk): TokenKey | undefined {
  const { kid, use = 'sig', kty, k, d } = jwk
  const alg = algorithmOf(jwk)
  if (use !== 'sig' || kid === undefined || alg === undefined) return undefined
  if (kty === 'oct') return { kid, alg, secret: Buffer.from(k ?? '', 'base64url') }
  try {
    return d === undefined
      ? { kid, alg, publicKey: createPublicKey({ key: jwk, format: 'jwk' }) }
      : { kid, alg, privateKey: createPrivateKey({ key: jwk, format: 'jwk' }) }
  } catch {
    throw new KeyProblem('a key of the JWK Set cannot be read.')
  }
}

/**
 * The keys of a JWK Set (RFC 7517, section 5). Those for encryption, without `kid` or of other algorithms are left out.
 *
 * @throws KeyProblem for what is no JWK Set
 */
export function keysOfJwks(text: string): readonly TokenKey[] {
  let set: unknown
  try {
    set = JSON.parse(text)
  } catch {
    throw new KeyProblem('it is no JSON.')
  }
  const { keys } = (set ?? {}) as { keys?: unknown }
  if (!Array.isArray(keys)) throw new KeyProblem('it is no JWK Set: { "keys": [ … ] }.')
  return keys
    .filter((one): one is Jwk => typeof one === 'object' && one !== null)
    .map(keyOfJwk)
    .filter((key) => key !== undefined)
}

/** The public halves of keys as a JWK Set, for `/.well-known/jwks.json`. Secrets are never in it. */
export function publicJwks(keys: readonly CheckedKey[]): { readonly keys: readonly Jwk[] } {
  return {
    keys: keys.flatMap(({ kid, alg, publicKey }) =>
      publicKey === undefined ? [] : [{ ...publicKey.export({ format: 'jwk' }), kid, alg, use: 'sig' }],
    ),
  }
}
