import type { FastifyRequest } from 'fastify'

/** A value that single requests carry. */
export interface RequestValue<T> {
  /** The value of this very request: that of the request an operation came with is another. */
  get(request: FastifyRequest): T | undefined
  set(request: FastifyRequest, value: T): void
}

/**
 * Creates a {@link RequestValue}. Copies of a package in one process meet in the same key.
 *
 * @param key such as `portcullis.query-cost/1`
 */
export function createRequestValue<T>(key: string): RequestValue<T> {
  const symbol = Symbol.for(key)
  type Carrier = FastifyRequest & { [symbol]?: { readonly of: FastifyRequest; readonly value: T } }
  return {
    get(request) {
      // An operation's own request inherits from the one it came with. Asked for each field of GraphQL answers, this is
      // quicker than to ask whose property it is.
      const known = (request as Carrier)[symbol]
      return known?.of === request ? known.value : undefined
    },
    // Assigned, not defined: a definition costs more than most decisions.
    set(request, value) {
      ;(request as Carrier)[symbol] = { of: request, value }
    },
  }
}
