import type { SelectionNode } from 'graphql'

/** The flaw: a weight belongs to a bare field name, so it holds for every field of that name on whatever type. */
export function weighByFieldName(
  selection: SelectionNode,
  weights: Readonly<Record<string, number>>,
): number {
  if (selection.kind !== 'Field') return 0
  const below = (selection.selectionSet?.selections ?? [])
    .map((one) => weighByFieldName(one, weights))
    .reduce((a, b) => a + b, 0)
  return (weights[selection.name.value] ?? 1) * (1 + below)
}
