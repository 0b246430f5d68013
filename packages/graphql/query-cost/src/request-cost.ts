import { createRequestValue } from '@portcullis/kernel'
import type { FastifyRequest } from 'fastify'
import type { CostEstimate } from './core/index.ts'

/** What the operations of a request cost together. */
export interface RequestCost {
  /** `fieldCost + typeCost`, introspection included. */
  readonly cost: number
  readonly typeCost: number
  readonly fieldCost: number
  /** Whether any of it is a coarser upper bound, because the exact analysis ran out of its budget. */
  readonly approximate: boolean
}

const costs = createRequestValue<RequestCost>('portcullis.query-cost/1')

const NOTHING: RequestCost = Object.freeze({ cost: 0, typeCost: 0, fieldCost: 0, approximate: false })

/** What was priced of a request so far, or `undefined` when nothing was. */
export function requestCostOf(request: FastifyRequest): RequestCost | undefined {
  return costs.get(request)
}

/** Adds estimates to what the request costs. @returns the new sum */
export function rememberCost(request: FastifyRequest, estimates: readonly CostEstimate[]): RequestCost {
  const total = estimates.reduce<RequestCost>(
    (sum, one) => ({
      cost: sum.cost + one.cost,
      typeCost: sum.typeCost + one.typeCost,
      fieldCost: sum.fieldCost + one.fieldCost,
      approximate: sum.approximate || one.approximate,
    }),
    requestCostOf(request) ?? NOTHING,
  )
  costs.set(request, total)
  return total
}
