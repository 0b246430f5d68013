import { Kind, print, visit, type ASTNode, type DocumentNode, type FragmentDefinitionNode } from 'graphql'
import type { PersistedDocument } from './documents.ts'

/** A fragment, with the file it is from; several where files disagree about it. */
interface Shared {
  readonly fragment: FragmentDefinitionNode
  readonly files: readonly string[]
  readonly differ: boolean
}

/**
 * Adds to each document the fragments that it spreads and another one defines, as the tools do that bundle files. What
 * holds fragments alone is left out then.
 */
export function completed(documents: readonly PersistedDocument[]): readonly PersistedDocument[] {
  const shared = sharedFragments(documents)
  return documents
    .filter(({ document }) => document === undefined || document.definitions.some(isNoFragment))
    .map((one) => (one.document === undefined ? one : complete(one.id, one.document, shared)))
}

const isNoFragment = ({ kind }: ASTNode): boolean => kind !== Kind.FRAGMENT_DEFINITION

function sharedFragments(documents: readonly PersistedDocument[]): ReadonlyMap<string, Shared> {
  const shared = new Map<string, Shared>()
  for (const { id, document } of documents) {
    for (const fragment of document?.definitions ?? []) {
      if (fragment.kind !== Kind.FRAGMENT_DEFINITION) continue
      const name = fragment.name.value
      const known = shared.get(name)
      shared.set(name, {
        fragment,
        files: [...(known?.files ?? []), id],
        differ: known !== undefined && (known.differ || print(known.fragment) !== print(fragment)),
      })
    }
  }
  return shared
}

function complete(
  id: string,
  document: DocumentNode,
  shared: ReadonlyMap<string, Shared>,
): PersistedDocument {
  const present = new Set(
    document.definitions.flatMap((one) => (one.kind === Kind.FRAGMENT_DEFINITION ? [one.name.value] : [])),
  )
  const added: FragmentDefinitionNode[] = []
  const pending: ASTNode[] = [document]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    for (const name of spreadsIn(next)) {
      const found = present.has(name) ? undefined : shared.get(name)
      if (found === undefined) continue
      if (found.differ) {
        const fault = `fragment "${name}" is not the same in ${found.files.join(' and ')}`
        return { id, document: undefined, fault }
      }
      present.add(name)
      added.push(found.fragment)
      pending.push(found.fragment)
    }
  }
  return { id, document: { ...document, definitions: [...document.definitions, ...added] }, fault: undefined }
}

function spreadsIn(node: ASTNode): ReadonlySet<string> {
  const names = new Set<string>()
  visit(node, {
    FragmentSpread({ name }) {
      names.add(name.value)
    },
  })
  return names
}
