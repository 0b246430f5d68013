/** Hands out a fixed number of permits; who finds none waits in a bounded queue, first come first served. */
export interface Permits {
  /**
   * Takes a permit, waiting at most `wait` milliseconds.
   *
   * @returns whether it was got: `false` when the queue is full or the time is up
   */
  take(wait: number): boolean | Promise<boolean>
  /** Gives a permit back, to the first who waits. */
  give(): void
  readonly taken: number
  readonly waiting: number
}

/** Creates {@link Permits}: `count` of them, and at most `maxWaiting` who wait. */
export function createPermits(count: number, maxWaiting: number): Permits {
  // A set keeps the order of arrival, and lets somebody whose time is up leave at once.
  const queue = new Set<(got: boolean) => void>()
  let taken = 0
  return {
    take(wait) {
      if (taken < count) {
        taken++
        return true
      }
      if (queue.size >= maxWaiting) return false
      return new Promise((resolve) => {
        const timer = setTimeout(() => leave(false), wait)
        const leave = (got: boolean): void => {
          clearTimeout(timer)
          queue.delete(leave)
          resolve(got)
        }
        queue.add(leave)
      })
    },
    give() {
      const [next] = queue
      if (next === undefined) taken--
      else next(true)
    },
    get taken() {
      return taken
    },
    get waiting() {
      return queue.size
    },
  }
}
