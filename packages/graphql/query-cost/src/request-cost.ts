import { createRequestValue } from '@portcullis/kernel'
import type { FastifyRequest } from 'fastify'
import type { ActualCost, CostEstimate } from './core/index.ts'
import { actualOf } from './answered-operations.ts'

/** What the operations of a request cost together. */
export interface RequestCost {
  /** Resolver calls and objects together, introspection included. */
  readonly cost: number
  readonly typeCost: number
  readonly fieldCost: number
  /** Whether any of it is a coarser upper bound, because the exact analysis ran out of its budget. */
  readonly approximate: boolean
  /**
   * What they really cost: counted from the answers when somebody asks, or while they executed. `undefined` until all
   * are answered, and where graphql-gate does not see the answers. For a subscription, the latest event.
   */
  readonly actual: ActualCost | undefined
}

const costs = createRequestValue<RequestCost>('portcullis.query-cost/1')

type Sum = Omit<RequestCost, 'actual'>

const NOTHING: Sum = Object.freeze({ cost: 0, typeCost: 0, fieldCost: 0, approximate: false })

/** What was priced of a request so far, or `undefined` when nothing was. */
export function requestCostOf(request: FastifyRequest): RequestCost | undefined {
  return costs.get(request)
}

/** Adds estimates to what the request costs. @returns the new sum */
export function rememberCost(request: FastifyRequest, estimates: readonly CostEstimate[]): RequestCost {
  const { cost, typeCost, fieldCost, approximate } = estimates.reduce<Sum>(
    (sum, one) => ({
      cost: sum.cost + one.cost,
      typeCost: sum.typeCost + one.typeCost,
      fieldCost: sum.fieldCost + one.fieldCost,
      approximate: sum.approximate || one.approximate,
    }),
    requestCostOf(request) ?? NOTHING,
  )
  const total: RequestCost = {
    cost,
    typeCost,
    fieldCost,
    approximate,
    get actual() {
      return actualOf(request)
    },
  }
  costs.set(request, total)
  return total
}
