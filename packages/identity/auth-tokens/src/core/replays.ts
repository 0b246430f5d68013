import { createHash } from 'node:crypto'
import type { Proof } from './dpop-proof.ts'

/** Proofs that were used in this process and have not expired. Of more than it holds, the oldest are forgotten. */
export class Replays {
  readonly #most: number
  readonly #used = new Map<string, number>()

  /** @param most proofs that are remembered */
  constructor(most: number) {
    this.#most = most
  }

  /** How many are remembered. */
  get size(): number {
    return this.#used.size
  }

  /**
   * Whether a proof is used for the first time.
   *
   * @param now milliseconds since the epoch
   */
  isFirst({ jkt, jti, expiresAt }: Proof, now: number): boolean {
    // As long as a hash, however long the client's name for it is.
    const key = createHash('sha256').update(`${jkt}.${jti}`).digest('base64url')
    if (this.#used.has(key)) return false
    for (const [oldest, expiry] of this.#used) {
      if (expiry > now && this.#used.size < this.#most) break
      this.#used.delete(oldest)
    }
    this.#used.set(key, expiresAt)
    return true
  }
}
