/**
 * The store did not answer in time, or with an error. Whether the call took effect is not known; each may be repeated.
 * Carries no error of the client library, since those hold the arguments of the failed command.
 */
export class StoreUnavailable extends Error {
  readonly code = 'PORTCULLIS_AUTH_TOKENS_STORE_UNAVAILABLE'
  override readonly name = 'StoreUnavailable'
  /** In a word, such as `timeout`, `ECONNREFUSED`, or the code of the store's error. */
  readonly reason: string

  /** @param reason see there */
  constructor(reason: string) {
    super(`The store of tokens is unavailable (${reason}).`)
    this.reason = reason
  }
}
