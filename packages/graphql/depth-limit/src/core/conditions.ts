import { Kind } from 'graphql'
import type {
  DirectiveNode,
  FragmentDefinitionNode,
  OperationDefinitionNode,
  SelectionNode,
  SelectionSetNode,
  ValueNode,
  VariableDefinitionNode,
} from 'graphql'

/** What is known of variables when conditions are read. */
export interface Variables {
  readonly given: Readonly<Record<string, unknown>>
  readonly definitions: readonly VariableDefinitionNode[]
}

function conditionOf(directive: DirectiveNode): ValueNode | undefined {
  return directive.arguments?.find((argument) => argument.name.value === 'if')?.value
}

function booleanOf(value: ValueNode | undefined, variables: Variables): boolean | undefined {
  if (value?.kind === Kind.BOOLEAN) return value.value
  if (value?.kind !== Kind.VARIABLE) return undefined
  const name = value.name.value
  if (Object.hasOwn(variables.given, name)) {
    const given = variables.given[name]
    return typeof given === 'boolean' ? given : undefined
  }
  const definition = variables.definitions.find((one) => one.variable.name.value === name)
  const fallback = definition?.defaultValue
  return fallback?.kind === Kind.BOOLEAN ? fallback.value : undefined
}

/** Whether `@skip` or `@include` surely leaves a selection out. An unknown condition leaves nothing out. */
export function isLeftOut(selection: SelectionNode, variables: Variables): boolean {
  for (const directive of selection.directives ?? []) {
    const name = directive.name.value
    if (name === 'skip' && booleanOf(conditionOf(directive), variables) === true) return true
    if (name === 'include' && booleanOf(conditionOf(directive), variables) === false) return true
  }
  return false
}

/** Whether any condition in these definitions depends on a variable, so that a shape holds for one request only. */
export function usesVariables(
  definitions: readonly (OperationDefinitionNode | FragmentDefinitionNode)[],
): boolean {
  const pending: SelectionSetNode[] = definitions.map((definition) => definition.selectionSet)
  for (let set = pending.pop(); set !== undefined; set = pending.pop()) {
    for (const selection of set.selections) {
      if (selection.directives?.some((directive) => conditionOf(directive)?.kind === Kind.VARIABLE))
        return true
      if (selection.kind !== Kind.FRAGMENT_SPREAD && selection.selectionSet !== undefined) {
        pending.push(selection.selectionSet)
      }
    }
  }
  return false
}
