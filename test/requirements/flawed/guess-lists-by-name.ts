import type { FieldNode, SelectionNode } from 'graphql'

/** The flaw: a name that ends in "s" is a list, every other name is not, and only a literal `limit` tells its size. */
export function priceByName(selection: SelectionNode): number {
  if (selection.kind !== 'Field') return 0
  const below = (selection.selectionSet?.selections ?? []).map(priceByName).reduce((a, b) => a + b, 0)
  return sizeByName(selection) * (1 + below)
}

function sizeByName({ name, arguments: given = [] }: FieldNode): number {
  if (!name.value.endsWith('s')) return 1
  const limit = given.find((argument) => argument.name.value === 'limit')?.value
  return limit?.kind === 'IntValue' ? Number(limit.value) : 10
}
