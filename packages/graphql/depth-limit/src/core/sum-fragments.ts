import { add } from './shape.ts'
import type { Walked } from './walk-definition.ts'

/** What is counted, where other measures are the largest of several. */
export interface Sums {
  readonly aliases: number
  readonly directives: number
  readonly selections: number
}

/** What a definition counts together with what it spreads. */
export interface Summed {
  /** What it brings into a set, without what it spreads into the same set. */
  readonly alone: Sums
  readonly whole: Sums
  /** What it spreads into the same set. */
  readonly own: readonly Summed[]
}

/** The most steps that are spent on finding what is reached twice in one set; past it, it is counted twice. */
const MOST_STEPS = 50_000

const NONE: readonly never[] = []

const plus = (a: Sums, b: Sums): Sums => ({
  aliases: add(a.aliases, b.aliases),
  directives: add(a.directives, b.directives),
  selections: add(a.selections, b.selections),
})

/**
 * Sums what definitions count through their fragments. A fragment counts once in each selection set that spreads it,
 * whichever way and however often, as an executor collects its fields once.
 *
 * @param order the definitions, each after the fragments it spreads; the last is the operation
 */
export function sumFragments(order: readonly Walked[]): Sums {
  let steps = 0

  /** Adds what one set reaches through the fragments that are spread into it. */
  const addReached = (sums: Sums, fragments: readonly Summed[]): Sums => {
    const [first] = fragments
    if (first === undefined) return sums
    if (fragments.length === 1) return plus(sums, first.whole)
    const wholes = (): Sums => fragments.reduce((sum, { whole }) => plus(sum, whole), sums)
    if (steps > MOST_STEPS) return wholes()
    const reached = new Set(fragments)
    // A set that grows while it is walked is walked to its end.
    for (const { own } of reached) {
      for (const next of own) reached.add(next)
      steps += 1 + own.length
      if (steps > MOST_STEPS) return wholes()
    }
    let total = sums
    for (const { alone } of reached) total = plus(total, alone)
    return total
  }

  const sum = (definition: Walked): Summed => {
    let alone: Sums = definition
    if (definition.spreads.length === 0) return { alone, whole: alone, own: NONE }
    const own: Summed[] = []
    let below: Map<number, Summed[]> | undefined
    for (const { fragment, at, isRepeated } of definition.spreads) {
      const found = fragment?.summed
      if (found === undefined) continue
      if (isRepeated) alone = plus(alone, found.whole)
      else if (at.set === 0) own.push(found)
      else {
        below ??= new Map()
        if (!below.get(at.set)?.push(found)) below.set(at.set, [found])
      }
    }
    for (const fragments of below?.values() ?? NONE) alone = addReached(alone, distinct(fragments))
    const spread = distinct(own)
    return { alone, whole: addReached(alone, spread), own: spread }
  }

  let total: Sums = { aliases: 0, directives: 0, selections: 0 }
  for (const definition of order) {
    definition.summed = sum(definition)
    total = definition.summed.whole
  }
  return total
}

function distinct(fragments: readonly Summed[]): readonly Summed[] {
  if (fragments.length < 2) return fragments
  const [first] = fragments
  return fragments.every((one) => one === first) ? fragments.slice(0, 1) : [...new Set(fragments)]
}
