import {
  DirectiveLocation,
  getNamedType,
  type GraphQLDirective,
  type GraphQLField,
  type GraphQLSchema,
} from 'graphql'
import type { ListSizing } from './costed.ts'
import type { CostModelProblem } from './errors.ts'
import { schemaDefault } from './schema-default.ts'
import type { ListSizeSettings } from './types.ts'

/** The arguments of both directives and the types they may have. */
const ARGUMENTS = {
  cost: { weight: ['String!'] },
  listSize: {
    assumedSize: ['Int'],
    slicingArguments: ['[String!]', '[String]'],
    sizedFields: ['[String!]', '[String]'],
    requireOneSlicingArgument: ['Boolean'],
  },
} satisfies Record<string, Record<string, readonly string[]>>

const LOCATIONS: Readonly<Record<keyof typeof ARGUMENTS, readonly DirectiveLocation[]>> = {
  cost: [
    DirectiveLocation.ARGUMENT_DEFINITION,
    DirectiveLocation.ENUM,
    DirectiveLocation.FIELD_DEFINITION,
    DirectiveLocation.INPUT_FIELD_DEFINITION,
    DirectiveLocation.OBJECT,
    DirectiveLocation.SCALAR,
  ],
  listSize: [DirectiveLocation.FIELD_DEFINITION],
}

/**
 * Where the definitions of `@cost` and `@listSize` are not those of sections 9.1 and 9.2. Definitions with fewer
 * arguments or locations do no harm, and neither does a repeatable `@listSize`. Names that were imported have definitions of their own.
 */
export function reviewDefinitions(
  schema: GraphQLSchema,
  names: { readonly cost?: string; readonly listSize?: string },
): CostModelProblem[] {
  return (['cost', 'listSize'] as const).flatMap((kind) => {
    const definition = schema.getDirective(names[kind] ?? kind)
    if (definition === undefined || definition === null) return []
    const coordinate = `@${definition.name}`
    return [...reviewArguments(definition, ARGUMENTS[kind]), ...reviewPlace(definition, kind)].map(
      (message) => ({ coordinate, message }),
    )
  })
}

function reviewArguments(
  { args }: GraphQLDirective,
  wanted: Readonly<Record<string, readonly string[]>>,
): string[] {
  const found: string[] = []
  for (const { name, type } of args) {
    const types = wanted[name]
    if (types === undefined) found.push(`has an argument "${name}" that the specification does not know`)
    else if (!types.includes(String(type)))
      found.push(`its argument "${name}" is a ${String(type)}, and should be a ${types[0]}`)
  }
  const required = args.find(({ name }) => name === 'requireOneSlicingArgument')
  if (required !== undefined && schemaDefault(required) !== true)
    found.push('its argument "requireOneSlicingArgument" should have the default true')
  return found
}

function reviewPlace({ locations, isRepeatable }: GraphQLDirective, kind: keyof typeof LOCATIONS): string[] {
  const found = locations
    .filter((location) => !LOCATIONS[kind].includes(location))
    .map((location) => `should not be possible on ${location}`)
  if (kind === 'cost' && isRepeatable) found.push('should not be repeatable')
  return found
}

/** Where a `@listSize` that can be used departs from sections 9.2.3 and 9.2.4. */
export function reviewListSize(
  field: GraphQLField<unknown, unknown>,
  settings: ListSizeSettings,
  { slicing }: ListSizing,
): string[] {
  const found: string[] = []
  for (const { path, list } of slicing) {
    const argument = field.args.find(({ name }) => name === path)
    if (argument === undefined || list) continue
    const { name } = getNamedType(argument.type)
    if (name !== 'Int') found.push(`slicing argument "${path}" is a ${name}, and should be an Int`)
  }
  if (settings.assumedSize === undefined || slicing.length === 0) return found
  if (settings.requireOneSlicingArgument !== false)
    found.push('assumedSize beside slicingArguments should have requireOneSlicingArgument: false')
  const withDefault = slicing.filter(({ segments }) => segments.some(({ fallback }) => fallback >= 0))
  for (const { path } of withDefault)
    found.push(`assumedSize is in vain: slicing argument "${path}" has a default`)
  return found
}
