import { Kind } from 'graphql'
import type { GraphQLSchema, OperationDefinitionNode, SelectionSetNode } from 'graphql'
import { isLeftOut } from './conditions.ts'
import type { Variables } from './conditions.ts'
import { factsOf } from './field-facts.ts'
import { joinFragments } from './join-fragments.ts'
import { add } from './shape.ts'
import type { CyclicFragments, Fragments, Shape } from './shape.ts'
import { walkDefinition } from './walk-definition.ts'
import type { Walked } from './walk-definition.ts'

/** Counts the response names at the root. Each fragment is looked into once, as an executor collects fields. */
function countRootFields(root: SelectionSetNode, fragments: Fragments, variables: Variables): number {
  const names = new Set<string>()
  const entered = new Set<string>()
  const pending: SelectionSetNode[] = [root]
  for (let set = pending.pop(); set !== undefined; set = pending.pop()) {
    for (const selection of set.selections) {
      if (isLeftOut(selection, variables)) continue
      if (selection.kind === Kind.FIELD) names.add((selection.alias ?? selection.name).value)
      else if (selection.kind === Kind.INLINE_FRAGMENT) pending.push(selection.selectionSet)
      else if (!entered.has(selection.name.value)) {
        entered.add(selection.name.value)
        const fragment = fragments.get(selection.name.value)
        if (fragment !== undefined) pending.push(fragment.selectionSet)
      }
    }
  }
  return names.size
}

/**
 * Walks the fragments that a walked operation reaches, each once, and ties them to where they are spread.
 *
 * @returns the operation and the fragments
 */
function walkFragments(
  operation: Walked,
  fragments: Fragments,
  walk: (set: SelectionSetNode, typeName: string) => Walked,
): readonly Walked[] {
  const byName = new Map<string, Walked>()
  const walked = [operation]
  for (const definition of walked) {
    for (const spread of definition.spreads) {
      const { name } = spread
      spread.fragment = byName.get(name)
      const fragment = fragments.get(name)
      if (spread.fragment !== undefined || fragment === undefined) continue
      spread.fragment = walk(fragment.selectionSet, fragment.typeCondition.name.value)
      byName.set(name, spread.fragment)
      walked.push(spread.fragment)
    }
  }
  return walked
}

interface Remembered {
  readonly schema: GraphQLSchema | undefined
  readonly shape: Shape | CyclicFragments
}

const remembered = new WeakMap<OperationDefinitionNode, Remembered>()

/**
 * Measures an operation in time linear in its document: each fragment is walked once, without recursion.
 *
 * @param variables what the client sent, for `@skip` and `@include`; a condition that is not known leaves nothing out
 * @param schema what tells lists and fields apart; without it, `listDepth`, `introspectionListDepth` and
 * `selfReferentialDepth` are 0
 */
export function measureShape(
  operation: OperationDefinitionNode,
  fragments: Fragments,
  variables: Readonly<Record<string, unknown>>,
  schema?: GraphQLSchema,
): Shape | CyclicFragments {
  const known = remembered.get(operation)
  if (known !== undefined && known.schema === schema) return known.shape
  const facts = schema === undefined ? undefined : factsOf(schema)
  const conditions: Variables = { given: variables, definitions: operation.variableDefinitions ?? [] }
  const total = walkDefinition(operation.selectionSet, facts?.root(operation.operation), facts, conditions)
  const walked = walkFragments(total, fragments, (set, typeName) =>
    walkDefinition(set, facts?.types.get(typeName), facts, conditions),
  )
  const dependsOnVariables = walked.some((one) => one.dependsOnVariables)
  const joined = joinFragments(total)
  const shape: Shape | CyclicFragments =
    joined === 'cycle'
      ? 'cycle'
      : {
          depth: total.depth,
          listDepth: total.listDepth,
          selfReferentialDepth: joined.selfReferentialDepth,
          introspectionDepth: total.introspectionDepth,
          introspectionListDepth: total.introspectionListDepth,
          aliases: joined.sums.aliases,
          rootFields: countRootFields(operation.selectionSet, fragments, conditions),
          directives: add(joined.sums.directives, operation.directives?.length ?? 0),
          selections: joined.sums.selections,
          fragments: fragments.size,
        }
  if (!dependsOnVariables) remembered.set(operation, { schema, shape })
  return shape
}
