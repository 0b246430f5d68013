import {
  buildASTSchema,
  Kind,
  parse,
  specifiedDirectives,
  validateSchema,
  visit,
  type DefinitionNode,
  type DocumentNode,
  type GraphQLSchema,
} from 'graphql'
import { CommandError, readText } from './files.ts'

/**
 * Reads a schema. Directives that it uses and does not define (the schema of a subgraph does) are taken as they are,
 * and so is the extension of a type that another subgraph defines.
 *
 * @throws {@link CommandError} where it is no schema
 */
export async function readSchema(path: string): Promise<GraphQLSchema> {
  const text = await readText(path)
  let fault: string | undefined
  try {
    const schema = build(parse(text))
    fault = validateSchema(schema)[0]?.message
    if (fault === undefined) return schema
  } catch (error) {
    fault = (error as Error).message
  }
  throw new CommandError(`${path} is no schema: ${fault}`)
}

function build(document: DocumentNode): GraphQLSchema {
  if (!usesUndefinedDirectives(document)) return buildASTSchema(document)
  const defined = new Set<string>()
  for (const definition of document.definitions) {
    if (!definition.kind.endsWith('TypeDefinition') || !('name' in definition)) continue
    const name = definition.name?.value ?? ''
    if (defined.has(name)) throw new CommandError(`"${name}" is defined twice`)
    defined.add(name)
  }
  const definitions = document.definitions.map((definition) => based(definition, defined))
  return buildASTSchema({ ...document, definitions }, { assumeValidSDL: true })
}

function usesUndefinedDirectives(document: DocumentNode): boolean {
  const known = new Set(specifiedDirectives.map(({ name }) => name))
  for (const definition of document.definitions) {
    if (definition.kind === Kind.DIRECTIVE_DEFINITION) known.add(definition.name.value)
  }
  let found = false
  visit(document, {
    Directive({ name }) {
      found ||= !known.has(name.value)
    },
  })
  return found
}

/** The first extension of a type that is not defined defines it. */
function based(definition: DefinitionNode, defined: Set<string>): DefinitionNode {
  switch (definition.kind) {
    case Kind.OBJECT_TYPE_EXTENSION:
      return isFirst(definition, defined) ? { ...definition, kind: Kind.OBJECT_TYPE_DEFINITION } : definition
    case Kind.INTERFACE_TYPE_EXTENSION:
      return isFirst(definition, defined)
        ? { ...definition, kind: Kind.INTERFACE_TYPE_DEFINITION }
        : definition
    case Kind.UNION_TYPE_EXTENSION:
      return isFirst(definition, defined) ? { ...definition, kind: Kind.UNION_TYPE_DEFINITION } : definition
    case Kind.ENUM_TYPE_EXTENSION:
      return isFirst(definition, defined) ? { ...definition, kind: Kind.ENUM_TYPE_DEFINITION } : definition
    case Kind.INPUT_OBJECT_TYPE_EXTENSION:
      return isFirst(definition, defined)
        ? { ...definition, kind: Kind.INPUT_OBJECT_TYPE_DEFINITION }
        : definition
    case Kind.SCALAR_TYPE_EXTENSION:
      return isFirst(definition, defined) ? { ...definition, kind: Kind.SCALAR_TYPE_DEFINITION } : definition
    default:
      return definition
  }
}

function isFirst({ name }: { readonly name: { readonly value: string } }, defined: Set<string>): boolean {
  if (defined.has(name.value)) return false
  defined.add(name.value)
  return true
}
