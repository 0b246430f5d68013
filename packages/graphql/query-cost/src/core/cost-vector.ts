import type { CostedField } from './costed.ts'
import type { Algebra, Value } from './formula/expression.ts'

/** The three running sums of an analysis; all parts are at least 0 and never NaN. */
export interface CostVector {
  type: Value
  field: Value
  /** Introspection work in raw units, before it is measured against the standard query. */
  meta: Value
}

/** Nothing. A fresh object, because sums are added in place. */
export const zero = (): CostVector => ({ type: 0, field: 0, meta: 0 })

/** More than any limit: for what is unbounded, cyclic, or too deep to be looked at. */
export const UNBOUNDED: Readonly<CostVector> = Object.freeze({
  type: Infinity,
  field: Infinity,
  meta: Infinity,
})

/** Adds `cost` to `sum`. */
export function add(algebra: Algebra, sum: CostVector, cost: Readonly<CostVector>): void {
  sum.type = algebra.plus(sum.type, cost.type)
  sum.field = algebra.plus(sum.field, cost.field)
  sum.meta = algebra.plus(sum.meta, cost.meta)
}

/** Raises each part of `sum` to at least that of `cost`. */
export function raiseTo(algebra: Algebra, sum: CostVector, cost: Readonly<CostVector>): void {
  sum.type = algebra.larger(sum.type, cost.type)
  sum.field = algebra.larger(sum.field, cost.field)
  sum.meta = algebra.larger(sum.meta, cost.meta)
}

/**
 * Adds a field to a sum: its own cost, and `size` times what one of its values costs. The work below `__schema` or
 * `__type` is counted apart, because it is not measured with the schema's own weights.
 */
export function addField(
  algebra: Algebra,
  sum: CostVector,
  { introspection, multiplier }: CostedField,
  own: Value,
  value: Readonly<CostVector>,
  size: Value,
): void {
  let type = algebra.times(value.type, size)
  let field = algebra.plus(own, algebra.times(value.field, size))
  // Most operations have no introspection.
  let meta = value.meta === 0 ? 0 : algebra.times(value.meta, size)
  if (introspection) {
    meta = algebra.plus(algebra.plus(type, field), meta)
    type = 0
    field = 0
  }
  if (multiplier !== 1) {
    type = algebra.times(type, multiplier)
    field = algebra.times(field, multiplier)
    meta = algebra.times(meta, multiplier)
  }
  sum.type = algebra.plus(sum.type, type)
  sum.field = algebra.plus(sum.field, field)
  if (meta !== 0) sum.meta = algebra.plus(sum.meta, meta)
}
