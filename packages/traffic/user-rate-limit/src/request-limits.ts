import { createRequestValue } from '@portcullis/kernel'
import type { FastifyRequest } from 'fastify'
import type { Limit } from './core/verdict.ts'

const said = createRequestValue<readonly Limit[]>('portcullis.user-rate-limit/1')

/** What the enforced policies said to a request so far, in order of decision. */
export function limitsOf(request: FastifyRequest): readonly Limit[] {
  return said.get(request) ?? []
}

function areDistinct(limits: readonly Limit[]): boolean {
  for (let at = 1; at < limits.length; at += 1)
    for (let other = 0; other < at; other += 1)
      if (limits[at]?.policy.name === limits[other]?.policy.name) return false
  return true
}

/**
 * Adds what policies said; a policy that is asked again for the same request keeps its last answer, and of several
 * partitions that one call charged, the scarcest.
 */
export function rememberLimits(request: FastifyRequest, limits: readonly Limit[]): readonly Limit[] {
  const before = said.get(request)
  if (before === undefined && areDistinct(limits)) {
    said.set(request, limits)
    return limits
  }
  const latest = new Map<string, Limit>()
  for (const limit of limits) {
    const other = latest.get(limit.policy.name)
    const isScarcer =
      other === undefined || (limit.violated && !other.violated) || limit.remaining < other.remaining
    if (isScarcer && other?.violated !== true) latest.set(limit.policy.name, limit)
  }
  const all = [...(before ?? []).filter(({ policy }) => !latest.has(policy.name)), ...latest.values()]
  said.set(request, all)
  return all
}
