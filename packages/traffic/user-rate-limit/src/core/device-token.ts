import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/**
 * Tokens by which a browser is known again that an account has signed in from, after OWASP's device cookies ("Slow Down
 * Online Guessing Attacks with Device Cookies"). They prove no identity: who has one may only try passwords apart from
 * the crowd. Nothing is stored; a token holds the time it ends, a random name, and a keyed hash over both and the account.
 */
export interface DeviceTokens {
  /** A new token for an account, 16 random bytes in it. `now` in milliseconds since the epoch. */
  issue(account: string, now: number): string
  /** The device's random name where the token was issued for this account and has not ended, else `undefined`. */
  deviceOf(token: unknown, account: string, now: number): string | undefined
}

const LONGEST_TOKEN = 120
const TOKEN = /^([0-9a-z]{1,12})\.([\w-]{22})\.([\w-]{43})$/

/**
 * @param secret key of the hash; tokens are good wherever the same secret is
 * @param lifetime milliseconds
 */
export function deviceTokens(secret: string | Uint8Array, lifetime: number): DeviceTokens {
  // A key of its own: what is signed here must never pass for a partition, or the other way round.
  const key = createHmac('sha256', secret).update('portcullis login device, version 1').digest()
  const hashOf = (end: string, name: string, account: string): string =>
    createHmac('sha256', key)
      .update(Buffer.from(`${end}.${name}.${account}`, 'utf16le'))
      .digest('base64url')
  return {
    issue(account, now) {
      const end = Math.floor(now + lifetime).toString(36)
      const name = randomBytes(16).toString('base64url')
      return `${end}.${name}.${hashOf(end, name, account)}`
    },
    deviceOf(token, account, now) {
      if (typeof token !== 'string' || token.length > LONGEST_TOKEN) return undefined
      const [, end, name, hash] = TOKEN.exec(token) ?? []
      if (end === undefined || name === undefined || hash === undefined) return undefined
      const isOurs = timingSafeEqual(Buffer.from(hash), Buffer.from(hashOf(end, name, account)))
      return isOurs && Number.parseInt(end, 36) > now ? name : undefined
    },
  }
}
