import { beginExecution, recordRefusal } from '@portcullis/kernel'
import type { FastifyRequest } from 'fastify'
import { GraphQLError } from 'graphql'
import { RunningCost, startingCost } from './core/index.ts'
import type { ActualCost, RunningLimits } from './core/index.ts'
import { QueryBudgetExhausted } from './errors.ts'
import type { EffectiveLimits } from './limits.ts'
import type { ResolvedQueryCostOptions } from './options.ts'
import { costRequestOf } from './priced-operation.ts'
import type { PricedOperation } from './priced-operation.ts'
import { costRefusal } from './refusal.ts'

/** The operations of a request while their cost is counted. */
export class Execution {
  readonly running: RunningCost
  readonly #request: FastifyRequest
  readonly #limits: RunningLimits
  readonly #options: ResolvedQueryCostOptions
  #reported = false
  #error: GraphQLError | undefined

  constructor(
    request: FastifyRequest,
    running: RunningCost,
    limits: RunningLimits,
    options: ResolvedQueryCostOptions,
  ) {
    this.#request = request
    this.running = running
    this.#limits = limits
    this.#options = options
  }

  get actual(): ActualCost {
    return this.running.actual
  }

  /** Why the operations were ended, if they were. */
  get error(): GraphQLError | undefined {
    return this.#error
  }

  /** Ends the operations where they have passed a limit. @throws the error with which every field ends from then on */
  check(): void {
    if (this.#error !== undefined) throw this.#error
    const { passed } = this.running
    if (passed === undefined || this.#reported) return
    this.#reported = true
    const limit = this.#limits[passed]
    const error = new QueryBudgetExhausted()
    // Resolvers ran: what was charged for them stays charged.
    beginExecution(this.#request)
    void recordRefusal(this.#request, costRefusal(error, this.#options, limit, this.running.actual[passed]))
    if (this.#options.mode === 'measure') return
    this.#error = new GraphQLError(error.message, { extensions: { code: error.code } })
    throw this.#error
  }
}

const executions = new WeakMap<FastifyRequest, Execution>()

/** The count of a request, where it is counted while it executes. */
export function executionOf(request: FastifyRequest): Execution | undefined {
  return executions.get(request)
}

/** Begins to count the operations of a request, or goes on with more of them. */
export function countWhileExecuting(
  request: FastifyRequest,
  priced: readonly Pick<PricedOperation, 'operation' | 'model' | 'estimate'>[],
  { maxCost, maxTypeCost, maxFieldCost }: EffectiveLimits,
  options: ResolvedQueryCostOptions,
): void {
  const limits = { cost: maxCost, typeCost: maxTypeCost, fieldCost: maxFieldCost }
  const multiplied = priced.some(({ model }) => model.costed.multiplied)
  const execution =
    executions.get(request) ?? new Execution(request, new RunningCost(limits, multiplied), limits, options)
  executions.set(request, execution)
  for (const { operation, model, estimate } of priced)
    execution.running.start(startingCost(model, operation.document, costRequestOf(operation), estimate))
}
