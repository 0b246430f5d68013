/** Why a store could not decide. */
export type StoreFault = 'timeout' | 'unreachable' | 'breaker-open' | 'late' | 'script' | 'full' | 'closed'

/**
 * The store could not decide a call within its time. Nothing is known to have been charged, and nothing will be charged
 * later. Carries no error of the client library, since those hold the arguments of the failed command.
 */
export class StoreUnavailable extends Error {
  readonly code = 'PORTCULLIS_USER_RATE_LIMIT_STORE_UNAVAILABLE'
  override readonly name = 'StoreUnavailable'
  /** What went wrong. */
  readonly fault: StoreFault
  /** Names of the policies that refuse because of it (`onStoreError: 'closed'`); empty when the store itself throws. */
  readonly policies: readonly string[]

  constructor(fault: StoreFault, policies: readonly string[] = []) {
    super(`The rate limit store is unavailable (${fault}).`)
    this.fault = fault
    this.policies = policies
  }
}
