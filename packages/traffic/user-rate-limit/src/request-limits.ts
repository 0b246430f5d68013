import { createRequestValue } from '@portcullis/kernel'
import type { FastifyRequest } from 'fastify'
import type { Limit } from './core/verdict.ts'

const said = createRequestValue<readonly Limit[]>('portcullis.user-rate-limit/1')

/** What the enforced policies said to a request so far, in order of decision. */
export function limitsOf(request: FastifyRequest): readonly Limit[] {
  return said.get(request) ?? []
}

/** Adds what policies said; a policy that is asked again for the same request keeps its last answer. */
export function rememberLimits(request: FastifyRequest, limits: readonly Limit[]): readonly Limit[] {
  const before = said.get(request)
  if (before === undefined) {
    said.set(request, limits)
    return limits
  }
  const names = new Set(limits.map(({ policy }) => policy.name))
  const all = [...before.filter(({ policy }) => !names.has(policy.name)), ...limits]
  said.set(request, all)
  return all
}
