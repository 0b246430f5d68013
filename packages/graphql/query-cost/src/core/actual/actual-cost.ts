import type { DocumentNode, OperationDefinitionNode } from 'graphql'
import { rootOf, type Definitions } from '../compile-cost.ts'
import { addFlat, jointOf, raiseTo, zero, type CostVector } from '../cost-vector.ts'
import { estimateCost, introspectionOf, sentWith } from '../estimate.ts'
import { Calculator } from '../formula/calculator.ts'
import { Draft } from '../formula/draft.ts'
import { Algebra, type Value } from '../formula/expression.ts'
import { Operation } from '../operation.ts'
import type { ActualCost, CostModel, CostRequest } from '../types.ts'
import { AnswerWalk } from './answer-walk.ts'
import { ObjectPlans } from './object-plan.ts'

/**
 * Counts what executing an operation cost from its answer, by the specification's query response analysis: the weights
 * of the objects and values that are there, lists at their real length, null as nothing, and a resolver call for each
 * field of each object. Never throws. Where resolvers honour the sizes that were asked for, it is never above
 * `estimateCost` of the same request.
 *
 * What the answer does not show is not counted: a call whose result an error below replaced by null, and what `@defer`
 * and `@stream` send later.
 *
 * @param data the member `data` of the answer, before or after it was written as JSON
 */
export function actualCost(
  model: CostModel,
  document: DocumentNode,
  data: unknown,
  request: CostRequest = {},
): ActualCost {
  const { operations, fragments } = model.formulas.asked(document, request.operation)
  const sum = zero()
  const algebra = new Algebra()
  let guessed = operations.length > 1
  for (const definition of operations) {
    const walked = walk(model, document, { definition, fragments }, data, sentWith(request))
    if (walked === undefined) return { ...pick(estimateCost(model, document, request)), approximate: true }
    raiseTo(algebra, sum, walked.cost)
    guessed ||= walked.guessed
  }
  const typeCost = numberOf(sum.type)
  const fieldCost = numberOf(sum.field)
  const introspectionCost = introspectionOf(model, numberOf(sum.meta))
  return {
    cost: numberOf(jointOf(algebra, sum)) + introspectionCost,
    typeCost,
    fieldCost,
    introspectionCost,
    approximate: guessed,
  }
}

interface Asked {
  readonly definition: OperationDefinitionNode
  readonly fragments: Definitions['fragments']
}

interface Walked {
  readonly cost: CostVector
  readonly guessed: boolean
}

function walk(
  { costed }: CostModel,
  document: DocumentNode,
  { definition, fragments }: Asked,
  data: unknown,
  sent: object,
): Walked | undefined {
  const meter = { steps: 0 }
  const draft = new Draft(sent)
  const root = rootOf(costed, definition)
  const flat = costed.operationCost[definition.operation]
  if (root === undefined) return { cost: zero(), guessed: false }
  const operation = new Operation(costed, fragments, definition, draft, meter)
  const answer = new AnswerWalk({
    plans: new ObjectPlans(operation, new Calculator(draft, sent, meter), meter),
    types: costed.composites,
    document,
    meter,
    budget: costed.budget,
  })
  const cost = answer.value(data, root, [definition.selectionSet])
  addFlat(draft.algebra, cost, flat)
  return answer.spent ? undefined : { cost, guessed: answer.guessed }
}

const pick = ({ cost, typeCost, fieldCost, introspectionCost }: Omit<ActualCost, 'approximate'>) => ({
  cost,
  typeCost,
  fieldCost,
  introspectionCost,
})

/** Answers hold no variables, so all sums are known. */
const numberOf = (value: Value): number => (typeof value === 'number' ? value : Infinity)
