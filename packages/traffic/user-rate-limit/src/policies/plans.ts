import { createRequestValue } from '@portcullis/kernel'
import type { FastifyRequest } from 'fastify'
import { LRUCache } from 'lru-cache'
import type { Policy } from '../core/policy.ts'
import type { CompiledPolicy } from './compile-policies.ts'

/** Answers the plan of who sends a request, such as `pro`; `null` or `undefined` where there is none. */
export type PlanOf = (
  request: FastifyRequest,
) => string | null | undefined | Promise<string | null | undefined>

/** Finds the plan of a request. */
export type Plans = (request: FastifyRequest) => Promise<string | undefined>

/** Plans kept in memory, one for each principal. */
const MOST_PLANS = 10_000

const found = createRequestValue<Promise<string | undefined>>('portcullis.user-rate-limit.plan/1')

async function ask(planOf: PlanOf, request: FastifyRequest): Promise<string | undefined> {
  const plan = await planOf(request)
  if (plan === null || plan === undefined || plan === '') return undefined
  if (typeof plan !== 'string')
    throw new TypeError(`userRateLimit.plan must answer a string, null or undefined, got ${typeof plan}.`)
  return plan
}

/**
 * Asks for plans, once a request and once in `cacheFor` for each principal. Nobody is asked about those that nobody
 * knows: they have no plan.
 *
 * @param cacheFor milliseconds
 */
export function plansOf(planOf: PlanOf, cacheFor: number): Plans {
  const known = new LRUCache<string, Promise<string | undefined>>({ max: MOST_PLANS, ttl: cacheFor })
  const find = async (request: FastifyRequest): Promise<string | undefined> => {
    const { kind, id, tenantId } = await request.resolvePrincipal()
    if (id === null) return undefined
    const key = JSON.stringify([kind, id, tenantId])
    const kept = known.get(key)
    if (kept !== undefined) return kept
    const plan = ask(planOf, request)
    known.set(key, plan)
    // What went wrong once is asked again.
    plan.catch(() => known.delete(key))
    return plan
  }
  return async (request) => {
    const asked = found.get(request)
    if (asked !== undefined) return asked
    const plan = find(request)
    found.set(request, plan)
    return plan
  }
}

/** The policy as a plan has it: its own for a plan that it does not name, `undefined` where it does not hold. */
export async function plannedPolicy(
  { policy, plans }: CompiledPolicy,
  request: FastifyRequest,
  planOf: Plans | undefined,
): Promise<Policy | undefined> {
  if (plans.size === 0 || planOf === undefined) return policy
  const plan = await planOf(request)
  const planned = plan === undefined ? undefined : plans.get(plan)
  return planned === false ? undefined : (planned ?? policy)
}
