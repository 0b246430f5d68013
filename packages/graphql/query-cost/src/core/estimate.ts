import type { DocumentNode } from 'graphql'
import { clamp, STANDARD_INTROSPECTION_COST } from './arithmetic.ts'
import { evaluate } from './formula/evaluate.ts'
import type { CostEstimate, CostModel, CostRequest } from './types.ts'

const NOTHING_SENT = {}

/** The variables of a request, whatever was sent in their place. */
export function sentWith({ variables }: CostRequest): object {
  const sent: unknown = variables
  return typeof sent === 'object' && sent !== null ? sent : NOTHING_SENT
}

/**
 * Prices an operation of a parsed document: an upper bound of what executing it can cost, by the IBM GraphQL Cost
 * Directives specification's static query analysis. Never throws, whatever the document (which need not be valid:
 * unknown fields and fragments cost nothing, since execution refuses them) and whatever the variables.
 *
 * The first time it sees an operation it compiles a formula over the variables, in time linear in the document or, on
 * documents made to be hard, bounded by the model's budget. The formula is kept as long as the document, which must
 * not be changed afterwards; from then on only the variables are read.
 */
export function estimateCost(
  model: CostModel,
  document: DocumentNode,
  request: CostRequest = {},
): CostEstimate {
  const values = sentWith(request)
  const meter = { steps: 0 }
  const formula = model.formulas.of(document, request.operation, values, meter)
  const problems = evaluate(formula, values, meter)
  const { registers, type, field, meta, joint, approximate } = formula
  const typeCost = registers[type] ?? Infinity
  const fieldCost = registers[field] ?? Infinity
  const introspectionCost = introspectionOf(model, registers[meta] ?? Infinity)
  const together = joint < 0 ? typeCost + fieldCost : (registers[joint] ?? Infinity)
  return {
    cost: together + introspectionCost,
    typeCost,
    fieldCost,
    introspectionCost,
    approximate,
    problems,
    steps: meter.steps,
  }
}

/** The price of introspection work in raw units: a share of what the standard query costs. */
export const introspectionOf = ({ introspectionUnit }: CostModel, units: number): number =>
  units === 0 ? 0 : clamp(Math.ceil((units / introspectionUnit) * STANDARD_INTROSPECTION_COST))
