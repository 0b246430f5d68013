/** The time until which something is to have happened, again and again. Setting it costs no timer each time. */
export interface Deadline {
  /** Calls `late` when the time is up, unless {@link Deadline.stop} comes first. */
  start(late: () => void): void
  stop(): void
}

/** Creates a {@link Deadline} that is `milliseconds` away whenever it is started. It keeps no process alive. */
export function createDeadline(milliseconds: number): Deadline {
  let until = Number.POSITIVE_INFINITY
  let onLate: () => void = () => undefined
  let timer: NodeJS.Timeout | undefined

  function check(): void {
    timer = undefined
    if (until === Number.POSITIVE_INFINITY) return
    const left = until - performance.now()
    if (left > 0) arm(left)
    else {
      until = Number.POSITIVE_INFINITY
      onLate()
    }
  }
  function arm(wait: number): void {
    timer = setTimeout(check, wait)
    timer.unref()
  }

  return {
    start(late) {
      onLate = late
      until = performance.now() + milliseconds
      // One that still runs comes too early, and sees then how long it has to wait.
      if (timer === undefined) arm(milliseconds)
    },
    stop() {
      until = Number.POSITIVE_INFINITY
    },
  }
}
