import type { FastifyInstance } from 'fastify'

/** Values of a gate's registrations, each seen from its scope and the scopes within it. Keeps no app alive. */
export interface ScopedValue<T> {
  /** Sets the value of a scope; a scope within it may have another. */
  set(scope: FastifyInstance, value: T): void
  /** The value of the nearest scope that has one. */
  get(scope: FastifyInstance): T | undefined
}

/** Creates an empty {@link ScopedValue}. */
export function createScopedValue<T>(): ScopedValue<T> {
  const values = new WeakMap<object, T>()
  return {
    set: (scope, value) => void values.set(scope, value),
    get(scope) {
      // Child scopes of Fastify have their parent as prototype.
      for (let one: object | null = scope; one !== null; one = Object.getPrototypeOf(one) as object | null) {
        const value = values.get(one)
        if (value !== undefined) return value
      }
      return undefined
    },
  }
}
