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
export const UNBOUNDED: Readonly<CostVector> = Object.freeze({ type: Infinity, field: Infinity, meta: 0 })

/** Adds `cost` to `sum`, `factor` times. */
export function addTimes(algebra: Algebra, sum: CostVector, cost: Readonly<CostVector>, factor: Value): void {
  sum.type = algebra.plus(sum.type, algebra.times(cost.type, factor))
  sum.field = algebra.plus(sum.field, algebra.times(cost.field, factor))
  sum.meta = algebra.plus(sum.meta, algebra.times(cost.meta, factor))
}

/** Raises each part of `sum` to at least that of `cost`. */
export function raiseTo(algebra: Algebra, sum: CostVector, cost: Readonly<CostVector>): void {
  sum.type = algebra.larger(sum.type, cost.type)
  sum.field = algebra.larger(sum.field, cost.field)
  sum.meta = algebra.larger(sum.meta, cost.meta)
}

/** The work below `__schema` or `__type`, which is not measured with the schema's own weights. */
export const asIntrospection = (algebra: Algebra, { type, field, meta }: CostVector): CostVector => ({
  type: 0,
  field: 0,
  meta: algebra.plus(algebra.plus(type, field), meta),
})
