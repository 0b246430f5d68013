import {
  getArgumentValues,
  getDirectiveValues,
  getNamedType,
  getNullableType,
  getVariableValues,
  GraphQLIncludeDirective,
  GraphQLSkipDirective,
  isAbstractType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  type ASTNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  type OperationDefinitionNode,
  type SelectionSetNode,
} from 'graphql'

/**
 * The rules of the price, written as plainly as possible: no memory, no cleverness, exponential where it comes to
 * that. Values come from graphql-js' own coercion, as resolvers get them. It shares no code with the engine. Only for
 * valid operations with valid variables.
 */
export interface OracleInput {
  schema: GraphQLSchema
  document: DocumentNode
  variables?: Record<string, unknown>
  operationName?: string
  defaultListSize?: number
  multipliers?: Record<string, number>
}

export interface Price {
  type: number
  field: number
  /** Raw work of introspection. */
  meta: number
  /** Type and field together, of the dearest concrete type at each place. */
  both: number
}

/** A size that a field passes to lists below it. */
export interface Handed {
  path: string[]
  size: number
}

interface Sizing {
  assumedSize?: number
  slicingArguments?: string[]
  sizedFields?: string[]
}

type Field = GraphQLField<unknown, unknown>
type Values = Record<string, unknown>

const product = (a: number, b: number) => (a === 0 || b === 0 ? 0 : a * b)

export function oracle(input: OracleInput): Price {
  return new Oracle(input).price()
}

/** The rules for one operation. */
export class Oracle {
  readonly schema: GraphQLSchema
  readonly input: OracleInput
  readonly operation: OperationDefinitionNode
  readonly variables: Values

  constructor(input: OracleInput) {
    const operations = input.document.definitions.filter((one) => one.kind === Kind.OPERATION_DEFINITION)
    const operation = operations.find((one) => one.name?.value === input.operationName) ?? operations[0]
    if (operation === undefined) throw new Error('nothing to price')
    this.schema = input.schema
    this.input = input
    this.operation = operation
    // graphql 17 has another name for them, and hands them on as a whole.
    const found = getVariableValues(
      input.schema,
      operation.variableDefinitions ?? [],
      input.variables ?? {},
    ) as { coerced?: Values; variableValues?: Values; errors?: readonly Error[] }
    const variables = found.coerced ?? found.variableValues
    if (variables === undefined)
      throw new Error(`invalid variables: ${found.errors?.map((error) => error.message).join()}`)
    this.variables = variables
  }

  get defaultListSize() {
    return this.input.defaultListSize ?? 10
  }

  price(): Price {
    const root = this.schema.getRootType(this.operation.operation)
    if (!root) throw new Error('no root type')
    const below = this.selections([this.operation.selectionSet], root, [])
    const weight = this.typeWeight(root)
    return { ...below, type: weight + below.type, both: weight + below.both }
  }

  weight(node: ASTNode | null | undefined): number | undefined {
    const directive = this.schema.getDirective('cost')
    if (!node || !directive) return undefined
    const values = getDirectiveValues(directive, node as { directives?: [] })
    return values === undefined ? undefined : Number(values['weight'])
  }

  typeWeight(type: GraphQLNamedType): number {
    return Math.max(0, this.weight(type.astNode) ?? (isCompositeType(type) ? 1 : 0))
  }

  /** What an object of one concrete type costs below itself. */
  selections(sets: SelectionSetNode[], type: GraphQLObjectType, handed: Handed[]): Price {
    const groups = new Map<string, FieldNode[]>()
    for (const set of sets) this.collect(set, type, groups, new Set())
    const sum = { type: 0, field: 0, meta: 0, both: 0 }
    for (const nodes of groups.values()) {
      const name = nodes[0]?.name.value ?? ''
      if ((name === '__schema' || name === '__type') && type === this.schema.getQueryType()) {
        sum.meta += this.introspection(name === '__schema' ? '__Schema' : '__Type', 1, nodes)
      }
      const field = type.getFields()[name]
      if (field === undefined) continue
      const price = this.field(type, field, nodes, handed)
      const multiplier = this.input.multipliers?.[`${type.name}.${name}`] ?? 1
      sum.type += product(price.type, multiplier)
      sum.field += product(price.field, multiplier)
      sum.meta += product(price.meta, multiplier)
      sum.both += product(price.both, multiplier)
    }
    return sum
  }

  collect(
    set: SelectionSetNode,
    type: GraphQLObjectType,
    groups: Map<string, FieldNode[]>,
    path: Set<FragmentDefinitionNode>,
  ) {
    for (const selection of set.selections) {
      if (getDirectiveValues(GraphQLSkipDirective, selection, this.variables)?.['if'] === true) continue
      if (getDirectiveValues(GraphQLIncludeDirective, selection, this.variables)?.['if'] === false) continue
      if (selection.kind === Kind.FIELD) {
        const key = selection.alias?.value ?? selection.name.value
        groups.set(key, [...(groups.get(key) ?? []), selection])
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        if (this.matches(selection.typeCondition?.name.value, type))
          this.collect(selection.selectionSet, type, groups, path)
      } else {
        const fragment = this.input.document.definitions.find(
          (one) => one.kind === Kind.FRAGMENT_DEFINITION && one.name.value === selection.name.value,
        ) as FragmentDefinitionNode | undefined
        if (fragment === undefined || path.has(fragment)) continue
        if (!this.matches(fragment.typeCondition.name.value, type)) continue
        this.collect(fragment.selectionSet, type, groups, new Set([...path, fragment]))
      }
    }
  }

  matches(condition: string | undefined, type: GraphQLObjectType): boolean {
    if (condition === undefined || condition === type.name) return true
    const conditionType = this.schema.getType(condition)
    return isAbstractType(conditionType) && this.schema.isSubType(conditionType, type)
  }

  field(parent: GraphQLObjectType, field: Field, nodes: FieldNode[], handed: Handed[]): Price {
    const named = getNamedType(field.type)
    const args = getArgumentValues(field, nodes[0] as FieldNode, this.variables)
    const own = Math.max(...nodes.map((node) => this.ownCost(field, node)))
    const sizings = this.sizings(parent, field)
    const size = this.listSize(field, sizings, args, handed)
    if (!isCompositeType(named)) {
      const leaves = product(size, this.typeWeight(named))
      return { type: leaves, field: own, meta: 0, both: own + leaves }
    }
    const below = this.handedBelow(field, sizings, args, handed)
    const sets = nodes.flatMap((node) => node.selectionSet ?? [])
    let type = 0
    let cost = 0
    let meta = 0
    let both = 0
    for (const concrete of isObjectType(named) ? [named] : this.schema.getPossibleTypes(named)) {
      const one = this.selections(sets, concrete, below)
      type = Math.max(type, one.type + this.typeWeight(concrete))
      cost = Math.max(cost, one.field)
      meta = Math.max(meta, one.meta)
      both = Math.max(both, one.both + this.typeWeight(concrete))
    }
    return {
      type: product(size, type),
      field: own + product(size, cost),
      meta: product(size, meta),
      both: own + product(size, both),
    }
  }

  /** A field of the introspection system: 1 for the call, and for each of its values 1 and what is below. */
  introspection(typeName: string, size: number, nodes: FieldNode[]): number {
    const type = this.schema.getType(typeName)
    if (!isObjectType(type)) return 0
    const groups = new Map<string, FieldNode[]>()
    for (const node of nodes) if (node.selectionSet) this.collect(node.selectionSet, type, groups, new Set())
    let below = 0
    for (const group of groups.values()) {
      const field = type.getFields()[group[0]?.name.value ?? '']
      if (field === undefined) continue
      const entries = depth(field.type) > 0 ? this.entries(`${typeName}.${field.name}`) : 1
      below += this.introspection(getNamedType(field.type).name, entries, group)
    }
    return 1 + product(size, 1 + below)
  }

  /** The most entries that a list of the introspection system has in this schema. */
  entries(coordinate: string): number {
    const types = Object.values(this.schema.getTypeMap())
    const outputs = types.filter((type) => isObjectType(type) || isInterfaceType(type))
    const fields = outputs.flatMap((type) => Object.values(type.getFields()))
    const counts: Record<string, number[]> = {
      '__Schema.types': [types.length],
      '__Schema.directives': [this.schema.getDirectives().length],
      '__Type.fields': outputs.map((type) => Object.keys(type.getFields()).length),
      '__Type.interfaces': outputs.map((type) => type.getInterfaces().length),
      '__Type.possibleTypes': types.map((type) =>
        isAbstractType(type) ? this.schema.getPossibleTypes(type).length : 0,
      ),
      '__Type.enumValues': types.map((type) => (isEnumType(type) ? type.getValues().length : 0)),
      '__Type.inputFields': types.map((type) =>
        isInputObjectType(type) ? Object.keys(type.getFields()).length : 0,
      ),
      '__Field.args': fields.map((field) => field.args.length),
      '__Directive.args': this.schema.getDirectives().map((directive) => directive.args.length),
    }
    return Math.max(0, ...(counts[coordinate] ?? []))
  }

  handedBelow(field: Field, sizings: Sizing[], args: Values, handed: Handed[]): Handed[] {
    const below: Handed[] = handed
      .filter(({ path }) => path.length > 1 && path[0] === field.name)
      .map(({ path, size: inner }) => ({ path: path.slice(1), size: inner }))
    for (const sizing of sizings) {
      const asked = this.asked(sizing, args) ?? sizing.assumedSize ?? this.defaultListSize
      for (const path of sizing.sizedFields ?? []) below.push({ path: path.split('.'), size: asked })
    }
    return below
  }

  ownCost(field: Field, node: FieldNode): number {
    let cost = this.weight(field.astNode) ?? (isCompositeType(getNamedType(field.type)) ? 1 : 0)
    cost += this.argumentsCost(field.args, getArgumentValues(field, node, this.variables))
    for (const directive of node.directives ?? []) {
      const definition = this.schema.getDirective(directive.name.value)
      if (!definition) continue
      const values = getArgumentValues(definition, directive, this.variables)
      cost += Math.max(0, this.argumentsCost(definition.args, values))
    }
    return Math.max(0, cost)
  }

  argumentsCost(
    inputs: readonly { name: string; type: GraphQLInputType; astNode?: ASTNode | null | undefined }[],
    values: Values,
  ): number {
    let cost = 0
    for (const input of inputs) {
      if (!(input.name in values)) continue
      const weight = this.weight(input.astNode) ?? (isInputObjectType(getNamedType(input.type)) ? 1 : 0)
      const value = values[input.name]
      cost += value === null ? Math.max(0, weight) : weight + this.inside(input.type, value)
    }
    return cost
  }

  inside(type: GraphQLInputType, value: unknown): number {
    const named = getNamedType(type)
    if (!isInputObjectType(named) || value === null) return 0
    if (Array.isArray(value)) return value.reduce<number>((sum, item) => sum + this.inside(type, item), 0)
    return this.argumentsCost(Object.values(named.getFields()), value as Values)
  }

  sizings(parent: GraphQLObjectType, field: Field): Sizing[] {
    const own = this.listSizeDirectives(field)
    if (own.length > 0) return own
    for (const parentInterface of parent.getInterfaces()) {
      const inherited = parentInterface.getFields()[field.name]
      if (inherited && this.listSizeDirectives(inherited).length > 0)
        return this.listSizeDirectives(inherited)
    }
    const slicingArguments = field.args
      .filter(
        (arg) =>
          ['first', 'last', 'limit'].includes(arg.name) &&
          ['Int', 'Float'].includes(getNamedType(arg.type).name),
      )
      .map((arg) => arg.name)
    if (slicingArguments.length === 0) return []
    if (depth(field.type) > 0) return [{ slicingArguments }]
    const named = getNamedType(field.type)
    if (!isObjectType(named)) return []
    const lists = Object.values(named.getFields()).filter((one) => depth(one.type) > 0)
    const sizedFields = lists.map((one) => one.name).filter((name) => name === 'edges' || name === 'nodes')
    return sizedFields.length > 0 ? [{ slicingArguments, sizedFields }] : []
  }

  listSizeDirectives(field: Field): Sizing[] {
    const directive = this.schema.getDirective('listSize')
    const nodes = field.astNode?.directives?.filter((node) => node.name.value === 'listSize') ?? []
    if (!directive) return []
    return nodes.map((node) => getArgumentValues(directive, node) as Sizing)
  }

  asked(sizing: Sizing, args: Values): number | undefined {
    const sizes: number[] = []
    for (const path of sizing.slicingArguments ?? []) {
      let value: unknown = args
      for (const name of path.split('.'))
        value = value === null ? null : (value as Values | undefined)?.[name]
      if (Array.isArray(value)) sizes.push(value.length)
      else if (typeof value === 'number') sizes.push(value < 0 ? Infinity : value)
    }
    return sizes.length === 0 ? undefined : Math.max(...sizes)
  }

  listSize(field: Field, sizings: Sizing[], args: Values, handed: Handed[]): number {
    const lists = depth(field.type)
    if (lists === 0) return 1
    const mine = sizings.filter((sizing) => (sizing.sizedFields ?? []).length === 0)
    const asked = mine.map((sizing) => this.asked(sizing, args)).filter((size) => size !== undefined)
    const fromAbove = handed
      .filter(({ path }) => path.length === 1 && path[0] === field.name)
      .map(({ size }) => size)
    const assumed = mine
      .filter((sizing) => this.asked(sizing, args) === undefined)
      .map((sizing) => sizing.assumedSize ?? this.defaultListSize)
    let sizes = [...asked, ...(fromAbove.length > 0 ? fromAbove : assumed)]
    if (sizes.length === 0) sizes = [this.defaultListSize]
    let size = Math.max(...sizes)
    for (let inner = 1; inner < lists; inner++) size = product(size, this.defaultListSize)
    return size
  }
}

function depth(type: GraphQLOutputType): number {
  const nullable = getNullableType(type)
  return isListType(nullable) ? 1 + depth(nullable.ofType) : 0
}
