import { compilePolicy } from './core/policy.ts'
import type { CorsPolicy } from './core/policy.ts'
import type { ResolvedStrictCorsOptions } from './options.ts'

const compiled = new WeakMap<ResolvedStrictCorsOptions, CorsPolicy>()

/** The compiled policy of a route's options, made when first asked for. */
export function policyOf(options: ResolvedStrictCorsOptions): CorsPolicy {
  let policy = compiled.get(options)
  if (policy === undefined) {
    policy = compilePolicy(options)
    compiled.set(options, policy)
  }
  return policy
}
