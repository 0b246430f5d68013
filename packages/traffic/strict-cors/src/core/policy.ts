import { compileOrigins } from './origin-set.ts'

/** What a policy is made of, each part checked. */
export interface PolicySettings {
  /** Exact origins, patterns `https://*.example.com`, or `['*']`; `undefined` for no cross-origin access. */
  readonly origins: readonly string[] | undefined
  readonly methods: readonly string[]
  readonly allowedHeaders: readonly string[]
}

/** Why a cross-origin request is not granted. */
export type CorsReason = 'origin' | 'method' | 'headers'

/** A compiled policy: who may ask for what. */
export interface CorsPolicy {
  /** Whether there are any origins. */
  readonly on: boolean
  /** Whether every origin may, because the list is `['*']`. */
  readonly any: boolean
  /** Whether pages of an origin may. */
  allowsOrigin(origin: string): boolean
  /** Whether a method may be asked for. Browsers do not ask about GET's twin HEAD. */
  allowsMethod(method: string): boolean
  /** Whether all names of an `Access-Control-Request-Headers` may be sent. */
  allowsHeaders(names: string | undefined): boolean
}

/** Compiles a policy. */
export function compilePolicy({ origins = [], methods, allowedHeaders }: PolicySettings): CorsPolicy {
  const any = origins.length === 1 && origins[0] === '*'
  const set = compileOrigins(any ? [] : origins)
  const allowedMethods = new Set(methods)
  if (allowedMethods.has('GET')) allowedMethods.add('HEAD')
  const allowed = new Set(allowedHeaders.map((name) => name.toLowerCase()))
  return {
    on: origins.length > 0,
    any,
    allowsOrigin: (origin) => any || set.has(origin),
    allowsMethod: (method) => allowedMethods.has(method),
    allowsHeaders(names) {
      if (names === undefined) return true
      return names.split(',').every((part) => {
        const name = part.trim().toLowerCase()
        return name === '' || allowed.has(name)
      })
    },
  }
}

/**
 * Judges a request of a page: its own method, or in a preflight the method and headers it asks for.
 *
 * @returns `undefined` where the policy grants it, else why not
 */
export function judge(
  policy: CorsPolicy,
  origin: string,
  method: string,
  requestHeaders?: string,
): CorsReason | undefined {
  if (!policy.allowsOrigin(origin)) return 'origin'
  if (!policy.allowsMethod(method)) return 'method'
  return policy.allowsHeaders(requestHeaders) ? undefined : 'headers'
}
