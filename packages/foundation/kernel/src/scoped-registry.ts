import type { FastifyInstance } from 'fastify'
import { DuplicateRegistrationError } from './errors.ts'

/** One thing that was registered under a name in a scope. */
export interface ScopedEntry<T> {
  readonly scope: FastifyInstance
  readonly name: string
  readonly value: T
}

/** Things registered in Fastify scopes. A scope sees its own and its ancestors'; the innermost of a name wins. */
export interface ScopedRegistry<T> {
  /** @throws PORTCULLIS_KERNEL_DUPLICATE_REGISTRATION when `scope` itself has one of this name already */
  add(scope: FastifyInstance, name: string, value: T): void
  /** What holds in a scope: one entry for each name, in no particular order. */
  visibleFrom(scope: FastifyInstance): readonly ScopedEntry<T>[]
  /** The one of this name that holds in a scope. */
  find(scope: FastifyInstance, name: string): T | undefined
  /** Everything that was ever registered, in order of registration. */
  all(): readonly ScopedEntry<T>[]
}

/** Whether a scope is another one or lies within it. Child scopes of Fastify have their parent as prototype. */
export function isWithin(scope: FastifyInstance, outer: FastifyInstance): boolean {
  return scope === outer || Object.prototype.isPrototypeOf.call(outer, scope)
}

/** Creates an empty {@link ScopedRegistry}. Look-ups are cached for each scope until something is added. */
export function createScopedRegistry<T>(): ScopedRegistry<T> {
  const entries: ScopedEntry<T>[] = []
  let cache = new WeakMap<FastifyInstance, Map<string, ScopedEntry<T>>>()

  function resolve(scope: FastifyInstance): Map<string, ScopedEntry<T>> {
    const cached = cache.get(scope)
    if (cached !== undefined) return cached
    const visible = new Map<string, ScopedEntry<T>>()
    for (const entry of entries) {
      if (!isWithin(scope, entry.scope)) continue
      const known = visible.get(entry.name)
      if (known === undefined || isWithin(entry.scope, known.scope)) visible.set(entry.name, entry)
    }
    cache.set(scope, visible)
    return visible
  }

  return {
    add(scope, name, value) {
      if (entries.some((entry) => entry.scope === scope && entry.name === name)) {
        throw new DuplicateRegistrationError(name)
      }
      entries.push({ scope, name, value })
      cache = new WeakMap()
    },
    visibleFrom: (scope) => [...resolve(scope).values()],
    find: (scope, name) => resolve(scope).get(name)?.value,
    all: () => entries,
  }
}
