import { Kind, visit } from 'graphql'
import type { DocumentNode } from 'graphql'

/** The flaw: depth is counted by the fields above a field in the same definition, so that a spread starts at 0 again. */
export function depthByAncestors(document: DocumentNode): number {
  let deepest = 0
  visit(document, {
    Field(_node, _key, _parent, _path, ancestors) {
      const fields = ancestors.filter((one) => 'kind' in one && one.kind === Kind.FIELD)
      deepest = Math.max(deepest, fields.length)
    },
  })
  return deepest
}
