import {
  getNamedType,
  isCompositeType,
  isInterfaceType,
  isListType,
  isObjectType,
  isWrappingType,
} from 'graphql'
import {
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
  type GraphQLNamedType,
  type GraphQLOutputType,
  type GraphQLSchema,
} from 'graphql'

/** What a walk needs to know of a field that has fields below it. */
export interface FieldFacts {
  /** How many lists are around its value. */
  readonly lists: number
  /** The type of its value. */
  readonly type: TypeFacts | undefined
  /** The same number for the same field of an interface and of all that implement it. */
  readonly family: number
}

/** The fields of a type by name: those that have fields below them. */
export interface TypeFacts {
  readonly fields: ReadonlyMap<string, FieldFacts>
}

/** What a walk needs to know of a schema. */
export interface SchemaFacts {
  readonly types: ReadonlyMap<string, TypeFacts>
  readonly root: (kind: 'query' | 'mutation' | 'subscription') => TypeFacts | undefined
}

function listsAround(type: GraphQLOutputType): number {
  let lists = 0
  for (let inner: GraphQLOutputType = type; isWrappingType(inner); inner = inner.ofType) {
    if (isListType(inner)) lists += 1
  }
  return lists
}

/** Numbers fields such that an interface's field and those of its implementations get one number. */
function createFamilies(types: readonly GraphQLNamedType[]): (coordinate: string) => number {
  const parents = new Map<string, string>()
  const find = (coordinate: string): string => {
    let root = coordinate
    for (let parent = parents.get(root); parent !== undefined; parent = parents.get(root)) root = parent
    if (root !== coordinate) parents.set(coordinate, root)
    return root
  }
  for (const type of types) {
    if (!isObjectType(type) && !isInterfaceType(type)) continue
    for (const declaring of type.getInterfaces()) {
      for (const name of Object.keys(declaring.getFields())) {
        const [own, other] = [find(`${type.name}.${name}`), find(`${declaring.name}.${name}`)]
        if (own !== other) parents.set(own, other)
      }
    }
  }
  const numbers = new Map<string, number>()
  return (coordinate) => {
    const root = find(coordinate)
    const known = numbers.get(root)
    if (known !== undefined) return known
    numbers.set(root, numbers.size)
    return numbers.size - 1
  }
}

function readSchema(schema: GraphQLSchema): SchemaFacts {
  const all = Object.values(schema.getTypeMap())
  const familyOf = createFamilies(all)
  const types = new Map<string, { readonly fields: Map<string, FieldFacts> }>()
  for (const type of all) if (isCompositeType(type)) types.set(type.name, { fields: new Map() })
  const facts = (type: GraphQLOutputType, coordinate: string): FieldFacts => ({
    lists: listsAround(type),
    type: types.get(getNamedType(type).name),
    family: familyOf(coordinate),
  })
  for (const type of all) {
    if (!isObjectType(type) && !isInterfaceType(type)) continue
    const fields = types.get(type.name)?.fields
    for (const field of Object.values(type.getFields())) {
      if (isCompositeType(getNamedType(field.type))) {
        fields?.set(field.name, facts(field.type, `${type.name}.${field.name}`))
      }
    }
  }
  for (const field of [SchemaMetaFieldDef, TypeMetaFieldDef]) {
    const query = schema.getQueryType()
    if (query) types.get(query.name)?.fields.set(field.name, facts(field.type, field.name))
  }
  return { types, root: (kind) => types.get(schema.getRootType(kind as never)?.name ?? '') }
}

const known = new WeakMap<GraphQLSchema, SchemaFacts>()

/** Reads a schema once. Takes time linear in its fields. */
export function factsOf(schema: GraphQLSchema): SchemaFacts {
  let facts = known.get(schema)
  if (facts === undefined) known.set(schema, (facts = readSchema(schema)))
  return facts
}
