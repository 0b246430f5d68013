/**
 * Whether a value is waited for. What has a `then` need not be a promise: it may return none, and nobody catches what is
 * thrown in its callbacks, so make it one with `Promise.resolve()`.
 */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
