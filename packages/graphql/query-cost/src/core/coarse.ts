import type { FieldNode, SelectionSetNode } from 'graphql'
import { add, addField, addWeight, raiseTo, UNBOUNDED, zero, type CostVector } from './cost-vector.ts'
import type { CostedComposite, CostedField, CostedObject } from './costed.ts'
import { applies, MAX_NESTING, workOf } from './exact.ts'
import type { Algebra } from './formula/expression.ts'
import type { Meter } from './meter.ts'
import type { Operation } from './operation.ts'
import { keyOf, NO_SIZES, type PassedSize } from './sizes.ts'

/** What is left to add to a sum: a selection set for a type. */
interface Scope {
  readonly set: SelectionSetNode
  readonly type: CostedComposite
}

/**
 * The upper bound for operations that spent the budget of the exact analysis. It adds up every selection without
 * merging response names and without telling exclusive fragments apart, which is never less than the exact cost
 * because no part is negative. Each selection set is priced once per type and handed down sizes.
 */
export class CoarseAnalysis {
  readonly #operation: Operation
  readonly #algebra: Algebra
  readonly #meter: Meter
  readonly #limit: number
  readonly #known = new Map<SelectionSetNode, Map<string, Readonly<CostVector>>>()

  constructor(operation: Operation, meter: Meter, limit: number) {
    this.#operation = operation
    this.#algebra = operation.algebra
    this.#meter = meter
    this.#limit = limit
  }

  /** What the root object of an operation costs, with everything below it. */
  root(set: SelectionSetNode, type: CostedObject): Readonly<CostVector> {
    return plusWeight(this.#algebra, this.#selections(set, type, NO_SIZES, 0), type.weight)
  }

  /** What one value of a type, of which only the declared type is known, costs below itself. */
  #selections(
    set: SelectionSetNode,
    type: CostedComposite,
    passed: readonly PassedSize[],
    nesting: number,
  ): Readonly<CostVector> {
    if (nesting > MAX_NESTING || this.#meter.steps > this.#limit) return UNBOUNDED
    let known = this.#known.get(set)
    if (known === undefined) this.#known.set(set, (known = new Map<string, Readonly<CostVector>>()))
    const key = `${type.name}/${passed.map(keyOf).join()}`
    const remembered = known.get(key)
    if (remembered !== undefined) return remembered
    known.set(key, UNBOUNDED)
    const sum = zero()
    const pending: Scope[] = [{ set, type }]
    for (let scope = pending.pop(); scope !== undefined; scope = pending.pop()) {
      this.#addScope(sum, scope, pending, passed, nesting)
    }
    known.set(key, sum)
    return sum
  }

  #addScope(
    sum: CostVector,
    { set, type }: Scope,
    pending: Scope[],
    passed: readonly PassedSize[],
    nesting: number,
  ): void {
    for (const selection of set.selections) {
      this.#meter.steps += workOf(selection)
      if (this.#meter.steps > this.#limit) {
        raiseTo(this.#algebra, sum, UNBOUNDED)
        return
      }
      if (!this.#operation.includes(selection)) continue
      if (selection.kind === 'Field') {
        this.#addField(sum, selection, type, passed, nesting)
      } else if (selection.kind === 'InlineFragment') {
        const narrowed = this.#narrow(type, selection.typeCondition?.name.value)
        if (narrowed !== undefined) pending.push({ set: selection.selectionSet, type: narrowed })
      } else {
        const fragment = this.#operation.fragments.get(selection.name.value)
        if (fragment === undefined) continue
        const narrowed = this.#narrow(type, fragment.typeCondition.name.value)
        if (narrowed !== undefined)
          add(this.#algebra, sum, this.#selections(fragment.selectionSet, narrowed, passed, nesting + 1))
      }
    }
  }

  /** The type that a fragment's selections are read for; undefined when it surely does not apply. */
  #narrow(type: CostedComposite, condition: string | undefined): CostedComposite | undefined {
    if (condition === undefined) return type
    const [only] = type.possible
    if (type.possible.length === 1 && only !== undefined) return applies(condition, only) ? only : undefined
    return this.#operation.costed.composites.get(condition)
  }

  /** Adds a field at the price of the dearest of the types that may answer it. */
  #addField(
    sum: CostVector,
    node: FieldNode,
    type: CostedComposite,
    passed: readonly PassedSize[],
    nesting: number,
  ): void {
    const dearest = zero()
    for (const object of type.possible) {
      this.#meter.steps++
      const field = object.fields.get(node.name.value)
      if (field !== undefined) raiseTo(this.#algebra, dearest, this.#field(field, node, passed, nesting))
    }
    add(this.#algebra, sum, dearest)
  }

  #field(field: CostedField, node: FieldNode, passed: readonly PassedSize[], nesting: number): CostVector {
    const sum = zero()
    const own = this.#operation.ownCost(field, node)
    const size = this.#operation.sizes.of(field, node, passed)
    addField(this.#algebra, sum, field, own, this.#value(field, node, passed, nesting), size)
    return sum
  }

  /** What one value of a field costs. */
  #value(
    field: CostedField,
    node: FieldNode,
    passed: readonly PassedSize[],
    nesting: number,
  ): Readonly<CostVector> {
    if (field.composite === null) return { ...zero(), type: field.leafWeight }
    if (node.selectionSet === undefined) return zero()
    const below = this.#operation.sizes.passedBy(field, node, null, passed)
    const heaviest = field.composite.possible.reduce((weight, one) => Math.max(weight, one.weight), 0)
    const selections = this.#selections(node.selectionSet, field.composite, below, nesting + 1)
    return plusWeight(this.#algebra, selections, heaviest)
  }
}

function plusWeight(algebra: Algebra, cost: Readonly<CostVector>, weight: number): CostVector {
  const sum = { ...cost }
  addWeight(algebra, sum, weight)
  return sum
}
