import type { FieldNode, SelectionSetNode } from 'graphql'
import type { CostedField, CostedObject } from '../costed.ts'
import { applies, workOf } from '../exact.ts'
import type { Calculator } from '../formula/calculator.ts'
import type { Meter } from '../meter.ts'
import type { Operation } from '../operation.ts'

/** One response name that can cost something. */
export interface PlannedField {
  readonly name: string
  readonly field: CostedField
  /** What its resolver call costs. */
  readonly own: number
  /** What is selected below it. */
  readonly sets: readonly SelectionSetNode[]
}

/** What an answer holds of one object, for one type. */
export interface ObjectPlan {
  readonly type: CostedObject
  readonly fields: readonly PlannedField[]
  /** All response names, those that cost nothing too. */
  readonly names: ReadonlySet<string>
  /** The response names that tell the type. */
  readonly typenames: readonly string[]
}

/** Plans how the answers of one operation are read, once for each selection and type that is met. */
export class ObjectPlans {
  readonly #operation: Operation
  readonly #calculator: Calculator
  readonly #meter: Meter
  readonly #known = new Map<readonly SelectionSetNode[], Map<CostedObject, ObjectPlan>>()

  constructor(operation: Operation, calculator: Calculator, meter: Meter) {
    this.#operation = operation
    this.#calculator = calculator
    this.#meter = meter
  }

  /** The plan of an object of a type; `sets` are known again by being the same array. */
  of(sets: readonly SelectionSetNode[], type: CostedObject): ObjectPlan {
    let known = this.#known.get(sets)
    if (known === undefined) this.#known.set(sets, (known = new Map<CostedObject, ObjectPlan>()))
    let plan = known.get(type)
    if (plan === undefined) known.set(type, (plan = this.#plan(sets, type)))
    return plan
  }

  #plan(sets: readonly SelectionSetNode[], type: CostedObject): ObjectPlan {
    const groups = this.#collect(sets, type)
    const fields: PlannedField[] = []
    const typenames: string[] = []
    for (const [name, nodes] of groups) {
      const fieldName = nodes[0]?.name.value ?? ''
      const field = type.fields.get(fieldName)
      if (field !== undefined) fields.push(this.#field(name, field, nodes))
      else if (fieldName === '__typename') typenames.push(name)
    }
    const costly = fields.filter(({ field, own }) => own > 0 || !field.free)
    return { type, fields: costly, names: new Set(groups.keys()), typenames }
  }

  #field(name: string, field: CostedField, nodes: readonly FieldNode[]): PlannedField {
    let own = 0
    for (const node of nodes) own = Math.max(own, this.#calculator.read(this.#operation.ownCost(field, node)))
    return { name, field, own, sets: nodes.flatMap(({ selectionSet }) => selectionSet ?? []) }
  }

  /** The fields of an object by response name, as execution collects them. */
  #collect(sets: readonly SelectionSetNode[], type: CostedObject): Map<string, FieldNode[]> {
    const groups = new Map<string, FieldNode[]>()
    const spread = new Set<string>()
    const pending = [...sets]
    for (let set = pending.pop(); set !== undefined; set = pending.pop()) {
      for (const selection of set.selections) {
        this.#meter.steps += workOf(selection)
        if (!this.#operation.includes(selection)) continue
        if (selection.kind === 'Field') {
          const name = (selection.alias ?? selection.name).value
          const group = groups.get(name)
          if (group === undefined) groups.set(name, [selection])
          else group.push(selection)
        } else if (selection.kind === 'InlineFragment') {
          if (applies(selection.typeCondition?.name.value, type)) pending.push(selection.selectionSet)
        } else if (!spread.has(selection.name.value)) {
          spread.add(selection.name.value)
          const fragment = this.#operation.fragments.get(selection.name.value)
          if (fragment !== undefined && applies(fragment.typeCondition.name.value, type))
            pending.push(fragment.selectionSet)
        }
      }
    }
    return groups
  }
}
