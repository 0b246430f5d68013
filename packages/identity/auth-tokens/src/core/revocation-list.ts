import type { Revocation } from '../stores/store.ts'
import type { AccessClaims } from './claims.ts'

/** Milliseconds that one bucket of expiry spans. */
const BUCKET = 60_000

/** What of a token tells whether it is revoked. */
export type IssuedToken = Pick<AccessClaims, 'jti' | 'sid' | 'sub' | 'iat' | 'iat_ms'>

/** The revocations that are in force, as this process knows them. A look-up for each kind, however many there are. */
export class RevocationList {
  readonly #tokens = new Set<string>()
  readonly #sessions = new Set<string>()
  /** Moments at or before which tokens of a subject were issued that are revoked, milliseconds. */
  readonly #subjects = new Map<string, number>()
  #everything = Number.NEGATIVE_INFINITY
  /** What to forget, by the minute in which it expires. */
  readonly #expiring = new Map<number, Map<string, Revocation>>()

  /** How many are known. */
  get size(): number {
    return this.#tokens.size + this.#sessions.size + this.#subjects.size
  }

  /** Adds one; one that is known already changes nothing. */
  add(revocation: Revocation): void {
    const { scope, id, revokedAt, expiresAt } = revocation
    if (scope === 'everything') {
      this.#everything = Math.max(this.#everything, revokedAt)
      return
    }
    if (scope === 'token') this.#tokens.add(id)
    else if (scope === 'session') this.#sessions.add(id)
    else this.#subjects.set(id, Math.max(revokedAt, this.#subjects.get(id) ?? 0))
    const minute = Math.floor(expiresAt / BUCKET)
    const bucket = this.#expiring.get(minute) ?? new Map<string, Revocation>()
    this.#expiring.set(minute, bucket.set(`${scope} ${id}`, revocation))
  }

  /** Whether a token is revoked. */
  covers({ jti, sid, sub, iat, iat_ms: issuedAt = iat * 1000 }: IssuedToken): boolean {
    // Issued in the very millisecond is issued before: what is issued after a revocation is at least one later.
    return (
      issuedAt <= this.#everything ||
      this.#tokens.has(jti) ||
      (sid !== undefined && this.#sessions.has(sid)) ||
      issuedAt <= (this.#subjects.get(sub) ?? Number.NEGATIVE_INFINITY)
    )
  }

  /**
   * Forgets what no valid token can fall under any more.
   *
   * @param now milliseconds since the epoch
   */
  forget(now: number): void {
    const minute = Math.floor(now / BUCKET)
    for (const [expiry, bucket] of this.#expiring) {
      if (expiry >= minute) continue
      this.#expiring.delete(expiry)
      for (const { scope, id, revokedAt } of bucket.values()) {
        if (scope === 'token') this.#tokens.delete(id)
        else if (scope === 'session') this.#sessions.delete(id)
        else if (this.#subjects.get(id) === revokedAt) this.#subjects.delete(id)
      }
    }
  }
}
