import type { GraphQLOperation, OperationBatch } from '@portcullis/graphql-gate'
import { environmentOf } from '@portcullis/kernel'
import type { ClientError, CodedError, Refusal } from '@portcullis/kernel'
import type { FastifyRequest } from 'fastify'
import { rememberOperation } from './answered-operations.ts'
import { estimateCost } from './core/index.ts'
import type { CostEstimate, CostModel, CostProblem, CostProblemCode } from './core/index.ts'
import { tellPrice } from './cost-headers.ts'
import {
  InvalidSlicingValue,
  MissingSlicingArgument,
  QueryTooExpensive,
  SeveralSlicingArguments,
} from './errors.ts'
import { countWhileExecuting } from './execution.ts'
import { limitsFor } from './limits.ts'
import type { EffectiveLimits } from './limits.ts'
import type { ResolvedQueryCostOptions } from './options.ts'
import { costRequestOf } from './priced-operation.ts'
import { costRefusal } from './refusal.ts'
import { rememberCost } from './request-cost.ts'
import { printable, tellRefused } from './tell-cost.ts'

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
  return estimateCost(model, operation.document, costRequestOf(operation))
}

/** The error with which an operation is refused whose sizes cannot be accepted. */
export function problemError({ code, coordinate, slicingArguments }: CostProblem): ClientError {
  return new PROBLEMS[code](coordinate, slicingArguments.map((name) => `'${name}'`).join(', '))
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
  { request, reply, operations }: OperationBatch,
  model: CostModel,
  options: ResolvedQueryCostOptions,
): Promise<Refusal | undefined> {
  const estimated = operations.map((operation) => ({ operation, model, estimate: priceOf(model, operation) }))
  const estimates = estimated.map(({ estimate }) => estimate)
  const total = rememberCost(request, estimates)
  const principal = Object.keys(options.roles).length > 0 ? await request.resolvePrincipal() : undefined
  const limits = limitsFor(options, principal)
  const expose = exposes(request, options)
  const told = { maxCost: limits.maxCost, expose, reply: options.headers ? reply : undefined }
  const priced = estimated.map((one) => ({ ...one, ...told }))
  for (const one of priced) rememberOperation(request, one)
  tellPrice(told.reply, total.cost, limits.maxCost)

  const refusal = refusalOf(estimates, total, limits, options, expose)
  if (refusal !== undefined) {
    // What is only measured runs, and is told when it is answered.
    if (options.mode === 'enforce') tellRefused(request, priced)
    return refusal
  }
  if (options.actual === 'executing') countWhileExecuting(request, priced, limits, options)
  return undefined
}

function refusalOf(
  estimates: readonly CostEstimate[],
  total: EffectiveCost,
  limits: EffectiveLimits,
  options: ResolvedQueryCostOptions,
  expose: boolean,
): Refusal | undefined {
  const problem = estimates.flatMap((estimate) => estimate.problems)[0]
  if (problem !== undefined) return costRefusal(problemError(problem), options)
  const passed = exceeded(total, limits)
  if (passed === undefined) return undefined
  const [limit, measure] = passed
  const error = tooExpensive(total[measure], limits[limit], expose)
  return costRefusal(error, options, limits[limit], printable(total[measure]))
}

function exposes(request: FastifyRequest, options: ResolvedQueryCostOptions): boolean {
  return options.exposeLimits ?? environmentOf(request.server) !== 'production'
}
