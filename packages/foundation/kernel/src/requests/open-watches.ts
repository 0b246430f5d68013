import type { FastifyReply, FastifyRequest } from 'fastify'
import { isUpgrade } from './is-upgrade.ts'

/** Something that goes on until a gate no longer allows it. */
interface Watch<Subject> {
  readonly subject: Subject
  readonly end: () => void
  /** Whether it is about to end. */
  ending: boolean
}

/** Says of a subject whether what it has open must end. */
export type MustEnd<Subject> = (subject: Subject) => boolean | Promise<boolean>

/** How many are looked at in one turn of the event loop. */
const AT_ONCE = 200

function nothing(): void {}

/**
 * What is open on the strength of something that may be taken back: a token, a principal who may be blocked. Whoever
 * takes it back calls {@link OpenWatches.look}.
 */
export class OpenWatches<Subject> {
  readonly #mustEnd: MustEnd<Subject>
  readonly #grace: number
  readonly #watches = new Set<Watch<Subject>>()
  #state: 'idle' | 'about to look' | 'looking' = 'idle'
  /** Whether it has to look again: at those that it had looked at before. */
  #again = false

  /**
   * @param mustEnd asked for each subject when it begins and at each look. Where it throws or rejects, nothing ends
   * @param grace milliseconds that what is under way may still take: 0 ends it at once
   */
  constructor(mustEnd: MustEnd<Subject>, grace: number) {
    this.#mustEnd = mustEnd
    this.#grace = grace
  }

  /** How many are open. */
  get size(): number {
    return this.#watches.size
  }

  /** Calls `end` once when the subject must end, also where it must already. @returns what forgets it */
  watch(subject: Subject, end: () => void): () => void {
    const watch: Watch<Subject> = { subject, end, ending: false }
    this.#watches.add(watch)
    this.#look(watch)
    return () => void this.#watches.delete(watch)
  }

  /**
   * Ends what must end now. However often it is called at once, it looks once; at many it looks in turns, between which
   * others are served.
   */
  look(): void {
    this.#again = this.#state === 'looking'
    if (this.#state !== 'idle') return
    this.#state = 'about to look'
    setImmediate(() => {
      this.#state = 'looking'
      this.#lookAt([...this.#watches], 0)
    })
  }

  #lookAt(watches: readonly Watch<Subject>[], from: number): void {
    const next = from + AT_ONCE
    for (const watch of watches.slice(from, next)) if (this.#watches.has(watch)) this.#look(watch)
    if (next < watches.length) {
      setImmediate(() => this.#lookAt(watches, next))
      return
    }
    this.#state = 'idle'
    if (this.#again) this.look()
  }

  #look(watch: Watch<Subject>): void {
    if (watch.ending) return
    try {
      const must = this.#mustEnd(watch.subject)
      if (must === true) this.#end(watch)
      else if (must !== false)
        void must.then((late) => {
          if (late) this.#end(watch)
        }, nothing)
    } catch {
      // Nobody can tell, so it goes on.
    }
  }

  /** Each by itself: where one throws, the others end all the same. */
  #end(watch: Watch<Subject>): void {
    if (watch.ending) return
    watch.ending = true
    const end = (): void => {
      if (this.#watches.delete(watch)) watch.end()
    }
    if (this.#grace === 0) setImmediate(end)
    else setTimeout(end, this.#grace).unref()
  }
}

/** Milliseconds that a WebSocket's client has to answer the close frame. */
const CLOSING = 400

/** The close frame of RFC 6455, section 5.5.1. */
function closeFrame(code: number): Buffer {
  return Buffer.from([0x88, 0x02, code >> 8, code & 0xff])
}

/**
 * Ends what a request has open: its WebSocket with a close frame, any other answer at once.
 *
 * @param closeCode the status of the close frame, such as 4401 or 4403, which GraphQL over WebSocket uses for
 * "Unauthorized" and "Forbidden"
 */
export function cutConnection(request: FastifyRequest, reply: FastifyReply, closeCode: number): void {
  const { socket } = request.raw
  if (isUpgrade(request)) {
    socket.end(closeFrame(closeCode))
    // One that does not answer the frame is not waited for.
    setTimeout(() => socket.destroy(), CLOSING).unref()
  } else reply.raw.destroy()
}
