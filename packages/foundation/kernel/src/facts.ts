/**
 * What pii-masking has decided for a request so far, as `request.pii` shows it. The type is here, so that a gate that
 * reads the fact does not have to know the gate that finds it: ask whether `request.pii` is there.
 */
export interface PiiFact {
  /** Classified values that were masked or left out. */
  readonly masked: number
  /** Classified values that were shown as they are because of a role. */
  readonly revealed: number
  /** The kinds of what was masked or revealed, sorted. */
  readonly infoTypes: readonly string[]
}
