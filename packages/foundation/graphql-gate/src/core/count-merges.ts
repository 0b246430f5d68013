import { Kind } from 'graphql'
import type { DocumentNode, FieldNode, FragmentDefinitionNode, SelectionSetNode } from 'graphql'
import { definitionsOf } from './operation.ts'

/** Selections that are looked at before a document is taken for one made to be hard. */
const MOST_WORK = 100_000

/** Selection sets whose fields end up in one object. */
type Group = readonly SelectionSetNode[]

interface Collected {
  readonly byName: ReadonlyMap<string, readonly FieldNode[]>
  readonly fields: number
  /** Names of the fragments that are spread. */
  readonly spread: ReadonlySet<string>
}

/** Tells groups that were counted before. */
function createSeen(): (group: Group) => boolean {
  const ids = new Map<SelectionSetNode, number>()
  const keys = new Set<string | number>()
  const idOf = (set: SelectionSetNode): number => {
    const known = ids.get(set) ?? ids.size
    ids.set(set, known)
    return known
  }
  return (group) => {
    const sorted = group.map(idOf).sort((a, b) => a - b)
    const [first = 0] = sorted
    const key = sorted.length === 1 ? first : sorted.join()
    const before = keys.size
    return keys.add(key).size === before
  }
}

function collect(group: Group, fragments: ReadonlyMap<string, FragmentDefinitionNode>): Collected {
  const byName = new Map<string, FieldNode[]>()
  const spread = new Set<string>()
  const pending = [...group]
  let fields = 0
  for (let set = pending.pop(); set !== undefined; set = pending.pop()) {
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) {
        fields += 1
        const name = (selection.alias ?? selection.name).value
        const same = byName.get(name)
        if (same === undefined) byName.set(name, [selection])
        else same.push(selection)
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        pending.push(selection.selectionSet)
      } else if (!spread.has(selection.name.value)) {
        spread.add(selection.name.value)
        const fragment = fragments.get(selection.name.value)
        if (fragment !== undefined) pending.push(fragment.selectionSet)
      }
    }
  }
  return { byName, fields, spread }
}

/** Comparisons within one object: fields of one name with each other, fragments with each other and with fields. */
function comparisonsOf({ byName, fields, spread }: Collected): number {
  let count = spread.size ** 2 + Math.ceil((spread.size * fields) / 8)
  for (const { length } of byName.values()) count += (length * (length - 1)) / 2
  return count
}

/** Counts groups and all that are below them, as far as its limits go. */
class MergeCount {
  count = 0
  readonly spread = new Set<string>()
  readonly #fragments: ReadonlyMap<string, FragmentDefinitionNode>
  readonly #limit: number
  readonly #seen = createSeen()
  #work = 0

  constructor(fragments: ReadonlyMap<string, FragmentDefinitionNode>, limit: number) {
    this.#fragments = fragments
    this.#limit = limit
  }

  add(root: SelectionSetNode): void {
    const pending: Group[] = [[root]]
    for (let group = pending.pop(); group !== undefined; group = pending.pop()) {
      if (this.count > this.#limit) return
      if (this.#seen(group)) continue
      const collected = collect(group, this.#fragments)
      for (const name of collected.spread) this.spread.add(name)
      this.count += comparisonsOf(collected)
      this.#work += collected.fields + collected.spread.size
      if (this.#work > MOST_WORK) this.count = Number.POSITIVE_INFINITY
      for (const nodes of collected.byName.values()) {
        const below = nodes.flatMap(({ selectionSet }) => selectionSet ?? [])
        if (below.length > 0) pending.push(below)
      }
    }
  }
}

/** What was counted of a document, and the limit at which counting would have stopped. */
const counted = new WeakMap<DocumentNode, { readonly count: number; readonly limit: number }>()

/**
 * About how many comparisons validation needs to find out whether the fields of a document can be merged (GraphQL
 * specification, section 5.3.2), which grows with the square of the document.
 *
 * @param limit counting stops when it is passed
 * @returns the count up to there; infinite where counting itself would take too long
 */
export function countFieldMerges(document: DocumentNode, limit: number): number {
  const known = counted.get(document)
  if (known !== undefined && (known.count <= known.limit || known.count > limit)) return known.count
  const count = countAnew(document, limit)
  counted.set(document, { count, limit })
  return count
}

function countAnew(document: DocumentNode, limit: number): number {
  const { operations, fragments } = definitionsOf(document)
  const merges = new MergeCount(fragments, limit)
  for (const { selectionSet } of operations) merges.add(selectionSet)
  // Validation looks into fragments that nothing spreads, too.
  for (const [name, { selectionSet }] of fragments) if (!merges.spread.has(name)) merges.add(selectionSet)
  return merges.count
}
