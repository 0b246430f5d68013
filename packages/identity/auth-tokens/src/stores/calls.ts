import { StoreUnavailable } from './store-unavailable.ts'

/** Most calls that a store may have under way; the surplus fails at once. */
const MOST = 10_000
/** Milliseconds between two calls that look whether a store with too many calls under way answers again. */
const PROBE_INTERVAL = 100

/** Calls of a server: each is answered within its time or fails, and their number is bounded while it does not answer. */
export class Calls {
  readonly #timeout: number
  readonly #reasonOf: (error: unknown) => string
  readonly #isAbandoned: (error: unknown) => boolean
  #underWay = 0
  /** Calls that their client has given up and still holds, until the server answers again. */
  #abandoned = 0
  #sentAt = -Infinity
  #closed = false

  /**
   * @param timeout milliseconds within which a call is answered or fails
   * @param reasonOf why a call failed, in one word that holds no argument
   * @param isAbandoned whether an error says that the client waits no longer for a call it has sent
   */
  constructor(
    timeout: number,
    reasonOf: (error: unknown) => string,
    isAbandoned: (error: unknown) => boolean = () => false,
  ) {
    this.#timeout = timeout
    this.#reasonOf = reasonOf
    this.#isAbandoned = isAbandoned
  }

  /** True when no further calls are made. */
  get closed(): boolean {
    return this.#closed
  }

  /**
   * Makes a call.
   *
   * @param wait milliseconds that the server may take on purpose, besides the timeout
   * @throws StoreUnavailable for whatever goes wrong, `timeout` when the time is up
   */
  async run<T>(call: () => Promise<T>, wait = 0): Promise<T> {
    if (this.#closed) throw new StoreUnavailable('closed')
    const now = performance.now()
    if (this.#underWay + this.#abandoned >= MOST && now - this.#sentAt < PROBE_INTERVAL)
      throw new StoreUnavailable('busy')
    this.#sentAt = now
    try {
      return await within(this.#counted(call), this.#timeout + wait)
    } catch (error) {
      if (error instanceof StoreUnavailable) throw error
      throw new StoreUnavailable(this.#closed ? 'closed' : this.#reasonOf(error))
    }
  }

  /** Refuses further calls. */
  close(): void {
    this.#closed = true
  }

  async #counted<T>(call: () => Promise<T>): Promise<T> {
    this.#underWay += 1
    try {
      const answer = await call()
      this.#abandoned = 0
      return answer
    } catch (error) {
      this.#abandoned = this.#isAbandoned(error) ? this.#abandoned + 1 : 0
      throw error
    } finally {
      this.#underWay -= 1
    }
  }
}

/**
 * The outcome of some work, or StoreUnavailable when the time is up first. A reply that waits in the socket because this
 * process was busy is read before the time counts as up.
 */
async function within<T>(work: Promise<T>, timeout: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => setImmediate(() => reject(new StoreUnavailable('timeout'))), timeout)
    work.finally(() => clearTimeout(timer)).then(resolve, reject)
  })
}
