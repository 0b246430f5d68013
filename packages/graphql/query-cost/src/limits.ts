import type { Principal } from '@portcullis/kernel'
import type { CostLimits, ResolvedQueryCostOptions } from './options.ts'

/** The limits that hold for somebody; `Infinity` where there is none. */
export type EffectiveLimits = { readonly [Limit in keyof CostLimits]-?: number }

function limitOf(
  key: keyof CostLimits,
  options: ResolvedQueryCostOptions,
  principal: Principal | undefined,
): number {
  const ofRoles = (principal?.roles ?? [])
    .filter((role) => Object.hasOwn(options.roles, role))
    .map((role) => options.roles[role]?.[key])
    .filter((limit) => limit !== undefined)
  return ofRoles.length > 0 ? Math.max(...ofRoles) : (options[key] ?? Number.POSITIVE_INFINITY)
}

/** The limits for a principal: those of its most generous role, else the general ones. */
export function limitsFor(
  options: ResolvedQueryCostOptions,
  principal: Principal | undefined,
): EffectiveLimits {
  return {
    maxCost: limitOf('maxCost', options, principal),
    maxTypeCost: limitOf('maxTypeCost', options, principal),
    maxFieldCost: limitOf('maxFieldCost', options, principal),
  }
}
