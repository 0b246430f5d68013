import type { FastifyReply, FastifyRequest } from 'fastify'
import type { AccessClaims } from './core/claims.ts'
import type { Revocation } from './stores/store.ts'

/** Something that goes on as long as its token is valid. */
interface Watch {
  readonly claims: AccessClaims
  readonly end: () => void
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

function concerns(
  { scope, id, revokedAt }: Revocation,
  { jti, sid, sub, iat, iat_ms: ms = iat * 1000 }: AccessClaims,
): boolean {
  if (scope === 'token') return jti === id
  if (scope === 'session') return sid === id
  return ms <= revokedAt && (scope === 'everything' || sub === id)
}

/** What is open on the strength of a token, so that it can be ended with it. */
export class Connections {
  readonly #watches = new Set<Watch>()

  /** Calls `end` once when the token is revoked. Returns what forgets it. */
  watch(claims: AccessClaims, end: () => void): () => void {
    const watch = { claims, end }
    this.#watches.add(watch)
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

  /** Ends what a revocation concerns. */
  revoked(revocation: Revocation): void {
    const concerned = [...this.#watches].filter(({ claims }) => concerns(revocation, claims))
    if (concerned.length === 0) return
    setTimeout(() => {
      for (const watch of concerned) if (this.#watches.delete(watch)) watch.end()
    }, GRACE).unref()
  }
}

/** Whether a request became a connection of its own, such as a WebSocket. */
export function isUpgrade(request: FastifyRequest): boolean {
  return request.raw.headers.upgrade !== undefined
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
