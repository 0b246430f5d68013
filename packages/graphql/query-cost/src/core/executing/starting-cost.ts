import type { DocumentNode } from 'graphql'
import { actualCost } from '../actual/actual-cost.ts'
import { rootOf } from '../compile-cost.ts'
import type { ActualCost, CostEstimate, CostModel, CostRequest } from '../types.ts'

/**
 * What an operation costs before its first resolver runs: the root object, its flat cost, and all the introspection that
 * it can ask for, which has no resolvers to count.
 */
export function startingCost(
  model: CostModel,
  document: DocumentNode,
  request: CostRequest,
  { introspectionCost }: CostEstimate,
): Pick<ActualCost, 'typeCost' | 'fieldCost' | 'introspectionCost'> {
  const { operations } = model.formulas.asked(document, request.operation)
  const weights = operations.map((operation) => rootOf(model.costed, operation)?.weight ?? 0)
  const { fieldCost } = actualCost(model, document, null, request)
  return { typeCost: Math.max(0, ...weights), fieldCost, introspectionCost }
}
