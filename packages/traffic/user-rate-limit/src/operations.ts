import type * as GraphqlGate from '@portcullis/graphql-gate'
import type { OperationBatch } from '@portcullis/graphql-gate'
import type { Refusal } from '@portcullis/kernel'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { PricedPolicy } from './decide-limits.ts'
import { MissingGateError } from './errors.ts'
import type { CompiledPolicy } from './policies/compile-policies.ts'

/** Decides the policies of a request that need its operations. */
export type DecideBudget = (batch: OperationBatch) => Promise<Refusal | undefined>

const charged = new WeakMap<FastifyRequest, number>()

/** The price of the operations that were not charged yet: stored documents of one request are known one by one. */
function newCost(request: FastifyRequest): number {
  const { queryCost } = request as { queryCost?: { readonly cost: number } }
  const total = Math.min(queryCost?.cost ?? 0, Number.MAX_SAFE_INTEGER)
  const cost = Math.ceil(Math.max(0, total - (charged.get(request) ?? 0)))
  charged.set(request, total)
  return cost
}

/**
 * What each policy costs for the operations of a batch: policies for a kind of operation count each one of that kind;
 * those by price charge it once.
 */
export async function priceOperations(
  policies: readonly CompiledPolicy[],
  { request, operations }: OperationBatch,
): Promise<PricedPolicy[]> {
  const price = policies.some((one) => one.cost === 'queryCost') ? newCost(request) : 0
  const priced: PricedPolicy[] = []
  for (const compiled of policies) {
    const { when, cost } = compiled
    if (typeof when === 'function' && !(await when(request))) continue
    const count =
      typeof when === 'string' ? operations.filter(({ kind }) => kind === when).length : operations.length
    if (count === 0) continue
    if (cost === 'queryCost') priced.push({ compiled, cost: price })
    else priced.push({ compiled, cost: count * (typeof cost === 'number' ? cost : await cost(request)) })
  }
  return priced
}

/** graphql-gate, or `undefined` where it is not installed: a REST app never installs graphql. */
async function loadGraphqlGate(): Promise<typeof GraphqlGate | undefined> {
  try {
    return await import('@portcullis/graphql-gate')
  } catch (error) {
    // Anything else is a defect of an installed package, which must not pass for its absence.
    if ((error as { code?: unknown }).code === 'ERR_MODULE_NOT_FOUND') return undefined
    throw error
  }
}

/**
 * Adds the check of the `budget` phase, where graphql-gate is installed.
 *
 * @param needing a policy of the plugin that needs operations, if there is one: then graphql-gate is loaded for it
 * @throws PORTCULLIS_USER_RATE_LIMIT_MISSING_GATE when such a policy exists and graphql-gate is not installed
 */
export async function addBudgetCheck(
  app: FastifyInstance,
  needing: CompiledPolicy | undefined,
  decide: DecideBudget,
): Promise<void> {
  const gate = await loadGraphqlGate()
  if (gate === undefined) {
    if (needing === undefined) return
    const mend = '@portcullis/graphql-gate and graphql: npm install @portcullis/graphql-gate graphql'
    throw new MissingGateError(needing.policy.name, mend)
  }
  if (needing !== undefined) gate.useGraphqlGate(app, 'userRateLimit')
  gate.addCheck(app, { name: 'userRateLimit', phase: 'budget', run: decide })
}

/**
 * Refuses to boot where a policy waits for facts that nobody will bring.
 *
 * @throws PORTCULLIS_USER_RATE_LIMIT_MISSING_GATE
 */
export function requireFacts(scope: FastifyInstance, policies: readonly CompiledPolicy[]): void {
  for (const { policy, point, cost } of policies) {
    if (point === 'budget' && !scope.hasDecorator('graphqlGate')) {
      throw new MissingGateError(
        policy.name,
        '@portcullis/graphql-gate to be registered in its scope, to know operations',
      )
    }
    if (cost === 'queryCost' && !scope.hasRequestDecorator('queryCost')) {
      throw new MissingGateError(
        policy.name,
        "@portcullis/query-cost to be registered in its scope, for cost: 'queryCost'",
      )
    }
  }
}
