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

/** What one policy of user-rate-limit said to a request. */
export interface LimitFact {
  readonly policy: {
    readonly name: string
    /** Milliseconds. */
    readonly window?: number
    /** The most units at once. */
    readonly capacity?: number
  }
  /** Units per window. */
  readonly quota: number
  /** Units left. */
  readonly remaining: number
  /** Whether it is why the request was refused. */
  readonly violated: boolean
  /** Set when the store did not decide. */
  readonly degraded?: 'open' | 'local'
  /** Set when what it charges is the price of operations. */
  readonly charges?: 'queryCost'
}

/** What query-cost found the operations of a request to cost together. */
export interface CostFact {
  readonly cost: number
  /** What they really cost, once all of them are answered. */
  readonly actual?: { readonly cost: number } | undefined
}

/** One GraphQL operation of a request, as graphql-gate found it. */
export interface OperationFact {
  /** `query`, `mutation` or `subscription`. */
  readonly kind: string
  /** Its name in the document. */
  readonly name: string | undefined
  /** The fields of the root type that it selects, by their names in the schema. */
  readonly rootFields: readonly string[]
}

/** What gates know of a request, each under the name of its decorator. What is missing, no gate has found out. */
export interface GateFacts {
  readonly userRateLimit?: readonly LimitFact[] | undefined
  readonly queryCost?: CostFact | undefined
  readonly pii?: PiiFact | undefined
  readonly graphqlOperations?: readonly OperationFact[] | undefined
}
