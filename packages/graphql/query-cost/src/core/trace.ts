import type { CostVector } from './cost-vector.ts'
import type { CostedField, CostedObject } from './costed.ts'
import type { Value } from './formula/expression.ts'

/** One response name of an object: what its cost was made of. */
export interface TracedField {
  readonly name: string
  readonly field: CostedField
  readonly own: Value
  readonly size: Value
  /** What one of its values costs, or null for scalars and enums. */
  readonly value: Readonly<CostVector> | null
}

/** Where a cost comes from: an object with its fields, or the dearest of several. */
export type Origin =
  | { readonly type: CostedObject; readonly fields: TracedField[] }
  | { readonly alternatives: Readonly<CostVector>[] }

/** Remembers where the costs of an analysis come from, for whoever explains them. */
export class Trace {
  readonly #origins = new Map<Readonly<CostVector>, Origin>()

  /** The origin of a cost; a cost without one was never looked into. */
  of(cost: Readonly<CostVector>): Origin | undefined {
    return this.#origins.get(cost)
  }

  object(cost: Readonly<CostVector>, type: CostedObject): void {
    this.#origins.set(cost, { type, fields: [] })
  }

  field(cost: Readonly<CostVector>, field: TracedField): void {
    const origin = this.#origins.get(cost)
    if (origin !== undefined && 'fields' in origin) origin.fields.push(field)
  }

  alternative(cost: Readonly<CostVector>, one: Readonly<CostVector>): void {
    const origin = this.#origins.get(cost)
    if (origin === undefined) this.#origins.set(cost, { alternatives: [one] })
    else if ('alternatives' in origin) origin.alternatives.push(one)
  }
}
