/** Stops what was started, the latest first, once. */
export interface Shutdown {
  /** Has `stop` called when everything ends. */
  add(stop: () => Promise<unknown>): void
  /** True from the first call of `run` on. */
  readonly begun: boolean
  /** Stops everything; what fails is told to `onError` and does not keep the rest from stopping. */
  run(): Promise<void>
}

/** Makes an empty list of things to stop. */
export function createShutdown(onError: (error: unknown) => void): Shutdown {
  const stops: (() => Promise<unknown>)[] = []
  let running: Promise<void> | undefined
  const stopAll = async (): Promise<void> => {
    // What is waited for need not keep the process alive by itself: a child that was let go of, a timer of a library.
    const alive = setInterval(() => undefined, 1_000)
    // Something may still be added by a start that was interrupted.
    for (let stop = stops.pop(); stop; stop = stops.pop()) await stop().catch(onError)
    clearInterval(alive)
  }
  return {
    add: (stop) => {
      stops.push(stop)
      if (running) running = running.then(stopAll)
    },
    get begun() {
      return running !== undefined
    },
    run: () => (running ??= stopAll()),
  }
}
