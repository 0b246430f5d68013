import type { DocumentNode, SelectionSetNode } from 'graphql'

/** The flaw: the first operation is priced whichever runs, a size in a variable is unknown, inline fragments are free. */
export function priceFirstOperation(document: DocumentNode): number {
  const first = document.definitions.find((definition) => definition.kind === 'OperationDefinition')
  return first === undefined ? 0 : priceSet(first.selectionSet)
}

function priceSet({ selections }: SelectionSetNode): number {
  let price = 0
  for (const selection of selections) {
    if (selection.kind !== 'Field') continue
    const size = selection.arguments?.find((argument) => argument.name.value === 'first')?.value
    const below = selection.selectionSet === undefined ? 0 : priceSet(selection.selectionSet)
    price += (size?.kind === 'IntValue' ? Number(size.value) : 1) * (1 + below)
  }
  return price
}
