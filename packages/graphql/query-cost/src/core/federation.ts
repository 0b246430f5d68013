import { getNamedType, getNullableType, isListType, valueFromASTUntyped, type GraphQLSchema } from 'graphql'
import type { CostDirectiveNames, CostModelOptions, WeightSettings } from './types.ts'

type Weights = NonNullable<CostModelOptions['weights']>
type Kind = 'cost' | 'listSize'

/** Names under which each directive is read. */
export type DirectiveNames = Readonly<Record<Kind, ReadonlySet<string>>>

/** One `@link` of a schema, as far as it brings cost directives. */
interface Link {
  /** The specification's name: the path segment before the version. */
  readonly spec: string
  /** What stands before the names of directives that are not imported. */
  readonly prefix: string
  readonly imports: ReadonlyMap<string, string>
}

const SPECS: ReadonlySet<string> = new Set(['cost', 'federation'])

/** `https://specs.apollo.dev/federation/v2.9` is `federation`. */
function specOf(url: unknown): string | undefined {
  if (typeof url !== 'string' || !URL.canParse(url)) return undefined
  const segments = new URL(url).pathname.split('/').filter((segment) => segment !== '')
  const version = /^v\d{1,9}\.\d{1,9}$/.test(segments.at(-1) ?? '')
  return segments.at(version ? -2 : -1)
}

/** An entry of `import`: a name, or one with another name for here. */
function importOf(entry: unknown): readonly (readonly [string, string])[] {
  if (typeof entry === 'string') return [[entry, entry]]
  const { name, as } = (entry ?? {}) as { name?: unknown; as?: unknown }
  return typeof name === 'string' ? [[name, typeof as === 'string' ? as : name]] : []
}

function linksOf(schema: GraphQLSchema): readonly Link[] {
  const nodes = [schema.astNode, ...schema.extensionASTNodes].flatMap((node) => node?.directives ?? [])
  return nodes.flatMap((node): Link[] => {
    if (node.name.value !== 'link') return []
    const given = new Map<string, unknown>(
      node.arguments?.map(({ name, value }) => [name.value, valueFromASTUntyped(value)]),
    )
    const spec = specOf(given.get('url'))
    if (spec === undefined || !SPECS.has(spec)) return []
    const as = given.get('as')
    const imports: unknown = given.get('import')
    return [
      {
        spec,
        prefix: typeof as === 'string' ? as : spec,
        imports: new Map(Array.isArray(imports) ? (imports as unknown[]).flatMap(importOf) : []),
      },
    ]
  })
}

function namesOf(kind: Kind, links: readonly Link[]): ReadonlySet<string> {
  const imported = links.flatMap(({ imports }) => imports.get(`@${kind}`) ?? [])
  if (imported.length > 0) return new Set(imported.map((name) => name.replace('@', '')))
  // Not imported, they carry the specification's name, and a schema may define one of its own.
  const prefixed = links.map(({ spec, prefix }) => (spec === kind ? prefix : `${prefix}__${kind}`))
  return new Set([kind, ...prefixed])
}

/** The names to read directives under: those that the options give, else those that the schema's `@link` gives. */
export function directiveNames(schema: GraphQLSchema, given: CostDirectiveNames = {}): DirectiveNames {
  const links = linksOf(schema)
  const named = (kind: Kind): ReadonlySet<string> =>
    given[kind] === undefined ? namesOf(kind, links) : new Set([given[kind]])
  return { cost: named('cost'), listSize: named('listSize') }
}

/**
 * The weights of a federated subgraph's own fields, under those that the options give: `_entities` returns as many
 * entities as it is sent representations, and `_service` answers with a text that is there already.
 */
export function withFederation(schema: GraphQLSchema, weights: Weights = {}): Weights {
  const query = schema.getQueryType()
  const { _entities: entities, _service: service } = query?.getFields() ?? {}
  const own: Record<string, WeightSettings> = {}
  const representations = entities?.args.find(({ name }) => name === 'representations')
  if (query && representations && isListType(getNullableType(representations.type))) {
    const listSize = { slicingArguments: ['representations'], requireOneSlicingArgument: false }
    own[`${query.name}._entities`] = { listSize }
  }
  if (query && service && getNamedType(service.type).name === '_Service') {
    own[`${query.name}._service`] = { cost: 0 }
    own['_Service'] = { cost: 0 }
  }
  const under = Object.entries(own).map(([coordinate, settings]) => {
    const given = weights[coordinate]
    const said = typeof given === 'number' ? { cost: given } : given
    return [coordinate, { ...settings, ...said }] as const
  })
  return { ...weights, ...Object.fromEntries(under) }
}
