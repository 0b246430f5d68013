import { Kind } from 'graphql'
import type { DirectiveNode, SelectionNode, ValueNode, VariableDefinitionNode } from 'graphql'

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

/** Whether a condition depends on a variable, so that what was measured holds for one request only. */
export function readsVariable(directive: DirectiveNode): boolean {
  return conditionOf(directive)?.kind === Kind.VARIABLE
}
