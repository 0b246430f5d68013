import type { DocumentNode, FragmentDefinitionNode, OperationDefinitionNode } from 'graphql'
import { CoarseAnalysis } from './coarse.ts'
import { addFlat, raiseTo, zero, type CostVector } from './cost-vector.ts'
import type { CostedObject, CostedSchema } from './costed.ts'
import { ExactAnalysis } from './exact.ts'
import { Draft } from './formula/draft.ts'
import { assemble, type Formula } from './formula/formula.ts'
import type { Meter } from './meter.ts'
import { Operation } from './operation.ts'

/** The definitions of a document, found once. */
export interface Definitions {
  readonly operations: readonly OperationDefinitionNode[]
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>
}

/** Finds the definitions of a document; of several fragments with one name, the last. */
export function definitionsOf(document: DocumentNode): Definitions {
  const operations: OperationDefinitionNode[] = []
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const definition of document.definitions) {
    if (definition.kind === 'OperationDefinition') operations.push(definition)
    else if (definition.kind === 'FragmentDefinition') fragments.set(definition.name.value, definition)
  }
  return { operations, fragments }
}

/**
 * Compiles the price of the dearest of some operations into a formula over their variables. It covers the selections
 * that the booleans in `sent` choose (see `Formula.conditions`) and is the same for all else that clients send.
 *
 * Takes steps linear in the document or, on documents made to be hard, at most twice the budget.
 */
export function compileCost(
  costed: CostedSchema,
  operations: readonly OperationDefinitionNode[],
  fragments: Definitions['fragments'],
  sent: object,
  meter: Meter,
): Formula {
  const draft = new Draft(sent)
  const cost = zero()
  let approximate = false
  const start = meter.steps
  for (const definition of operations) {
    const root = rootOf(costed, definition)
    if (root === undefined) continue
    const operation = new Operation(costed, fragments, definition, draft, meter)
    const analysis = new ExactAnalysis(operation, meter, start + costed.budget)
    const found = analysis.root(definition.selectionSet, root)
    if (analysis.spent) {
      const coarse = compileCoarsely(costed, operations, fragments, sent, meter)
      // With other booleans the budget may do.
      return { ...coarse, conditions: [...draft.conditions, ...coarse.conditions] }
    }
    raiseTo(draft.algebra, cost, withFlatCost(draft, found, definition, costed))
    approximate ||= analysis.truncated
  }
  return assemble(draft, cost, approximate)
}

function compileCoarsely(
  costed: CostedSchema,
  operations: readonly OperationDefinitionNode[],
  fragments: Definitions['fragments'],
  sent: object,
  meter: Meter,
): Formula {
  const draft = new Draft(sent)
  const cost = zero()
  const limit = meter.steps + costed.budget
  for (const definition of operations) {
    const root = rootOf(costed, definition)
    if (root === undefined) continue
    const operation = new Operation(costed, fragments, definition, draft, meter)
    const analysis = new CoarseAnalysis(operation, meter, limit)
    const found = analysis.root(definition.selectionSet, root)
    raiseTo(draft.algebra, cost, withFlatCost(draft, found, definition, costed))
  }
  return assemble(draft, cost, true)
}

/** The type whose object an operation starts from. */
export function rootOf(
  costed: CostedSchema,
  { operation }: OperationDefinitionNode,
): CostedObject | undefined {
  const name = costed.schema.getRootType(operation)?.name
  return name === undefined ? undefined : costed.composites.get(name)?.possible[0]
}

function withFlatCost(
  { algebra }: Draft,
  cost: Readonly<CostVector>,
  { operation }: OperationDefinitionNode,
  { operationCost }: CostedSchema,
): CostVector {
  const sum = { ...cost }
  addFlat(algebra, sum, operationCost[operation])
  return sum
}
