import { OpenWatches } from '@portcullis/kernel'
import type { AccessClaims } from './core/claims.ts'
import type { RevocationList } from './core/revocation-list.ts'

/**
 * Milliseconds that what is under way may still take after a revocation: an ordinary answer, such as the one to the
 * request that signs out, is through by then.
 */
const GRACE = 400
/** Longest time that a timer can wait. */
const LONGEST_TIMER = 2_147_483_647

/** What is open on the strength of a token, so that it can be ended with it. */
export class Connections {
  readonly #watches: OpenWatches<AccessClaims>

  /** @param list of what is revoked */
  constructor(list: RevocationList) {
    this.#watches = new OpenWatches((claims) => list.covers(claims), GRACE)
  }

  /** Calls `end` once when the token is revoked, also where it is already. Returns what forgets it. */
  watch(claims: AccessClaims, end: () => void): () => void {
    return this.#watches.watch(claims, end)
  }

  /** The same, and when the token expires. */
  watchToTheEnd(claims: AccessClaims, end: () => void): () => void {
    let over = false
    const once = (): void => {
      if (over) return
      over = true
      forget()
      end()
    }
    const left = Math.min(Math.max(0, claims.exp * 1000 - Date.now()), LONGEST_TIMER)
    const timer = setTimeout(once, left).unref()
    const unwatch = this.watch(claims, once)
    const forget = (): void => {
      over = true
      clearTimeout(timer)
      unwatch()
    }
    return forget
  }

  /** Ends what the list covers now. However many revocations come at once, it looks once. */
  revoked(): void {
    this.#watches.look()
  }
}
