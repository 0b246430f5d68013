import type { DocumentNode, OperationDefinitionNode } from 'graphql'
import { raiseTo, STANDARD_INTROSPECTION_COST, zero, type CostVector } from './arithmetic.ts'
import { CoarseAnalysis } from './coarse.ts'
import type { CostedObject, CostedSchema } from './costed.ts'
import { ExactAnalysis } from './exact.ts'
import { fragmentsOf, Operation } from './operation.ts'
import type { CostEstimate, CostModel, CostProblem, CostRequest } from './types.ts'

/** What an analysis found, before introspection is measured. */
export interface RawEstimate {
  readonly cost: Readonly<CostVector>
  readonly approximate: boolean
  readonly problems: readonly CostProblem[]
  readonly steps: number
}

/**
 * Prices an operation of a parsed document: an upper bound of what executing it can cost, by the IBM GraphQL Cost
 * Directives specification's static query analysis. Takes time linear in the document or, on documents made to be
 * hard, bounded by the model's budget. Never throws, whatever the document (which need not be valid: unknown fields
 * and fragments cost nothing, since execution refuses them) and whatever the variables.
 */
export function estimateCost(
  model: CostModel,
  document: DocumentNode,
  request: CostRequest = {},
): CostEstimate {
  const { cost, approximate, problems, steps } = analyze(model.costed, document, request)
  const introspectionCost = Math.ceil((cost.meta / model.introspectionUnit) * STANDARD_INTROSPECTION_COST)
  return {
    cost: cost.type + cost.field + introspectionCost,
    typeCost: cost.type,
    fieldCost: cost.field,
    introspectionCost,
    approximate,
    problems,
    steps,
  }
}

/** The analysis with introspection in raw units. */
export function analyze(costed: CostedSchema, document: DocumentNode, request: CostRequest): RawEstimate {
  const problems = new Map<string, CostProblem>()
  const fragments = fragmentsOf(document)
  const operations = candidates(document, request.operation)
  const exact = { steps: 0 }
  const cost = zero()
  let approximate = false
  const prepared = (definition: OperationDefinitionNode): Operation =>
    new Operation(costed, fragments, definition, request.variables, exact, problems)

  for (const definition of operations) {
    const root = rootOf(costed, definition)
    if (root === undefined) continue
    const analysis = new ExactAnalysis(prepared(definition), exact)
    raiseTo(cost, withFlatCost(analysis.root(definition.selectionSet, root), definition, costed))
    approximate ||= analysis.truncated
    if (!analysis.spent) continue
    return coarse(costed, operations, prepared, exact, problems)
  }
  return { cost, approximate, problems: [...problems.values()], steps: exact.steps }
}

function coarse(
  costed: CostedSchema,
  operations: readonly OperationDefinitionNode[],
  prepared: (definition: OperationDefinitionNode) => Operation,
  meter: { steps: number },
  problems: ReadonlyMap<string, CostProblem>,
): RawEstimate {
  const cost = zero()
  const limit = meter.steps + costed.budget
  for (const definition of operations) {
    const root = rootOf(costed, definition)
    if (root === undefined) continue
    const analysis = new CoarseAnalysis(prepared(definition), meter, limit)
    raiseTo(cost, withFlatCost(analysis.root(definition.selectionSet, root), definition, costed))
  }
  return { cost, approximate: true, problems: [...problems.values()], steps: meter.steps }
}

/** The operations one of which is executed: the one asked for, or all when that is not known. */
function candidates(
  document: DocumentNode,
  asked: CostRequest['operation'],
): readonly OperationDefinitionNode[] {
  if (typeof asked === 'object' && asked !== null) return [asked]
  const all = document.definitions.filter((definition) => definition.kind === 'OperationDefinition')
  const named = all.filter(
    (operation) => asked !== null && asked !== undefined && operation.name?.value === asked,
  )
  return named.length > 0 ? named : all
}

function rootOf(costed: CostedSchema, { operation }: OperationDefinitionNode): CostedObject | undefined {
  const name = costed.schema.getRootType(operation)?.name
  return name === undefined ? undefined : costed.composites.get(name)?.possible[0]
}

function withFlatCost(
  cost: Readonly<CostVector>,
  { operation }: OperationDefinitionNode,
  { operationCost }: CostedSchema,
): CostVector {
  return { ...cost, field: cost.field + operationCost[operation] }
}
