import type { FieldNode, SelectionNode, SelectionSetNode } from 'graphql'
import { addField, addWeight, raiseTo, UNBOUNDED, zero, type CostVector } from './cost-vector.ts'
import type { CostedComposite, CostedObject } from './costed.ts'
import type { Algebra } from './formula/expression.ts'
import { Groups, type Group } from './groups.ts'
import { Memory, type ByType } from './memory.ts'
import type { Meter } from './meter.ts'
import type { Operation } from './operation.ts'
import { NO_SIZES, type PassedSize } from './sizes.ts'
import type { Trace } from './trace.ts'

/** Fields nested deeper than this are priced as unbounded rather than with a stack that could overflow. */
export const MAX_NESTING = 500

/** What is priced: selection sets that are executed together, with the sizes handed down to them. */
interface Scope {
  readonly sets: readonly SelectionSetNode[]
  readonly passed: readonly PassedSize[]
  readonly nesting: number
  /** What was found for the same scope, where the document can lead to it more than once. */
  readonly known: ByType | null
}

/**
 * The exact analysis: for each concrete type it collects fields as execution would (GraphQL specification, section
 * 6.3.2), merges them by response name, and takes the dearest type where several are possible. What fragments or
 * several types lead to is remembered per set of merged selection sets, type and handed down sizes, so that it is
 * priced once however often it is reached.
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
  readonly #memory = new Memory()
  readonly #trace: Trace | undefined

  /** The analysis gives up when the meter passes the limit. */
  constructor(operation: Operation, meter: Meter, limit: number, trace?: Trace) {
    this.#operation = operation
    this.#trace = trace
    this.#algebra = operation.algebra
    this.#meter = meter
    this.#limit = limit
  }

  /** What the root object of an operation costs, with everything below it. */
  root(set: SelectionSetNode, type: CostedObject): Readonly<CostVector> {
    return this.#value({ sets: [set], passed: NO_SIZES, nesting: 0, known: null }, type)
  }

  /** What one value of a type costs, itself included. */
  #value(scope: Scope, type: CostedComposite): Readonly<CostVector> {
    if (scope.nesting > MAX_NESTING) {
      this.truncated = true
      return UNBOUNDED
    }
    const { known } = scope
    const remembered = known?.get(type)
    if (remembered !== undefined) return remembered
    // Whoever asks for it again before it is finished is part of a cycle.
    known?.set(type, UNBOUNDED)
    const sum = zero()
    for (const object of type.possible) {
      this.#meter.steps++
      if (object === type) this.#addObject(sum, object, scope)
      else this.#raise(sum, this.#value(scope, object))
      if (this.spent) break
    }
    known?.set(type, sum)
    return sum
  }

  #raise(sum: CostVector, one: Readonly<CostVector>): void {
    raiseTo(this.#algebra, sum, one)
    this.#trace?.alternative(sum, one)
  }

  #addObject(sum: CostVector, type: CostedObject, scope: Scope): void {
    this.#trace?.object(sum, type)
    addWeight(this.#algebra, sum, type.weight)
    const groups = this.#collect(scope, type)
    for (let group = groups.first; group !== null && !this.spent; group = group.next) {
      this.#add(sum, group, scope)
    }
  }

  /** Adds what one response name costs. */
  #add(sum: CostVector, group: Group, { passed, nesting }: Scope): void {
    const algebra = this.#algebra
    const { field, node, more } = group
    const { sizes } = this.#operation
    let own = this.#operation.ownCost(field, node)
    let size = sizes.of(field, node, passed)
    if (more !== null) {
      for (const another of more) {
        own = algebra.larger(own, this.#operation.ownCost(field, another))
        size = algebra.larger(size, sizes.of(field, another, passed))
      }
    }
    if (field.composite === null) {
      this.#trace?.field(sum, { name: group.name, field, own, size, value: null })
      addField(algebra, sum, field, own, { ...zero(), type: field.leafWeight }, size)
      return
    }
    const sets = setsOf(node, more)
    const below = sizes.passedBy(field, node, more, passed)
    const shared = group.shared || field.composite.possible.length > 1
    if (shared) this.#meter.steps += sets.length
    const known = shared ? this.#memory.of(sets, below) : null
    const scope = { sets, passed: below, nesting: nesting + 1, known }
    const value = this.#value(scope, field.composite)
    this.#trace?.field(sum, { name: group.name, field, own, size, value })
    addField(algebra, sum, field, own, value, size)
  }

  #collect({ sets, known }: Scope, type: CostedObject): Groups {
    const groups = new Groups()
    for (const set of sets) this.#read(set, type, groups, known !== null)
    // Reading a fragment can add others to the list.
    for (let i = 0; groups.spread !== null && i < groups.spread.length; i++) {
      const set = groups.spread[i]
      if (set !== undefined) this.#read(set, type, groups, true)
    }
    return groups
  }

  /** Reads a selection set with its inline fragments, and finds what it spreads. */
  #read(outermost: SelectionSetNode, type: CostedObject, groups: Groups, shared: boolean): void {
    let pending: SelectionSetNode[] | undefined
    for (let set: SelectionSetNode | undefined = outermost; set !== undefined; set = pending?.pop()) {
      for (const selection of set.selections) {
        this.#meter.steps += workOf(selection)
        if (this.#meter.steps > this.#limit) {
          this.spent = true
          return
        }
        if (selection.kind === 'Field') {
          const field = type.fields.get(selection.name.value)
          if (field === undefined || (field.free && !this.#hasCostlyDirective(selection))) continue
          if (this.#operation.includes(selection)) groups.add(field, selection, shared)
        } else if (this.#operation.includes(selection)) {
          if (selection.kind === 'FragmentSpread') this.#spread(selection.name.value, type, groups)
          else if (applies(selection.typeCondition?.name.value, type)) {
            pending ??= []
            pending.push(selection.selectionSet)
          }
        }
      }
    }
  }

  #spread(name: string, type: CostedObject, groups: Groups): void {
    const fragment = this.#operation.fragments.get(name)
    if (fragment === undefined || !applies(fragment.typeCondition.name.value, type)) return
    groups.addSpread(fragment.selectionSet)
  }

  #hasCostlyDirective(node: FieldNode): boolean {
    return (node.directives?.length ?? 0) > 0 && this.#operation.costed.directives.size > 0
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

function setsOf({ selectionSet }: FieldNode, more: readonly FieldNode[] | null): readonly SelectionSetNode[] {
  const sets = selectionSet === undefined ? [] : [selectionSet]
  if (more !== null)
    for (const node of more) if (node.selectionSet !== undefined) sets.push(node.selectionSet)
  return sets
}
