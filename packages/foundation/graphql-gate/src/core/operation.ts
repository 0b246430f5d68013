import { Kind, OperationTypeNode } from 'graphql'
import type { DocumentNode, FragmentDefinitionNode, OperationDefinitionNode } from 'graphql'

/** One GraphQL operation that a request asks to execute. */
export interface GraphQLOperation {
  readonly document: DocumentNode
  /** As the client sent them: not coerced, own properties only are meant. */
  readonly variables: Readonly<Record<string, unknown>>
  readonly operationName: string | undefined
  /**
   * The operation that will run. More than one where the door tells no name: whoever judges takes the worst of them.
   * None where the document holds no operation: nothing will run.
   */
  readonly candidates: readonly OperationDefinitionNode[]
  /** The kind of the operation; where there are several candidates, the most powerful kind among them. */
  readonly kind: OperationTypeNode
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>
  /** The name that the document gives to the operation that will run, where it has one and it is known which runs. */
  readonly name: string | undefined
  /** The fields of the root type that it selects, by their names in the schema, each once; of all candidates. */
  readonly rootFields: readonly string[]
}

/** The definitions of a document that run or are spread. */
interface Definitions {
  readonly operations: readonly OperationDefinitionNode[]
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>
}

const facts = new WeakMap<DocumentNode, Definitions>()

/** Finds the definitions of a document, once; of several fragments with one name, the last. */
export function definitionsOf(document: DocumentNode): Definitions {
  const known = facts.get(document)
  if (known !== undefined) return known
  const operations: OperationDefinitionNode[] = []
  const fragments = new Map<string, FragmentDefinitionNode>()
  for (const definition of document.definitions) {
    if (definition.kind === Kind.OPERATION_DEFINITION) operations.push(definition)
    else if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition)
  }
  const found = { operations, fragments }
  facts.set(document, found)
  return found
}

function kindOf(candidates: readonly OperationDefinitionNode[]): OperationTypeNode {
  for (const kind of [OperationTypeNode.MUTATION, OperationTypeNode.SUBSCRIPTION]) {
    if (candidates.some((candidate) => candidate.operation === kind)) return kind
  }
  return OperationTypeNode.QUERY
}

function rootFieldsOf(
  candidates: readonly OperationDefinitionNode[],
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): readonly string[] {
  const names = new Set<string>()
  const entered = new Set<string>()
  // A list that grows while it is read: fragments may be nested deeply, and in each other.
  const sets = candidates.map(({ selectionSet }) => selectionSet)
  for (const { selections } of sets) {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) names.add(selection.name.value)
      else if (selection.kind === Kind.INLINE_FRAGMENT) sets.push(selection.selectionSet)
      else if (!entered.has(selection.name.value)) {
        entered.add(selection.name.value)
        const fragment = fragments.get(selection.name.value)
        if (fragment !== undefined) sets.push(fragment.selectionSet)
      }
    }
  }
  return [...names]
}

/**
 * Describes what a document will do.
 *
 * @param operationName the name that was sent; where it is missing or unknown, every operation is a candidate
 */
export function describeOperation(
  document: DocumentNode,
  variables: Readonly<Record<string, unknown>>,
  operationName: string | undefined,
): GraphQLOperation {
  const { operations, fragments } = definitionsOf(document)
  const named = operations.filter((operation) => operation.name?.value === operationName)
  const candidates = operationName !== undefined && named.length === 1 ? named : operations
  const name = candidates.length === 1 ? candidates[0]?.name?.value : undefined
  const kind = kindOf(candidates)
  let rootFields: readonly string[] | undefined
  return {
    document,
    variables,
    operationName,
    candidates,
    kind,
    fragments,
    name,
    // Found out for whoever asks; most requests are judged without.
    get rootFields() {
      return (rootFields ??= rootFieldsOf(candidates, fragments))
    },
  }
}

/** Whether the name that was sent, or its absence, tells exactly which operation runs. */
export function isDetermined(operation: GraphQLOperation): boolean {
  const { candidates, operationName } = operation
  if (candidates.length !== 1) return candidates.length === 0
  return operationName === undefined || candidates[0]?.name?.value === operationName
}
