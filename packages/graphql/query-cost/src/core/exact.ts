import type { FieldNode, SelectionNode, SelectionSetNode } from 'graphql'
import { addTimes, asIntrospection, raiseTo, UNBOUNDED, zero, type CostVector } from './cost-vector.ts'
import type { CostedComposite, CostedField, CostedObject } from './costed.ts'
import type { Algebra, Value } from './formula/expression.ts'
import type { Meter } from './meter.ts'
import type { Operation } from './operation.ts'
import { NO_SIZES, type PassedSize } from './sizes.ts'

/** Fields nested deeper than this are priced as unbounded rather than with a stack that could overflow. */
export const MAX_NESTING = 500

/** The fields of one response name, which one resolver call answers. */
interface Group {
  readonly field: CostedField
  readonly nodes: FieldNode[]
}

type ByType = Map<CostedComposite, Readonly<CostVector>>

/**
 * The exact analysis: for each concrete type it collects fields as execution would (GraphQL specification, section
 * 6.3.2), merges them by response name, and takes the dearest type where several are possible. Results are kept
 * per set of merged selection sets, type and handed down sizes, so that fragments are priced once however often they are spread.
 */
export class ExactAnalysis {
  /** Set when the budget was spent: the result is then worthless. */
  spent = false
  /** Set when something was nested too deep to be looked at. */
  truncated = false
  readonly #operation: Operation
  readonly #algebra: Algebra
  readonly #meter: Meter
  readonly #limit: number
  readonly #ofOne = new Map<SelectionSetNode, ByType>()
  readonly #ofSeveral = new Map<string, ByType>()
  readonly #ids = new Map<SelectionSetNode, number>()

  /** The analysis gives up when the meter passes the limit. */
  constructor(operation: Operation, meter: Meter, limit: number) {
    this.#operation = operation
    this.#algebra = operation.algebra
    this.#meter = meter
    this.#limit = limit
  }

  /** What the root object of an operation costs, with everything below it. */
  root(set: SelectionSetNode, type: CostedObject): Readonly<CostVector> {
    return this.#value(this.#remembered([set], NO_SIZES), [set], type, NO_SIZES, 0)
  }

  /** What one value of a type costs, itself included; `known` holds what was found for the same selections. */
  #value(
    known: ByType,
    sets: readonly SelectionSetNode[],
    type: CostedComposite,
    passed: readonly PassedSize[],
    nesting: number,
  ): Readonly<CostVector> {
    if (nesting > MAX_NESTING) {
      this.truncated = true
      return UNBOUNDED
    }
    const remembered = known.get(type)
    if (remembered !== undefined) return remembered
    // Whoever asks for it again before it is finished is part of a cycle.
    known.set(type, UNBOUNDED)
    const sum = zero()
    for (const object of type.possible) {
      this.#meter.steps++
      if (object !== type) raiseTo(this.#algebra, sum, this.#value(known, sets, object, passed, nesting))
      else this.#addObject(sum, object, sets, passed, nesting)
      if (this.spent) break
    }
    known.set(type, sum)
    return sum
  }

  #addObject(
    sum: CostVector,
    type: CostedObject,
    sets: readonly SelectionSetNode[],
    passed: readonly PassedSize[],
    nesting: number,
  ): void {
    sum.type = this.#algebra.plus(sum.type, type.weight)
    for (const group of this.#collect(sets, type)) this.#add(sum, group, passed, nesting)
  }

  /** Adds what one response name costs. */
  #add(sum: CostVector, { field, nodes }: Group, passed: readonly PassedSize[], nesting: number): void {
    if (this.spent) return
    const algebra = this.#algebra
    let own: Value = 0
    let size: Value = 0
    for (const node of nodes) {
      own = algebra.larger(own, this.#operation.ownCost(field, node))
      size = algebra.larger(size, this.#operation.sizes.of(field, node, passed))
    }
    const total: CostVector = { type: 0, field: own, meta: 0 }
    if (field.composite === null) {
      total.type = algebra.times(field.leafWeight, size)
    } else {
      const sets = nodes.flatMap((node) => node.selectionSet ?? [])
      const below = this.#passedBelow(field, nodes, passed)
      const known = this.#remembered(sets, below)
      addTimes(algebra, total, this.#value(known, sets, field.composite, below, nesting + 1), size)
    }
    addTimes(algebra, sum, field.introspection ? asIntrospection(algebra, total) : total, field.multiplier)
  }

  #passedBelow(
    field: CostedField,
    nodes: readonly FieldNode[],
    passed: readonly PassedSize[],
  ): readonly PassedSize[] {
    if (field.sizings.length === 0 && passed.length === 0) return NO_SIZES
    const largest = new Map<number, PassedSize>()
    for (const node of nodes) {
      for (const { path, size } of this.#operation.sizes.passedBy(field, node, passed)) {
        const known = largest.get(path.id)?.size ?? 0
        largest.set(path.id, { path, size: this.#algebra.larger(known, size) })
      }
    }
    return largest.size === 0 ? NO_SIZES : [...largest.values()]
  }

  #collect(sets: readonly SelectionSetNode[], type: CostedObject): Iterable<Group> {
    const { fragments } = this.#operation
    const groups = new Map<string, Group>()
    let visited: Set<string> | undefined
    const pending = [...sets]
    for (let set = pending.pop(); set !== undefined; set = pending.pop()) {
      for (const selection of set.selections) {
        this.#meter.steps += workOf(selection)
        if (this.#meter.steps > this.#limit) {
          this.spent = true
          return []
        }
        if (selection.kind === 'Field') {
          this.#group(groups, type, selection)
        } else if (this.#operation.includes(selection)) {
          const fragment =
            selection.kind === 'InlineFragment' ? selection : fragments.get(selection.name.value)
          if (fragment === undefined || !applies(fragment.typeCondition?.name.value, type)) continue
          if (selection.kind === 'FragmentSpread') {
            visited ??= new Set()
            if (visited.has(selection.name.value)) continue
            visited.add(selection.name.value)
          }
          pending.push(fragment.selectionSet)
        }
      }
    }
    return groups.values()
  }

  #group(groups: Map<string, Group>, type: CostedObject, node: FieldNode): void {
    const field = type.fields.get(node.name.value)
    if (field === undefined || (field.free && !this.#hasCostlyDirective(node))) return
    if (!this.#operation.includes(node)) return
    const responseName = (node.alias ?? node.name).value
    const group = groups.get(responseName)
    if (group === undefined) groups.set(responseName, { field, nodes: [node] })
    else if (group.field === field) group.nodes.push(node)
    // Two fields under one name are refused by validation; here neither may hide the other.
    else this.#conflicting(groups, responseName, field, node)
  }

  #conflicting(groups: Map<string, Group>, responseName: string, field: CostedField, node: FieldNode): void {
    const key = `${responseName} ${field.name}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { field, nodes: [node] })
    else group.nodes.push(node)
  }

  #hasCostlyDirective(node: FieldNode): boolean {
    return (node.directives?.length ?? 0) > 0 && this.#operation.costed.directives.size > 0
  }

  #remembered(sets: readonly SelectionSetNode[], passed: readonly PassedSize[]): ByType {
    const [first] = sets
    if (sets.length === 1 && first !== undefined && passed === NO_SIZES) return getOrAdd(this.#ofOne, first)
    this.#meter.steps += sets.length
    const ids = sets.map((set) => this.#idOf(set)).sort((a, b) => a - b)
    const sizes = passed.map(keyOf).sort()
    return getOrAdd(this.#ofSeveral, `${ids.join()}/${sizes.join()}`)
  }

  #idOf(set: SelectionSetNode): number {
    let id = this.#ids.get(set)
    if (id === undefined) this.#ids.set(set, (id = this.#ids.size))
    return id
  }
}

/** How much there is to look at in one selection, without what is below it. */
export const workOf = (selection: SelectionNode): number =>
  1 +
  (selection.directives?.length ?? 0) +
  (selection.kind === 'Field' ? (selection.arguments?.length ?? 0) : 0)

/** True when a fragment on the condition is executed for objects of the type. */
export const applies = (condition: string | undefined, type: CostedObject): boolean =>
  condition === undefined || type.belongsTo.has(condition)

/** A passed size in a memo key; a size that depends on variables is known by its expression. */
export const keyOf = ({ path, size }: PassedSize): string =>
  typeof size === 'number' ? `${path.id}:${size}` : `${path.id}:$${size.id}`

function getOrAdd<Key>(map: Map<Key, ByType>, key: Key): ByType {
  let found = map.get(key)
  if (found === undefined) map.set(key, (found = new Map()))
  return found
}
