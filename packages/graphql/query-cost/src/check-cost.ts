import { addExtensions } from '@portcullis/graphql-gate'
import type { GraphQLOperation, OperationBatch } from '@portcullis/graphql-gate'
import { environmentOf } from '@portcullis/kernel'
import type { ClientError, CodedError, Refusal } from '@portcullis/kernel'
import type { FastifyRequest } from 'fastify'
import { estimateCost } from './core/index.ts'
import type { CostEstimate, CostModel, CostProblem, CostProblemCode } from './core/index.ts'
import {
  InvalidSlicingValue,
  MissingSlicingArgument,
  QueryTooExpensive,
  SeveralSlicingArguments,
} from './errors.ts'
import { limitsFor } from './limits.ts'
import type { EffectiveLimits } from './limits.ts'
import type { ResolvedQueryCostOptions } from './options.ts'
import { rememberCost } from './request-cost.ts'

const PROBLEMS: Readonly<Record<CostProblemCode, CodedError<string>>> = {
  'missing-slicing-argument': MissingSlicingArgument,
  'several-slicing-arguments': SeveralSlicingArguments,
  'invalid-slicing-value': InvalidSlicingValue,
}

const LIMITS = [
  ['maxCost', 'cost'],
  ['maxTypeCost', 'typeCost'],
  ['maxFieldCost', 'fieldCost'],
] as const

/** Prices one operation; of several candidates, the dearest. */
export function priceOf(model: CostModel, operation: GraphQLOperation): CostEstimate {
  const { document, variables, candidates } = operation
  const [only] = candidates
  return estimateCost(model, document, {
    variables,
    operation: candidates.length === 1 && only ? only : null,
  })
}

function refusal(
  error: ClientError,
  options: ResolvedQueryCostOptions,
  limit?: number,
  actual?: number,
): Refusal {
  const details = { code: error.code, limit, actual }
  return {
    gate: 'queryCost',
    error,
    mode: options.mode,
    event: { type: 'query.cost_exceeded', severity: 'WARNING', details },
  }
}

/** The error with which an operation is refused whose sizes cannot be accepted. */
export function problemError({ code, coordinate, slicingArguments }: CostProblem): ClientError {
  return new PROBLEMS[code](coordinate, slicingArguments.map((name) => `'${name}'`).join(', '))
}

/** Numbers that JSON can carry: an unbounded cost is told without one. */
function printable(cost: number): number | undefined {
  return Number.isFinite(cost) ? cost : undefined
}

function tooExpensive(cost: number, limit: number, expose: boolean): ClientError {
  const told = printable(cost)
  const error: ClientError = expose
    ? new QueryTooExpensive(told === undefined ? '' : ` ${told}`, ` ${limit}`)
    : new QueryTooExpensive('', '')
  if (expose) error.extensions = { cost: { requestedQueryCost: told, maximumQueryCost: limit } }
  return error
}

function exceeded(total: EffectiveCost, limits: EffectiveLimits): (typeof LIMITS)[number] | undefined {
  return LIMITS.find(([limit, measure]) => total[measure] > limits[limit])
}

type EffectiveCost = Pick<CostEstimate, 'cost' | 'typeCost' | 'fieldCost'>

/** Judges the price of all operations of a request together. */
export async function checkCost(
  { request, operations, earlier }: OperationBatch,
  model: CostModel,
  options: ResolvedQueryCostOptions,
): Promise<Refusal | undefined> {
  const estimates = operations.map((operation) => priceOf(model, operation))
  const total = rememberCost(request, estimates)
  const problem = estimates.flatMap((estimate) => estimate.problems)[0]
  if (problem !== undefined) return refusal(problemError(problem), options)

  const principal = Object.keys(options.roles).length > 0 ? await request.resolvePrincipal() : undefined
  const limits = limitsFor(options, principal)
  const expose = exposes(request, options)
  const passed = exceeded(total, limits)
  if (passed !== undefined) {
    const [limit, measure] = passed
    const error = tooExpensive(total[measure], limits[limit], expose)
    return refusal(error, options, limits[limit], printable(total[measure]))
  }
  if (expose) {
    estimates.forEach(({ cost }, index) => {
      const told = { requestedQueryCost: printable(cost), maximumQueryCost: printable(limits.maxCost) }
      addExtensions(request, earlier.length + index, { cost: told })
    })
  }
  return undefined
}

function exposes(request: FastifyRequest, options: ResolvedQueryCostOptions): boolean {
  return options.exposeLimits ?? environmentOf(request.server) !== 'production'
}
