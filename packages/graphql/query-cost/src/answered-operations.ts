import type { FastifyRequest } from 'fastify'
import { actualCost } from './core/index.ts'
import type { ActualCost } from './core/index.ts'
import { executionOf } from './execution.ts'
import { costRequestOf } from './priced-operation.ts'
import type { PricedOperation } from './priced-operation.ts'

/** The data that an operation was answered with. Counted when somebody asks. */
class Answered {
  readonly #priced: PricedOperation
  readonly #data: unknown
  #actual: ActualCost | undefined

  constructor(priced: PricedOperation, data: unknown) {
    this.#priced = priced
    this.#data = data
  }

  get actual(): ActualCost {
    const { operation, model } = this.#priced
    this.#actual ??= actualCost(model, operation.document, this.#data, costRequestOf(operation))
    return this.#actual
  }
}

interface Known {
  readonly priced: PricedOperation
  answered: Answered | undefined
}

const operations = new WeakMap<FastifyRequest, Known[]>()

/** Remembers an operation of a request, in order. */
export function rememberOperation(request: FastifyRequest, priced: PricedOperation): void {
  const known = operations.get(request)
  if (known === undefined) operations.set(request, [{ priced, answered: undefined }])
  else known.push({ priced, answered: undefined })
}

/** The operation of a request at a place, if it was priced. */
export function pricedAt(request: FastifyRequest, index: number): PricedOperation | undefined {
  return operations.get(request)?.[index]?.priced
}

/** Remembers what an operation was answered with; of several answers, the latest. */
export function rememberAnswer(request: FastifyRequest, index: number, data: unknown): void {
  const known = operations.get(request)?.[index]
  if (known !== undefined) known.answered = new Answered(known.priced, data)
}

/** What the latest answer of an operation says it cost. */
export function answeredCost(request: FastifyRequest, index: number): ActualCost | undefined {
  return operations.get(request)?.[index]?.answered?.actual
}

/** What the operations of a request really cost together, once all of them are answered. */
export function actualOf(request: FastifyRequest): ActualCost | undefined {
  const known = operations.get(request) ?? []
  const answers = known.flatMap(({ answered }) => answered ?? [])
  if (known.length === 0 || answers.length < known.length) return undefined
  const counted = executionOf(request)?.actual
  return counted ?? answers.map(({ actual }) => actual).reduce(plus)
}

const plus = (a: ActualCost, b: ActualCost): ActualCost => ({
  cost: a.cost + b.cost,
  typeCost: a.typeCost + b.typeCost,
  fieldCost: a.fieldCost + b.fieldCost,
  introspectionCost: a.introspectionCost + b.introspectionCost,
  approximate: a.approximate || b.approximate,
})
