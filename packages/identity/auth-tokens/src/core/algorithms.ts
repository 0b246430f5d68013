/** Signature algorithms of RFC 7518 and RFC 8037 that tokens may be signed with. */
export const ALGORITHMS = [
  'HS256',
  'HS384',
  'HS512',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const

/** One of {@link ALGORITHMS}. */
export type Algorithm = (typeof ALGORITHMS)[number]

/** Whether who verifies can sign as well. */
export function isSymmetric(algorithm: Algorithm): boolean {
  return algorithm.startsWith('HS')
}

/** The shortest secret of an HMAC, in bytes: as long as its hash (RFC 7518, section 3.2), and never under 32. */
export function shortestSecret(algorithm: Algorithm): number {
  return Number(algorithm.slice(2)) / 8
}

const CURVES: Readonly<Record<string, string>> = {
  ES256: 'prime256v1',
  ES384: 'secp384r1',
  ES512: 'secp521r1',
}

/** What a key must be for an algorithm, as `node:crypto` names it. */
export interface KeyDemand {
  readonly type: 'rsa' | 'ec' | 'ed25519'
  /** The curve of an `ec` key. */
  readonly curve?: string | undefined
}

/** The kind of asymmetric key that an algorithm takes. */
export function demandOf(algorithm: Algorithm): KeyDemand {
  if (algorithm === 'EdDSA') return { type: 'ed25519' }
  return algorithm.startsWith('ES') ? { type: 'ec', curve: CURVES[algorithm] } : { type: 'rsa' }
}
