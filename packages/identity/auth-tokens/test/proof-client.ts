import { createHash, randomUUID } from 'node:crypto'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import type { JWK, JWTPayload } from 'jose'

/** What differs from an ordinary proof. */
export interface ProofChanges {
  readonly header?: Record<string, unknown>
  readonly claims?: JWTPayload
  /** Claims that are left out. */
  readonly without?: readonly string[]
}

/** A client that has a key and proves it. */
export interface ProofClient {
  readonly publicJwk: JWK
  readonly privateJwk: JWK
  /** The proof for a request to `https://api.example.com`, with an access token or without. */
  prove(method: string, path: string, accessToken?: string, changes?: ProofChanges): Promise<string>
}

export const now = (): number => Math.floor(Date.now() / 1000)

export async function proofClient(alg = 'ES256'): Promise<ProofClient> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  const [publicJwk, privateJwk] = [await exportJWK(publicKey), await exportJWK(privateKey)]
  return {
    publicJwk,
    privateJwk,
    prove(method, path, accessToken, { header = {}, claims = {}, without = [] } = {}) {
      const hash = accessToken && createHash('sha256').update(accessToken).digest('base64url')
      const all = {
        jti: randomUUID(),
        htm: method,
        htu: `https://api.example.com${path}`,
        iat: now(),
        ...(hash === undefined ? {} : { ath: hash }),
        ...claims,
      }
      const kept = Object.entries(all).filter(([name]) => !without.includes(name))
      return new SignJWT(Object.fromEntries(kept))
        .setProtectedHeader({ typ: 'dpop+jwt', alg, jwk: publicJwk, ...header })
        .sign(privateKey, { crit: { x: true } })
    },
  }
}
