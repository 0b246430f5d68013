import type { FastifyReply, FastifyRequest } from 'fastify'
import { isUpgrade } from './http/is-upgrade.ts'
import type { AccessClaims } from './core/claims.ts'
import type { RevocationList } from './core/revocation-list.ts'

/** Something that goes on as long as its token is valid. */
interface Watch {
  readonly claims: AccessClaims
  readonly end: () => void
  /** Whether it is about to end. */
  ending: boolean
}

/**
 * Milliseconds that what is under way may still take after a revocation: an ordinary answer, such as the one to the
 * request that signs out, is through by then.
 */
const GRACE = 400
/** Longest time that a timer can wait. */
const LONGEST_TIMER = 2_147_483_647
/** The close frame of RFC 6455 with status 4401, the one that GraphQL over WebSocket uses for "Unauthorized". */
const CLOSE_FRAME = Buffer.from([0x88, 0x02, 0x11, 0x31])

/** What is open on the strength of a token, so that it can be ended with it. */
export class Connections {
  readonly #list: RevocationList
  readonly #watches = new Set<Watch>()
  /** Whether it is about to look. */
  #looking = false

  /** @param list of what is revoked */
  constructor(list: RevocationList) {
    this.#list = list
  }

  /** Calls `end` once when the token is revoked, also where it is already. Returns what forgets it. */
  watch(claims: AccessClaims, end: () => void): () => void {
    const watch: Watch = { claims, end, ending: false }
    this.#watches.add(watch)
    this.#look(watch)
    return () => void this.#watches.delete(watch)
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
    if (this.#looking) return
    this.#looking = true
    setImmediate(() => {
      this.#looking = false
      for (const watch of this.#watches) this.#look(watch)
    })
  }

  /** Ends a watch whose token is revoked. Each by itself: where one throws, the others end all the same. */
  #look(watch: Watch): void {
    if (watch.ending || !this.#list.covers(watch.claims)) return
    watch.ending = true
    setTimeout(() => {
      if (this.#watches.delete(watch)) watch.end()
    }, GRACE).unref()
  }
}

/** Ends the connection of a request whose token is not valid any more. */
export function cut(request: FastifyRequest, reply: FastifyReply): void {
  const { socket } = request.raw
  if (isUpgrade(request)) {
    socket.end(CLOSE_FRAME)
    // One that does not answer the frame is not waited for.
    setTimeout(() => socket.destroy(), GRACE).unref()
  } else reply.raw.destroy()
}
