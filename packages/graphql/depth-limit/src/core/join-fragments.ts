import type { CyclicFragments } from './shape.ts'
import { sumFragments } from './sum-fragments.ts'
import type { Sums } from './sum-fragments.ts'
import { timesOn } from './walk-definition.ts'
import type { Spread, Walked } from './walk-definition.ts'

/** The most steps that are spent on repeats through fragments; past it, their depth is taken, which is never less. */
const MOST_STEPS = 200_000

/**
 * The walked fragments that spreads reach, each after those it spreads itself. Linear, without recursion.
 *
 * @returns `'cycle'` where a fragment reaches itself; fragments that do not exist are left out
 */
function inOrder(root: Walked): readonly Walked[] | CyclicFragments {
  const order: Walked[] = []
  const path = [{ definition: root, next: 0 }]
  for (let visit = path.at(-1); visit !== undefined; visit = path.at(-1)) {
    const spread = visit.definition.spreads[visit.next++]
    if (spread === undefined) {
      path.pop()
      visit.definition.order = 'done'
      order.push(visit.definition)
      continue
    }
    const { fragment } = spread
    if (fragment === undefined) continue
    if (fragment.order === 'open') return 'cycle'
    if (fragment.order === 'done') continue
    fragment.order = 'open'
    path.push({ definition: fragment, next: 0 })
  }
  return order
}

/** Lays over what a definition measures what a fragment does that it spreads. */
function addFragment(total: Walked, fragment: Walked, { at }: Spread): void {
  const { introspection, lists, depth } = at
  total.introspectionDepth = Math.max(total.introspectionDepth, fragment.introspectionDepth)
  total.introspectionListDepth = Math.max(total.introspectionListDepth, fragment.introspectionListDepth)
  if (introspection > 0) {
    total.introspectionDepth = Math.max(total.introspectionDepth, introspection + fragment.depth)
    total.introspectionListDepth = Math.max(total.introspectionListDepth, lists + fragment.listDepth)
  } else {
    total.depth = Math.max(total.depth, depth + fragment.depth)
    total.listDepth = Math.max(total.listDepth, lists + fragment.listDepth)
  }
}

function addRepeats(total: Walked, fragment: Walked, { at }: Spread): void {
  if (at.introspection > 0) return
  for (const [family, times] of fragment.repeats) {
    const joined = times + timesOn(at.path, family)
    if (joined > (total.repeats.get(family) ?? 0)) total.repeats.set(family, joined)
  }
}

/** What an operation measures only together with its fragments. */
export interface Joined {
  readonly sums: Sums
  /** How often one field stands on one path. */
  readonly selfReferentialDepth: number
}

/**
 * Lays over every definition the depths of its fragments, each once however often it is spread.
 *
 * @param root the operation
 * @returns the other measures of the operation, or `'cycle'`
 */
export function joinFragments(root: Walked): Joined | CyclicFragments {
  const order = inOrder(root)
  if (order === 'cycle') return order
  const sums = sumFragments(order)
  let steps = 0
  for (const definition of order) {
    for (const spread of definition.spreads) {
      const { fragment } = spread
      if (fragment === undefined) continue
      addFragment(definition, fragment, spread)
      steps += fragment.repeats.size * (1 + spread.at.depth)
      if (steps <= MOST_STEPS) addRepeats(definition, fragment, spread)
    }
  }
  const selfReferentialDepth = steps > MOST_STEPS ? root.depth : Math.max(0, ...root.repeats.values())
  return { sums, selfReferentialDepth }
}
