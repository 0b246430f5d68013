import {
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  isUnionType,
  type GraphQLSchema,
} from 'graphql'

/**
 * The most entries each list of the introspection system has in this schema, by coordinate. With them introspection
 * has an upper bound like any other selection, which grows with each list nested in another, as the work does.
 */
export function introspectionListSizes(schema: GraphQLSchema): ReadonlyMap<string, number> {
  const types = Object.values(schema.getTypeMap())
  const outputs = types.filter((type) => isObjectType(type) || isInterfaceType(type))
  const fields = outputs.map((type) => Object.values(type.getFields()))
  const directives = schema.getDirectives()
  const fieldArguments = fields.flat().map((field) => field.args.length)
  const directiveArguments = directives.map((directive) => directive.args.length)
  const possible = types.filter((type) => isInterfaceType(type) || isUnionType(type))
  const sizes: Record<string, readonly number[]> = {
    '__Schema.types': [types.length],
    '__Schema.directives': [directives.length],
    '__Type.fields': fields.map((list) => list.length),
    '__Type.interfaces': outputs.map((type) => type.getInterfaces().length),
    '__Type.possibleTypes': possible.map((type) => schema.getPossibleTypes(type).length),
    '__Type.enumValues': types.filter((type) => isEnumType(type)).map((type) => type.getValues().length),
    '__Type.inputFields': types
      .filter((type) => isInputObjectType(type))
      .map((type) => Object.keys(type.getFields()).length),
    '__Field.args': fieldArguments,
    '__Directive.args': directiveArguments,
  }
  return new Map(
    Object.entries(sizes).map(([name, counts]) => [name, counts.reduce((a, b) => Math.max(a, b), 0)]),
  )
}
