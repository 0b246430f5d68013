import { Kind, type OperationDefinitionNode } from 'graphql'
import type { FormulaVariables } from '../core/formula/print.ts'

/**
 * What a price assumes of a variable: its value of `--variables`, its default in the document, that it is not sent,
 * any value (all cost the same), or both values of a boolean. `needed` is one without which there is no price.
 */
export type VariableState = 'given' | 'default' | 'not sent' | 'any' | 'both' | 'needed'

/**
 * Something for each variable that has to be sent. It is no size and no input object, so that a price that depends on
 * more than its presence is told apart.
 */
export function placeholders({ variableDefinitions = [] }: OperationDefinitionNode): Record<string, unknown> {
  const required = variableDefinitions.filter(
    ({ type, defaultValue }) => type.kind === Kind.NON_NULL_TYPE && defaultValue === undefined,
  )
  return Object.fromEntries(required.map(({ variable }) => [variable.name.value, '']))
}

/** The variables that a price depends on, and what it assumes of each. */
export function stateOf(
  { read, weighed, conditions }: FormulaVariables,
  definition: OperationDefinitionNode,
  given: Readonly<Record<string, unknown>>,
): Record<string, VariableState> {
  const required = placeholders(definition)
  const states: Record<string, VariableState> = {}
  const set = (name: string, withoutValue: VariableState): void => {
    if (Object.hasOwn(given, name)) states[name] = 'given'
    else if (Object.hasOwn(required, name)) states[name] = withoutValue
    else states[name] = hasDefault(definition, name) ? 'default' : 'not sent'
  }
  for (const { name } of conditions) set(name, 'both')
  for (const { name } of weighed) set(name, 'any')
  for (const { name } of read) set(name, 'needed')
  return states
}

function hasDefault({ variableDefinitions = [] }: OperationDefinitionNode, name: string): boolean {
  return variableDefinitions.some(
    ({ variable, defaultValue }) => variable.name.value === name && defaultValue !== undefined,
  )
}
