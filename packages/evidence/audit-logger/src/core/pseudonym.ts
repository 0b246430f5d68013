import { createHmac } from 'node:crypto'

/**
 * Makes pseudonyms: the same parts always give the same one, and without the secret nobody can tell whose it is or try
 * out guesses. HMAC-SHA-256, its first 132 bits in base64url.
 */
export function createPseudonyms(
  secret: string,
): (...parts: readonly (string | null | undefined)[]) => string {
  return (...parts) =>
    createHmac('sha256', secret)
      .update(JSON.stringify(parts.map((part) => part ?? null)))
      .digest('base64url')
      .slice(0, 22)
}
