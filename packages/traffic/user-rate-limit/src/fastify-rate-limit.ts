import { LRUCache } from 'lru-cache'
import { InvalidPolicy } from './core/failures.ts'
import { partitionKeys } from './core/partition-key.ts'
import { definePolicy } from './core/policy.ts'
import type { Algorithm, OnStoreError, Policy } from './core/policy.ts'
import type { Verdict } from './core/verdict.ts'
import type { RateLimitStore } from './stores/store.ts'

export { RedisUnreachable } from '@portcullis/kernel/redis'
export { StoreUnavailable } from './stores/failures.ts'
export { MemoryStore } from './stores/memory-store.ts'
export type { MemoryStoreOptions } from './stores/memory-store.ts'
export type { RedisInstance, RedisOptions, RedisSource } from '@portcullis/kernel/redis'
export { RedisStore } from './stores/redis-store.ts'
export type { RedisStoreOptions } from './stores/redis-store.ts'
export type { RateLimitStore } from './stores/store.ts'
export { withStoreFallback } from './stores/store-fallback.ts'
export type { StoreFallbackOptions } from './stores/store-fallback.ts'

/** How @fastify/rate-limit counts in our stores. */
export interface FastifyRateLimitOptions {
  /** Where it counts: a `RedisStore`, a `MemoryStore`, or one with a fallback. The app closes it. */
  readonly store: RateLimitStore
  /** Key of the hash that names partitions in the store, so that no address or user id is stored. */
  readonly keySecret: string | Uint8Array
  /** Begins every key in the store. Default: `'fastify-rate-limit'`. */
  readonly prefix?: string
  /** How it counts. Default: `'sliding-window'`, which never admits more than `max` in any window. */
  readonly algorithm?: Exclude<Algorithm, 'gcra'>
  /** What happens while a store with a fallback is away. Default: `'local'`. */
  readonly onStoreError?: OnStoreError
}

/** Options of a route, as @fastify/rate-limit hands them to the store; others are ignored. */
export interface HostOptions {
  readonly groupId?: string | undefined
  readonly continueExceeding?: boolean | undefined
  readonly exponentialBackoff?: boolean | undefined
  readonly ban?: number | undefined
  readonly routeInfo?: { readonly method?: string | readonly string[]; readonly url?: string } | undefined
}

/** What @fastify/rate-limit is told: requests counted in the window, and milliseconds until that changes. */
export type HostCallback = (error: Error | null, result?: { current: number; ttl: number }) => void

/** A store as @fastify/rate-limit uses it. */
export interface HostStore {
  incr(key: string, callback: HostCallback, timeWindow: number, max: number): void
  read(key: string, callback: HostCallback, timeWindow: number, max: number): void
  /** The store of one route. @param options what the host knows of it, of which `HostOptions` is used */
  child(options: object): HostStore
}

/** The class for the `store` option of @fastify/rate-limit. */
export type HostStoreClass = new (options: object) => HostStore

const POLICY_NAME = 'fastify-rate-limit'

/**
 * A class for the `store` option of @fastify/rate-limit 11, which gives its users windows that hold at their edges, keys
 * that always expire, hashed identities and bounded waits, without a change to any route.
 *
 * - Routes with the same `groupId` share their count; HEAD shares with GET.
 * - Limiters of `createRateLimit` and `rateLimit` count together unless they have a `groupId`.
 * - Refused requests don't count, so `ban`, `continueExceeding` and `exponentialBackoff` can't be served and are refused.
 * - It carries one policy and a cost of 1 per request, as the host's store contract does; for more, use the plugin.
 *
 * @throws InvalidPolicy when a route asks for what can't be served.
 */
export function fastifyRateLimitStore(options: FastifyRateLimitOptions): HostStoreClass {
  const {
    store,
    keySecret,
    prefix = POLICY_NAME,
    algorithm = 'sliding-window',
    onStoreError = 'local',
  } = options
  const keys = partitionKeys({ secret: keySecret, prefix })
  const policies = new LRUCache<string, Policy>({ max: 1_000 })

  const policyOf = (timeWindow: number, quota: number): Policy => {
    const window = Math.ceil(timeWindow)
    const shape = `${window}:${quota}`
    const known = policies.get(shape)
    if (known !== undefined) return known
    const policy = definePolicy({ name: POLICY_NAME, quota, window, algorithm, onStoreError })
    policies.set(shape, policy)
    return policy
  }

  return class Store implements HostStore {
    readonly #scope: readonly string[]

    constructor(host: object, scope: readonly string[] = ['global']) {
      refuseUnservable(host)
      this.#scope = scope
    }

    incr(key: string, callback: HostCallback, timeWindow: number, max: number): void {
      this.#answer(key, callback, timeWindow, max, 1)
    }

    read(key: string, callback: HostCallback, timeWindow: number, max: number): void {
      this.#answer(key, callback, timeWindow, max, 0)
    }

    child(host: object): HostStore {
      return new Store(host, scopeOf(host))
    }

    #answer(key: unknown, callback: HostCallback, timeWindow: number, max: number, cost: number): void {
      const decide = async (): Promise<{ current: number; ttl: number }> => {
        // The host allows a limit of nothing.
        if (max === 0) return { current: cost, ttl: Math.ceil(timeWindow) }
        const identity = typeof key === 'number' ? String(key) : (key as string | undefined)
        const policy = policyOf(timeWindow, max)
        return counted(await store.reserve([{ key: keys.keyOf([...this.#scope, identity]), policy, cost }]))
      }
      decide().then(
        (result) => callback(null, result),
        (error: Error) => callback(error),
      )
    }
  }
}

function counted({ limits }: Verdict): { current: number; ttl: number } {
  const [limit] = limits
  if (limit === undefined) return { current: 0, ttl: 0 }
  // The host compares `current` with the `max` of the route, also where this instance has only its share of it.
  if (limit.violated)
    return { current: limit.policy.quota + 1, ttl: limit.retryAfterMs ?? limit.policy.window }
  return { current: limit.policy.quota - limit.remaining, ttl: limit.resetMs }
}

function scopeOf({ groupId, routeInfo }: HostOptions): readonly string[] {
  if (groupId !== undefined && groupId !== '') return ['group', groupId]
  if (routeInfo?.url === undefined || routeInfo.url === '') return ['limiter']
  const methods = [routeInfo.method ?? []].flat().map((method) => (method === 'HEAD' ? 'GET' : method))
  return ['route', [...new Set(methods)].sort().join(','), routeInfo.url]
}

function refuseUnservable(host: HostOptions): void {
  const asked = [
    ...(host.continueExceeding === true ? ['continueExceeding'] : []),
    ...(host.exponentialBackoff === true ? ['exponentialBackoff'] : []),
    ...(host.ban !== undefined && host.ban >= 0 ? ['ban'] : []),
  ]
  if (asked.length > 0) {
    throw new InvalidPolicy(
      `${asked.join(', ')} of @fastify/rate-limit can't be served: refused requests are not counted.`,
    )
  }
}
