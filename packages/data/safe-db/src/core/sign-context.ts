import { createHmac } from 'node:crypto'
import type { Encoded } from './values.ts'

/** The setting that carries a signed context. */
export const SIGNED_SETTING = 'portcullis.context'

/** The key that contexts are signed with. */
export interface ContextKey {
  /** Which of the keys that the database knows: 1 to 32 letters, digits, `_` or `-`. */
  readonly id: string
  /** At least 32 bytes; the database knows what {@link signedContextSql} makes of it. */
  readonly secret: string
  /** How long after it was signed a transaction may begin with it, in milliseconds. */
  readonly lifetime: number
}

/**
 * Signs settings: `v1:<key>:<expiry>:<settings>:<mac>`, with the expiry in seconds since the epoch, the settings as JSON in
 * base64, and HMAC-SHA-256 (RFC 2104) over all before it in hex. A fresh one is made for each transaction, so that one
 * that was read and kept is worth nothing soon.
 */
export function signContext(
  names: readonly string[],
  values: readonly Encoded[],
  { id, secret, lifetime }: ContextKey,
  now: number,
): string {
  const settings = Object.fromEntries(names.map((name, index) => [name, values[index]]))
  const payload = Buffer.from(JSON.stringify(settings)).toString('base64')
  const signed = `v1:${id}:${Math.ceil((now + lifetime) / 1_000)}:${payload}`
  return `${signed}:${createHmac('sha256', secret).update(signed).digest('hex')}`
}
