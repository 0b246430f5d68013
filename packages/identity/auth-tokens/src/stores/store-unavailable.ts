/**
 * The store did not answer in time, or with an error. Whether the call took effect is not known; each may be repeated.
 * Carries no error of the client library, since those hold the arguments of the failed command.
 */
export class StoreUnavailable extends Error {
  readonly code = 'PORTCULLIS_AUTH_TOKENS_STORE_UNAVAILABLE'
  override readonly name = 'StoreUnavailable'

  /** @param reason in a word, such as ECONNREFUSED */
  constructor(reason: string) {
    super(`The store of tokens is unavailable (${reason}).`)
  }
}
