import {
  getNamedType,
  isInterfaceType,
  isLeafType,
  isObjectType,
  isUnionType,
  SchemaMetaFieldDef,
  TypeMetaFieldDef,
  type GraphQLField,
  type GraphQLInterfaceType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLSchema,
  type GraphQLUnionType,
} from 'graphql'
import type { Allowed, Annotation, Annotations } from './annotations.ts'
import { CostedInputs } from './compile-inputs.ts'
import type { CostedComposite, CostedField, CostedObject, ListSizing } from './costed.ts'
import { introspectionListSizes } from './introspection.ts'
import { listDepth, type ListSizes } from './list-size.ts'
import type { ListSizeSettings } from './types.ts'

type OutputField = GraphQLField<unknown, unknown>

/** An object type while it is compiled. */
interface Draft extends CostedObject {
  readonly possible: CostedObject[]
  readonly fields: Map<string, CostedField>
  readonly belongsTo: Set<string>
}

const FIELD: Allowed = ['cost', 'multiplier', 'listSize']

/**
 * Compiles the types of a schema with the default weights of the specification (section 7.1): a composite type and
 * a field that returns one weigh 1, scalars, enums and their fields 0.
 */
export class Compilation {
  readonly inputs: CostedInputs
  readonly composites = new Map<string, CostedComposite>()
  readonly #annotations: Annotations
  readonly #listSizes: ListSizes
  readonly #objects = new Map<string, Draft>()
  readonly #leafWeights = new Map<string, number>()
  readonly #interfaceSizes = new Map<string, readonly ListSizeSettings[]>()
  readonly #introspectionSizes: ReadonlyMap<string, number>

  constructor(schema: GraphQLSchema, annotations: Annotations, listSizes: ListSizes) {
    this.#annotations = annotations
    this.#listSizes = listSizes
    this.#introspectionSizes = introspectionListSizes(schema)
    this.inputs = new CostedInputs(annotations, schema)
    const types = Object.values(schema.getTypeMap())
    for (const type of types) {
      if (isLeafType(type)) this.#leafWeights.set(type.name, Math.max(0, this.#typeCost(type, ['cost']) ?? 0))
      if (isObjectType(type)) this.#object(type)
    }
    for (const type of types) if (isInterfaceType(type) || isUnionType(type)) this.#abstract(type, schema)
    for (const type of types) if (isObjectType(type)) this.#fields(type)
    this.#introspection(schema)
  }

  #typeCost(type: GraphQLNamedType, allowed: Allowed): number | undefined {
    return this.#annotations.at(type.name, allowed, [type.astNode, ...type.extensionASTNodes]).cost
  }

  #object(type: GraphQLObjectType): void {
    const cost = isIntrospection(type.name) ? 1 : this.#typeCost(type, ['cost'])
    const draft: Draft = {
      name: type.name,
      weight: Math.max(0, cost ?? 1),
      fields: new Map(),
      belongsTo: new Set([type.name]),
      possible: [],
    }
    draft.possible.push(draft)
    this.#objects.set(type.name, draft)
    this.composites.set(type.name, draft)
  }

  /** An interface or union costs what the dearest of its object types does: it carries no weight itself. */
  #abstract(type: GraphQLInterfaceType | GraphQLUnionType, schema: GraphQLSchema): void {
    this.#typeCost(type, [])
    const possible = schema.getPossibleTypes(type).flatMap(({ name }) => this.#objects.get(name) ?? [])
    for (const object of possible) object.belongsTo.add(type.name)
    this.composites.set(type.name, { name: type.name, possible })
    for (const field of isInterfaceType(type) ? Object.values(type.getFields()) : []) {
      const coordinate = `${type.name}.${field.name}`
      const said = this.#annotations.at(coordinate, ['listSize'], [field.astNode])
      const sound = said.listSizes.filter((one) =>
        this.#listSizes.compile(coordinate, field, one, said.written),
      )
      this.#interfaceSizes.set(coordinate, sound)
      for (const argument of field.args)
        this.#annotations.at(`${coordinate}(${argument.name}:)`, [], [argument.astNode])
    }
  }

  #fields(type: GraphQLObjectType): void {
    const { fields } = this.#objects.get(type.name) ?? {}
    for (const field of Object.values(type.getFields())) {
      const coordinate = `${type.name}.${field.name}`
      if (isIntrospection(type.name)) {
        fields?.set(field.name, this.#introspectionField(coordinate, field))
        continue
      }
      const said = this.#annotations.at(coordinate, FIELD, [field.astNode])
      const inherited = type
        .getInterfaces()
        .map(({ name }) => this.#interfaceSizes.get(`${name}.${field.name}`) ?? [])
      const settings =
        said.listSizes.length > 0 ? said.listSizes : (inherited.find((sizes) => sizes.length > 0) ?? [])
      const own = said.written && said.listSizes.length > 0
      const sizings = settings.flatMap((one) => this.#listSizes.compile(coordinate, field, one, own) ?? [])
      const inferred = settings.length === 0 ? this.#listSizes.infer(coordinate, field) : undefined
      fields?.set(field.name, this.#field(coordinate, field, said, inferred ? [inferred] : sizings))
    }
  }

  #field(
    coordinate: string,
    field: OutputField,
    said: Annotation,
    sizings: readonly ListSizing[],
  ): CostedField {
    const named = getNamedType(field.type)
    const composite = this.composites.get(named.name) ?? null
    const inputs = this.inputs.compile(coordinate, field.args)
    const weight = said.cost ?? (composite === null ? 0 : 1)
    const leafWeight = this.#leafWeights.get(named.name) ?? 0
    const costsNothing = composite === null && weight <= 0 && leafWeight === 0 && inputs.length === 0
    return {
      coordinate,
      name: field.name,
      weight,
      multiplier: said.multiplier,
      composite,
      leafWeight,
      listDepth: listDepth(field.type),
      sizings,
      handsDown: sizings.some(({ sizedFields }) => sizedFields.length > 0),
      inputs,
      introspection: false,
      // Where a slicing argument is demanded, a field is looked at although it costs nothing.
      free: costsNothing && !sizings.some((sizing) => sizing.slicing.length > 0),
    }
  }

  /** Introspection is priced by the schema's own sizes; weights given to scalars are not meant for it. */
  #introspectionField(coordinate: string, field: OutputField): CostedField {
    const composite = this.composites.get(getNamedType(field.type).name) ?? null
    const assumedSize = this.#introspectionSizes.get(coordinate)
    return {
      coordinate,
      name: field.name,
      weight: composite === null ? 0 : 1,
      multiplier: 1,
      composite,
      leafWeight: 0,
      listDepth: listDepth(field.type),
      sizings:
        assumedSize === undefined ? [] : [{ slicing: [], assumedSize, sizedFields: [], requireOne: false }],
      handsDown: false,
      inputs: [],
      introspection: false,
      free: composite === null,
    }
  }

  #introspection(schema: GraphQLSchema): void {
    const query = this.#objects.get(schema.getQueryType()?.name ?? '')
    for (const field of [SchemaMetaFieldDef, TypeMetaFieldDef]) {
      const costed = this.#introspectionField(`${query?.name ?? ''}.${field.name}`, field)
      query?.fields.set(field.name, { ...costed, introspection: true })
    }
  }
}

const isIntrospection = (typeName: string): boolean => typeName.startsWith('__')
