import type { FieldNode, FragmentDefinitionNode, OperationDefinitionNode, ValueNode } from 'graphql'
import { memberAt } from './account.ts'

/** What is looked at of an operation. */
export interface OperationParts {
  /** What may run: several where nobody knows which of them will. All of them count then. */
  readonly candidates: readonly OperationDefinitionNode[]
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>
  readonly variables: Readonly<Record<string, unknown>>
}

/** A field of a root type, as an operation calls it. */
export interface RootCall {
  /** Kind and name, such as `mutation.login`. */
  readonly field: string
  /** The name under which it is answered: the alias, where there is one. */
  readonly responseKey: string
  readonly node: FieldNode
  readonly operation: OperationDefinitionNode
}

/**
 * The calls of root fields, through fragments, in order. Fields with one response key are one call to an engine, but are
 * listed each, since nothing here has validated that they are the same. What `@skip` and `@include` would leave out is
 * listed too. Linear in the document.
 */
export function rootCallsOf({ candidates, fragments }: OperationParts): RootCall[] {
  return candidates.flatMap((operation) => {
    const calls: RootCall[] = []
    const entered = new Set<string>()
    const sets = [operation.selectionSet]
    // A list that grows while it is read: fragments may be nested deeply, and in each other.
    for (const { selections } of sets) {
      for (const selection of selections) {
        if (selection.kind === 'Field') {
          const field = `${operation.operation}.${selection.name.value}`
          const responseKey = (selection.alias ?? selection.name).value
          calls.push({ field, responseKey, node: selection, operation })
        } else if (selection.kind === 'InlineFragment') sets.push(selection.selectionSet)
        else if (!entered.has(selection.name.value)) {
          entered.add(selection.name.value)
          const fragment = fragments.get(selection.name.value)
          if (fragment !== undefined) sets.push(fragment.selectionSet)
        }
      }
    }
    return calls
  })
}

/** How many times an engine may call the fields: once for each response key. */
export function countCalls(calls: readonly RootCall[], fields: ReadonlySet<string>): number {
  const called = calls.filter(({ field }) => fields.has(field))
  return new Set(called.map(({ field, responseKey }) => `${field} ${responseKey}`)).size
}

/**
 * What a call gives for an argument or a member of it, as the client sent it. Only what is a name can be told: text,
 * numbers and words; lists are told as such.
 *
 * @param path the argument's name, and those of members within it
 */
export function argumentAt(
  { node, operation }: RootCall,
  path: readonly string[],
  variables: OperationParts['variables'],
): unknown {
  const [name, ...members] = path
  const given = node.arguments?.find((argument) => argument.name.value === name)
  return given === undefined ? undefined : valueAt(given.value, members, operation, variables)
}

function valueAt(
  given: ValueNode,
  path: readonly string[],
  operation: OperationDefinitionNode,
  variables: OperationParts['variables'],
): unknown {
  let value = given
  for (let depth = 0; ; depth += 1) {
    if (value.kind === 'Variable') {
      const name = value.name.value
      if (Object.hasOwn(variables, name)) return memberAt(variables[name], path.slice(depth))
      const defined = operation.variableDefinitions?.find(({ variable }) => variable.name.value === name)
      // A default is a constant: it holds no variable.
      if (defined?.defaultValue === undefined) return undefined
      value = defined.defaultValue
    }
    const member = path[depth]
    if (member === undefined) break
    const field =
      value.kind === 'ObjectValue' ? value.fields.find(({ name }) => name.value === member) : undefined
    if (field === undefined) return undefined
    value = field.value
  }
  if (value.kind === 'NullValue') return undefined
  return value.kind === 'StringValue' || value.kind === 'IntValue' || value.kind === 'EnumValue'
    ? value.value
    : value
}
