/** A number of workers and a queue with an end. */
export interface Slots {
  readonly size: number
  readonly running: number
  readonly waiting: number
  /** Nothing more is taken: all work and the queue is full. */
  readonly isFull: boolean
  /** What the last job took, in milliseconds. */
  readonly lastDuration: number
  /**
   * Runs a job when `weight` workers are free, in the order of calls; a job heavier than all of them takes all.
   *
   * @returns the job's promise, or nothing where the queue is full
   */
  run<T>(weight: number, job: () => Promise<T>): Promise<T> | undefined
}

interface Waiting {
  readonly weight: number
  readonly start: () => void
}

/**
 * Creates workers that are all free.
 *
 * @param size workers
 * @param maxQueue how many jobs may wait
 */
export function createSlots(size: number, maxQueue: number): Slots {
  const queue: Waiting[] = []
  let running = 0
  let lastDuration = 0

  const isFree = (weight: number): boolean => running + weight <= size

  function startNext(): void {
    for (let next = queue[0]; next !== undefined && isFree(next.weight); next = queue[0]) {
      queue.shift()
      running += next.weight
      next.start()
    }
  }

  return {
    size,
    get running() {
      return running
    },
    get waiting() {
      return queue.length
    },
    get isFull() {
      return running >= size && queue.length >= maxQueue
    },
    get lastDuration() {
      return lastDuration
    },
    run(wanted, job) {
      const weight = Math.min(wanted, size)
      const mustWait = queue.length > 0 || !isFree(weight)
      if (mustWait && queue.length >= maxQueue) return undefined
      const turn = new Promise<void>((resolve) => queue.push({ weight, start: resolve }))
      startNext()
      return turn.then(async () => {
        const begin = performance.now()
        try {
          return await job()
        } finally {
          lastDuration = performance.now() - begin
          running -= weight
          startNext()
        }
      })
    },
  }
}
