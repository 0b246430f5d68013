/** A source of events that a test publishes: an async generator, which waits for an event even when it is told to stop. */
export interface Channel {
  publish(event: unknown): void
  /** Ends the sources, as a server that shuts down would. */
  close(): void
  /** How many sources were started. */
  readonly started: () => number
  source(): AsyncGenerator<unknown, void>
}

export function channel(): Channel {
  const events: unknown[] = []
  let started = 0
  const end = new AbortController()
  const wake: (() => void)[] = []
  const tell = (): void => wake.splice(0).forEach((resolve) => resolve())
  return {
    publish(event) {
      events.push(event)
      tell()
    },
    close() {
      end.abort()
      tell()
    },
    started: () => started,
    async *source() {
      started += 1
      let at = events.length
      while (!end.signal.aborted) {
        if (at < events.length) yield events[at++]
        else await new Promise<void>((resolve) => wake.push(resolve))
      }
    },
  }
}
