import { createHmac, timingSafeEqual } from 'node:crypto'
import { isCanonicalBase64url } from './base64url.ts'

/** What a refresh token names. */
export interface RefreshToken {
  readonly sessionId: string
  readonly generation: number
  readonly keyId: string
}

/** A secret that refresh tokens are derived with. */
export interface RefreshKey {
  readonly id: string
  readonly secret: Buffer
}

const VERSION = 'rt1'
const LONGEST = 512
const GENERATION = /^(?:0|[1-9][0-9]{0,14})$/

/** A name for a secret that says nothing about it. */
export function refreshKeyOf(secret: Buffer): RefreshKey {
  const id = createHmac('sha256', secret).update('portcullis refresh key id').digest('base64url').slice(0, 8)
  return { id, secret }
}

function proof({ sessionId, generation, keyId }: RefreshToken, issuer: string, secret: Buffer): Buffer {
  // Parts that hold no dot, so no two lists of them give one text; the issuer, which may hold any, is last.
  return createHmac('sha256', secret)
    .update(`${VERSION}.${sessionId}.${generation}.${keyId}.${issuer}`)
    .digest()
}

/**
 * Derives the refresh token of a session and generation: the same for everybody who knows the secret, so that nothing
 * has to be stored of it. It has four dots and is no JWS, so that nobody can take it for an access token.
 */
export function deriveRefreshToken(
  sessionId: string,
  generation: number,
  key: RefreshKey,
  issuer: string,
): string {
  const named = { sessionId, generation, keyId: key.id }
  const mac = proof(named, issuer, key.secret).toString('base64url')
  return `${VERSION}.${sessionId}.${generation}.${key.id}.${mac}`
}

/** Reads a refresh token that was derived with one of the keys; nothing where it was not. */
export function readRefreshToken(
  token: string,
  keys: readonly RefreshKey[],
  issuer: string,
): RefreshToken | undefined {
  if (token.length > LONGEST) return undefined
  const [version, sessionId = '', generation = '', keyId = '', mac = '', ...more] = token.split('.')
  if (version !== VERSION || more.length > 0 || !GENERATION.test(generation)) return undefined
  if (![sessionId, keyId, mac].every(isCanonicalBase64url)) return undefined
  const key = keys.find(({ id }) => id === keyId)
  if (key === undefined) return undefined
  const named = { sessionId, generation: Number(generation), keyId }
  const given = Buffer.from(mac, 'base64url')
  const right = proof(named, issuer, key.secret)
  return given.length === right.length && timingSafeEqual(given, right) ? named : undefined
}
