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
  type Carrier = FastifyRequest & { [symbol]?: T }
  return {
    // An operation's own request inherits from the one it came with.
    get: (request) => (Object.hasOwn(request, symbol) ? (request as Carrier)[symbol] : undefined),
    set: (request, value) => void Object.defineProperty(request, symbol, { value, configurable: true }),
  }
}
