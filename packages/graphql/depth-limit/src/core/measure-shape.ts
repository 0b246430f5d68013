import { Kind } from 'graphql'
import type { FieldNode, FragmentDefinitionNode, OperationDefinitionNode, SelectionSetNode } from 'graphql'
import { isLeftOut, usesVariables } from './conditions.ts'
import type { Variables } from './conditions.ts'
import { orderFragments } from './order-fragments.ts'

/** What an operation measures, through its fragments. Counts saturate at 2^53. */
export interface Shape {
  /** Levels of fields: a root field is level 1, fragments add none. Introspection is not in it. */
  readonly depth: number
  /** Levels of fields below and including `__schema` or `__type`. */
  readonly introspectionDepth: number
  /** Fields that are given another name, each time they are spread. */
  readonly aliases: number
  /** Different response names at the root. */
  readonly rootFields: number
  /** Directives on operations, fields, spreads and inline fragments, each time they are spread. */
  readonly directives: number
}

/** The operation spreads a fragment into itself, so nothing can be measured. */
export type CyclicFragments = 'cycle'

/** The fragments of a document, by name. */
export type Fragments = ReadonlyMap<string, FragmentDefinitionNode>

interface Measure {
  depth: number
  introspectionDepth: number
  aliases: number
  directives: number
}

interface Level {
  readonly set: SelectionSetNode
  readonly depth: number
  /** Levels since `__schema` or `__type`, or 0 outside of introspection. */
  readonly introspection: number
}

const INTROSPECTION: ReadonlySet<string> = new Set(['__schema', '__type'])

function add(a: number, b: number): number {
  return Math.min(a + b, Number.MAX_SAFE_INTEGER)
}

/** Measures one selection set; the fragments it spreads are measured already. */
function measureSet(
  root: SelectionSetNode,
  measured: ReadonlyMap<string, Measure>,
  variables: Variables,
): Measure {
  const total: Measure = { depth: 0, introspectionDepth: 0, aliases: 0, directives: 0 }
  const pending: Level[] = [{ set: root, depth: 0, introspection: 0 }]
  for (let level = pending.pop(); level !== undefined; level = pending.pop()) {
    for (const selection of level.set.selections) {
      total.directives = add(total.directives, selection.directives?.length ?? 0)
      if (isLeftOut(selection, variables)) continue
      if (selection.kind === Kind.FIELD) {
        const below = enterField(selection, level, total)
        if (selection.selectionSet !== undefined) pending.push({ ...below, set: selection.selectionSet })
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        pending.push({ ...level, set: selection.selectionSet })
      } else {
        const fragment = measured.get(selection.name.value)
        if (fragment !== undefined) enterFragment(fragment, level, total)
      }
    }
  }
  return total
}

function enterField(field: FieldNode, level: Level, total: Measure): Omit<Level, 'set'> {
  const { alias, name } = field
  if (alias !== undefined && alias.value !== name.value) total.aliases = add(total.aliases, 1)
  if (level.introspection > 0 || INTROSPECTION.has(name.value)) {
    const introspection = level.introspection + 1
    total.introspectionDepth = Math.max(total.introspectionDepth, introspection)
    return { depth: level.depth, introspection }
  }
  const depth = level.depth + 1
  total.depth = Math.max(total.depth, depth)
  return { depth, introspection: 0 }
}

function enterFragment(fragment: Measure, level: Level, total: Measure): void {
  total.aliases = add(total.aliases, fragment.aliases)
  total.directives = add(total.directives, fragment.directives)
  const inIntrospection = level.introspection > 0 ? level.introspection + fragment.depth : 0
  total.introspectionDepth = Math.max(total.introspectionDepth, inIntrospection, fragment.introspectionDepth)
  if (level.introspection === 0) total.depth = Math.max(total.depth, level.depth + fragment.depth)
}

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

const remembered = new WeakMap<OperationDefinitionNode, Shape | CyclicFragments>()

/**
 * Measures an operation in time linear in its document: each fragment is measured once, without recursion.
 *
 * @param variables what the client sent, for `@skip` and `@include`; a condition that is not known leaves nothing out
 */
export function measureShape(
  operation: OperationDefinitionNode,
  fragments: Fragments,
  variables: Readonly<Record<string, unknown>>,
): Shape | CyclicFragments {
  const known = remembered.get(operation)
  if (known !== undefined) return known
  const order = orderFragments(operation.selectionSet, fragments)
  if (order === 'cycle') {
    remembered.set(operation, order)
    return order
  }
  const conditions: Variables = { given: variables, definitions: operation.variableDefinitions ?? [] }
  const measured = new Map<string, Measure>()
  for (const fragment of order) {
    measured.set(fragment.name.value, measureSet(fragment.selectionSet, measured, conditions))
  }
  const { depth, introspectionDepth, aliases, directives } = measureSet(
    operation.selectionSet,
    measured,
    conditions,
  )
  const shape: Shape = {
    depth,
    introspectionDepth,
    aliases,
    directives: add(directives, operation.directives?.length ?? 0),
    rootFields: countRootFields(operation.selectionSet, fragments, conditions),
  }
  if (!usesVariables([operation, ...order])) remembered.set(operation, shape)
  return shape
}
