import { Kind } from 'graphql'
import type { FragmentDefinitionNode, SelectionSetNode } from 'graphql'

function spreadNames(root: SelectionSetNode): string[] {
  const names = new Set<string>()
  const pending = [root]
  for (let set = pending.pop(); set !== undefined; set = pending.pop()) {
    for (const selection of set.selections) {
      if (selection.kind === Kind.FRAGMENT_SPREAD) names.add(selection.name.value)
      else if (selection.selectionSet !== undefined) pending.push(selection.selectionSet)
    }
  }
  return [...names]
}

interface Visit {
  readonly fragment: FragmentDefinitionNode
  readonly spreads: string[]
}

/**
 * The fragments that a selection set reaches, each after those it spreads itself. Linear, without recursion.
 *
 * @returns `'cycle'` where a fragment reaches itself; fragments that do not exist are left out
 */
export function orderFragments(
  root: SelectionSetNode,
  fragments: ReadonlyMap<string, FragmentDefinitionNode>,
): readonly FragmentDefinitionNode[] | 'cycle' {
  const order: FragmentDefinitionNode[] = []
  const state = new Map<string, 'open' | 'done'>()
  const rootSpreads = spreadNames(root)
  for (const name of rootSpreads) {
    const path: Visit[] = []
    if (!enter(name, path)) continue
    while (path.length > 0) {
      const visit = path.at(-1) as Visit
      const next = visit.spreads.pop()
      if (next === undefined) {
        path.pop()
        state.set(visit.fragment.name.value, 'done')
        order.push(visit.fragment)
      } else if (state.get(next) === 'open') {
        return 'cycle'
      } else {
        enter(next, path)
      }
    }
  }
  return order

  function enter(name: string, path: Visit[]): boolean {
    const fragment = fragments.get(name)
    if (fragment === undefined || state.has(name)) return false
    state.set(name, 'open')
    path.push({ fragment, spreads: spreadNames(fragment.selectionSet) })
    return true
  }
}
