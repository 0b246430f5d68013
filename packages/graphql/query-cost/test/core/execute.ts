import {
  executeSync,
  getNamedType,
  getNullableType,
  isAbstractType,
  isCompositeType,
  isListType,
  type GraphQLFieldResolver,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
} from 'graphql'
import type { Choose } from './generate.ts'
import { Oracle, type Handed, type OracleInput } from './oracle.ts'

/** An object that a generated resolver returns: what it is, and what its fields have to know. */
interface Source {
  readonly type: string
  readonly handed: Handed[]
  readonly factor: number
}

/** One execution: its answer, and what was counted in the resolvers while it ran. */
export interface Executed {
  readonly data: unknown
  readonly type: number
  readonly field: number
}

/** Is told each call of a resolver, and makes it. */
export type Watch = (info: GraphQLResolveInfo, call: () => unknown) => unknown

const LONGEST = 3

/**
 * Executes an operation with resolvers that return whatever is chosen, with lists no longer than the rules say, and
 * counts calls and values as they happen. It shares no code with the engine.
 */
export function execute(
  input: OracleInput,
  choose: Choose,
  watch: Watch = (_info, call) => call(),
): Executed {
  const rules = new Oracle(input)
  const counted = { type: 0, field: 0 }

  const valueOf = (type: GraphQLOutputType, sizes: readonly number[], source: Source): unknown => {
    if (choose(7) === 7) return null
    const nullable = getNullableType(type)
    if (isListType(nullable)) {
      const [size = 0, ...inner] = sizes
      const length = choose(Math.min(size, LONGEST))
      return Array.from({ length }, () => valueOf(nullable.ofType, inner, source))
    }
    const named = getNamedType(type)
    if (!isCompositeType(named)) {
      counted.type += rules.typeWeight(named) * source.factor
      return { Int: 1, Big: 'big', Mood: 'FINE' }[named.name] ?? null
    }
    const possible = isAbstractType(named) ? input.schema.getPossibleTypes(named) : [named]
    if (possible.length === 0) return null
    const one = possible[choose(possible.length - 1)] as GraphQLObjectType
    counted.type += rules.typeWeight(one) * source.factor
    return { ...source, type: one.name }
  }

  const fieldResolver: GraphQLFieldResolver<Source, unknown> = (source, args, _context, info) => {
    const { parentType, fieldName, fieldNodes } = info
    const field = parentType.getFields()[fieldName]
    if (field === undefined) throw new Error(`no field ${fieldName}`)
    const factor = source.factor * (input.multipliers?.[`${parentType.name}.${fieldName}`] ?? 1)
    counted.field += Math.max(...fieldNodes.map((node) => rules.ownCost(field, node))) * factor
    const sizings = rules.sizings(parentType, field)
    const size = rules.listSize({ ...field, type: outermost(field.type) }, sizings, args, source.handed)
    const handed = rules.handedBelow(field, sizings, args, source.handed)
    const sizes = [size, ...Array.from({ length: 5 }, () => rules.defaultListSize)]
    return watch(info, () => valueOf(field.type, sizes, { type: '', handed, factor }))
  }

  const rootType = input.schema.getRootType(rules.operation.operation)
  const rootValue: Source = { type: rootType?.name ?? '', handed: [], factor: 1 }
  if (rootType) counted.type += rules.typeWeight(rootType)
  const { data, errors } = executeSync({
    schema: input.schema,
    document: input.document,
    rootValue,
    variableValues: input.variables ?? {},
    operationName: rules.operation.name?.value ?? null,
    fieldResolver,
    typeResolver: (value: Source) => value.type,
  })
  if (errors !== undefined) throw new Error(errors.map(({ message }) => message).join('\n'))
  return { data, ...counted }
}

/** The type as a list of one level, whose size is that of the outermost list alone. */
function outermost(type: GraphQLOutputType): GraphQLOutputType {
  let nullable = getNullableType(type)
  while (isListType(nullable) && isListType(getNullableType(nullable.ofType))) {
    nullable = getNullableType(nullable.ofType) as typeof nullable
  }
  return nullable
}
