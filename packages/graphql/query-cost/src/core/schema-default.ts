import {
  getNullableType,
  isInputObjectType,
  isListType,
  valueFromASTUntyped,
  type ConstValueNode,
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLInputType,
} from 'graphql'
import { ABSENT, ownProperty } from './values.ts'

type Input = GraphQLArgument | GraphQLInputField

/** Where graphql 17 keeps a default. graphql 16 has it in `defaultValue` alone. */
interface Default {
  readonly default?: { readonly value?: unknown; readonly literal?: ConstValueNode } | undefined
}

/**
 * The value that resolvers get for an argument or input field that nobody sends; `undefined` where there is none.
 *
 * graphql 16 hands a default over as it is. graphql 17 fills in the defaults of input fields inside it first.
 */
export function schemaDefault(input: Input, within: ReadonlySet<Input> = new Set()): unknown {
  const { default: given } = input as Default
  if (given === undefined) return input.defaultValue
  // A default that holds itself is no valid schema; whoever executes it says so.
  if (within.has(input)) return undefined
  const value = given.literal === undefined ? given.value : valueFromASTUntyped(given.literal)
  return complete(value, input.type, new Set([...within, input]))
}

function complete(value: unknown, type: GraphQLInputType, within: ReadonlySet<Input>): unknown {
  const nullable = getNullableType(type)
  if (value === null || value === undefined) return value
  if (isListType(nullable)) {
    const items: readonly unknown[] = Array.isArray(value) ? value : [value]
    return items.map((item) => complete(item, nullable.ofType, within))
  }
  if (!isInputObjectType(nullable)) return value
  const fields = Object.values(nullable.getFields()).map((field) => {
    const given = ownProperty(value, field.name)
    return [field.name, given === ABSENT ? schemaDefault(field, within) : complete(given, field.type, within)]
  })
  return Object.fromEntries(fields.filter(([, one]) => one !== undefined))
}
