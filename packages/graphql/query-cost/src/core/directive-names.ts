import { valueFromASTUntyped, type ConstDirectiveNode, type GraphQLSchema } from 'graphql'
import type { CostDirectiveNames } from './types.ts'

type Kind = keyof CostDirectiveNames

/** The names under which a schema uses `@cost` and `@listSize`, each perhaps under several. */
export type DirectiveNames = Readonly<Record<Kind, ReadonlySet<string>>>

/** A specification that a schema imports with `@link` and that has both directives. */
interface Link {
  /** What goes before `__` in names that are not imported. */
  readonly namespace: string
  /** Imported names, by the specification's own. */
  readonly imported: ReadonlyMap<string, string>
}

// Apollo Federation 2.9 has both directives, and so has the specification of cost that supergraphs import.
const SPECIFICATION = /^https:\/\/specs\.apollo\.dev\/(cost|federation)\/v\d+\.\d+\/?$/

/**
 * The names to read: those of the options, else those that `@link` gives them, else `cost` and `listSize`. A link that
 * does not import a directive leaves its own name to be used as well, unless another one renames it.
 */
export function directiveNames(schema: GraphQLSchema, given: CostDirectiveNames = {}): DirectiveNames {
  const links = linksOf(schema)
  return {
    cost: given.cost === undefined ? linkedNames('cost', links) : new Set([given.cost]),
    listSize: given.listSize === undefined ? linkedNames('listSize', links) : new Set([given.listSize]),
  }
}

function linkedNames(kind: Kind, links: readonly Link[]): ReadonlySet<string> {
  const renamed = links.flatMap(({ imported }) => imported.get(kind) ?? []).filter((name) => name !== kind)
  const names = new Set(renamed.length > 0 ? renamed : [kind])
  for (const { namespace, imported } of links) {
    if (imported.has(kind)) continue
    names.add(`${namespace}__${kind}`)
    // The directive that a specification is named after has the namespace's name alone.
    if (kind === 'cost' && namespace !== 'federation') names.add(namespace)
  }
  return names
}

function linksOf({ astNode, extensionASTNodes }: GraphQLSchema): readonly Link[] {
  return [astNode, ...extensionASTNodes]
    .flatMap((node) => node?.directives ?? [])
    .filter(({ name }) => name.value === 'link')
    .flatMap((directive) => linkOf(directive) ?? [])
}

function linkOf(directive: ConstDirectiveNode): Link | undefined {
  const given = new Map(
    directive.arguments?.map(({ name, value }): [string, unknown] => [
      name.value,
      valueFromASTUntyped(value),
    ]),
  )
  const url = given.get('url')
  const specification = typeof url === 'string' ? SPECIFICATION.exec(url)?.[1] : undefined
  if (specification === undefined) return undefined
  const as = given.get('as')
  const imports = given.get('import')
  return {
    namespace: typeof as === 'string' ? as : specification,
    imported: new Map((Array.isArray(imports) ? imports : []).flatMap(importOf)),
  }
}

/** `"@cost"` or `{ name: "@cost", as: "@price" }`, without the signs; nothing where no directive is meant. */
function importOf(one: unknown): [string, string][] {
  const { name, as = name }: { name?: unknown; as?: unknown } =
    typeof one === 'object' && one !== null ? one : { name: one }
  if (typeof name !== 'string' || typeof as !== 'string' || !name.startsWith('@')) return []
  return [[name.slice(1), as.replace(/^@/, '')]]
}
