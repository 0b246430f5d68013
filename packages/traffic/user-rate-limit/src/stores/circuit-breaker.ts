/** Consecutive failures that open the breaker. */
const FAILURES = 3
/** Milliseconds before the first probe; doubled with each probe that fails, up to the second. */
const FIRST_PAUSE = 250
const LONGEST_PAUSE = 5_000

/**
 * Keeps requests away from a store that doesn't answer. Closed: all may pass. Open, after three failures in a row: none
 * may pass. Half open, when the pause is over: one probe may run, and its outcome closes the breaker or doubles the
 * pause.
 */
export class CircuitBreaker {
  readonly #now: () => number
  #failures = 0
  #pause = FIRST_PAUSE
  #openUntil: number | undefined
  #probing = false

  /** @param now a clock in milliseconds that never steps back */
  constructor(now: () => number) {
    this.#now = now
  }

  /** True while requests must not go to the store. */
  get open(): boolean {
    return this.#openUntil !== undefined
  }

  /** True once per pause: the caller has to probe and report the outcome. */
  mayProbe(): boolean {
    if (this.#openUntil === undefined || this.#probing || this.#now() < this.#openUntil) return false
    this.#probing = true
    return true
  }

  /** The store has answered. */
  succeeded(): void {
    this.#failures = 0
    this.#pause = FIRST_PAUSE
    this.#openUntil = undefined
    this.#probing = false
  }

  /** The store has not answered that many requests. */
  failed(requests = 1): void {
    this.#failures += requests
    if (this.#openUntil === undefined && this.#failures >= FAILURES)
      this.#openUntil = this.#now() + this.#pause
  }

  /** The store has not answered the probe. */
  probeFailed(): void {
    this.#probing = false
    this.#pause = Math.min(LONGEST_PAUSE, this.#pause * 2)
    this.#openUntil = this.#now() + this.#pause
  }
}
