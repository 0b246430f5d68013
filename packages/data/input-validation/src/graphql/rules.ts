import {
  getNamedType,
  getNullableType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isObjectType,
  valueFromASTUntyped,
} from 'graphql'
import type { GraphQLArgument, GraphQLInputField, GraphQLInputType, GraphQLSchema } from 'graphql'
import { compileSchema } from '../core/compile.ts'
import type { CompiledSchema } from '../core/compile.ts'
import { isStandardSchema } from '../core/standard-schema.ts'
import type { StandardSchema } from '../core/standard-schema.ts'
import { InvalidRuleError, InvalidSchemaError } from '../errors.ts'
import type { InputRule } from '../options.ts'

/** What one argument or input field must be. */
export interface CompiledRule {
  readonly json: CompiledSchema | undefined
  readonly standard: StandardSchema | undefined
}

/** The rules of a schema. */
export interface Rules {
  /** By coordinate: `Mutation.signup.email`, `SignupInput.email`. */
  readonly byCoordinate: ReadonlyMap<string, CompiledRule>
  /** The names of the arguments and input fields that the schema has: all others are the client's. */
  readonly names: ReadonlySet<string>
}

/** What holds for a list itself, not for each item. */
const OF_LISTS = new Set(['minItems', 'maxItems', 'uniqueItems'])

/** The directive's own names of keywords. */
const KEYWORDS: Readonly<Record<string, string>> = {
  min: 'minimum',
  max: 'maximum',
  exclusiveMin: 'exclusiveMinimum',
  exclusiveMax: 'exclusiveMaximum',
}

type Input = Pick<GraphQLArgument | GraphQLInputField, 'type' | 'astNode' | 'extensions'>

/** The JSON type of a GraphQL type's values as resolvers get them; none where only its scalar knows. */
function jsonTypeOf(type: GraphQLInputType): string | undefined {
  const { name } = getNamedType(type)
  if (isInputObjectType(getNamedType(type))) return 'object'
  return { String: 'string', ID: 'string', Int: 'integer', Float: 'number', Boolean: 'boolean' }[name]
}

/** A rule for the items of a list holds for each of them. */
function forType(rule: Readonly<Record<string, unknown>>, type: GraphQLInputType): Record<string, unknown> {
  const nullable = getNullableType(type)
  if (isListType(nullable)) {
    const own = Object.fromEntries(Object.entries(rule).filter(([keyword]) => OF_LISTS.has(keyword)))
    const items = Object.fromEntries(Object.entries(rule).filter(([keyword]) => !OF_LISTS.has(keyword)))
    return { type: ['array', 'null'], ...own, items: forType(items, nullable.ofType) }
  }
  const json = jsonTypeOf(type)
  // A scalar of the app is whatever it parses to; its format is taken for one of strings.
  if (json !== undefined) return { type: [json, 'null'], ...rule }
  return rule['format'] === undefined ? { ...rule } : { type: ['string', 'null'], ...rule }
}

function compileRule(rule: InputRule, coordinate: string, type: GraphQLInputType): CompiledRule {
  if (isStandardSchema(rule)) return { json: undefined, standard: rule }
  const given = typeof rule === 'string' ? { format: rule } : rule
  const isWhole = given['type'] !== undefined || given['$ref'] !== undefined || given['items'] !== undefined
  const schema = isWhole ? given : forType(given, type)
  try {
    return { json: compileSchema(schema, { closed: true, defaults: false }), standard: undefined }
  } catch (error) {
    if (!(error instanceof InvalidSchemaError)) throw error
    throw new InvalidRuleError(`inputValidation.graphql['${coordinate}']: ${error.message}`)
  }
}

function ofDirective(input: Input): Record<string, unknown> | undefined {
  const node = input.astNode?.directives?.find(({ name }) => name.value === 'constraint')
  if (node === undefined) return undefined
  const rule: Record<string, unknown> = {}
  for (const { name, value } of node.arguments ?? []) {
    const given: unknown = valueFromASTUntyped(value)
    if (given !== null && given !== undefined) rule[KEYWORDS[name.value] ?? name.value] = given
  }
  return rule
}

/** Calls `visit` with every argument and input field of a schema. */
function eachInput(schema: GraphQLSchema, visit: (coordinate: string, input: Input) => void): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith('__')) continue
    if (isInputObjectType(type)) {
      for (const field of Object.values(type.getFields())) visit(`${type.name}.${field.name}`, field)
    } else if (isObjectType(type) || isInterfaceType(type)) {
      for (const field of Object.values(type.getFields()))
        for (const argument of field.args) visit(`${type.name}.${field.name}.${argument.name}`, argument)
    }
  }
}

const compiled = new WeakMap<GraphQLSchema, WeakMap<object, Rules>>()

/**
 * The rules of a schema: of its `@constraint` directives, replaced by those of the option. Compiled once.
 *
 * @throws PORTCULLIS_INPUT_VALIDATION_INVALID_RULE
 */
export function rulesOf(schema: GraphQLSchema, option: Readonly<Record<string, InputRule>>): Rules {
  let known = compiled.get(schema)
  if (known === undefined) compiled.set(schema, (known = new WeakMap()))
  const found = known.get(option)
  if (found !== undefined) return found
  const byCoordinate = new Map<string, CompiledRule>()
  const names = new Set<string>()
  eachInput(schema, (coordinate, input) => {
    for (const name of coordinate.split('.').slice(1)) names.add(name)
    const rule = Object.hasOwn(option, coordinate) ? option[coordinate] : ofDirective(input)
    if (rule !== undefined) byCoordinate.set(coordinate, compileRule(rule, coordinate, input.type))
  })
  const rules = { byCoordinate, names }
  known.set(option, rules)
  return rules
}

/** The coordinates of an option that a schema does not have. */
export function unknownCoordinates(
  schema: GraphQLSchema,
  option: Readonly<Record<string, InputRule>>,
): string[] {
  const there = new Set<string>()
  eachInput(schema, (coordinate) => there.add(coordinate))
  return Object.keys(option).filter((coordinate) => !there.has(coordinate))
}
