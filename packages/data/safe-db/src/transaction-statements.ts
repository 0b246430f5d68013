import { TransactionOverError } from './errors.ts'

/** The statements of one transaction, or of one inside it, in a row; the first that fails is the last. */
export class TransactionStatements {
  #last: Promise<unknown> = Promise.resolve()
  #over: Error | undefined
  #nested = false
  failure: unknown

  /** Runs after what was given before, unless the transaction is over. */
  add<T>(run: () => Promise<T>): Promise<T> {
    if (this.#nested) return this.#refuse()
    const next = this.#next(run)
    this.#last = next.catch((error: unknown) => this.fail(error))
    return next
  }

  /** Runs a transaction inside of this one. Where it fails, this one may go on. */
  nest<T>(run: () => Promise<T>): Promise<T> {
    if (this.#nested) return this.#refuse()
    const next = this.#next(async () => {
      try {
        return await run()
      } finally {
        this.#nested = false
      }
    })
    this.#nested = true
    this.#last = next.catch(() => undefined)
    return next
  }

  /** To wait for the inner one would be to wait for oneself, where this is called inside of it. */
  #refuse(): Promise<never> {
    const error = new TransactionOverError('one inside it is open, and takes the statements')
    this.fail(error)
    return Promise.reject(error)
  }

  #next<T>(run: () => Promise<T>): Promise<T> {
    return this.#last.then(async () => {
      if (this.#over !== undefined) throw this.#over
      return run()
    })
  }

  /** Lets nothing more begin after something has failed. */
  fail(error: unknown): void {
    this.failure ??= error
    this.#over ??= new TransactionOverError('a statement in it has failed')
  }

  /** Lets nothing more begin, and waits for what is under way. Statements that still wait for their turn fail. */
  async end(reason: string): Promise<void> {
    this.#over ??= new TransactionOverError(reason)
    await this.#last
  }
}
