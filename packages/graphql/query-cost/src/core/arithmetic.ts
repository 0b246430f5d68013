/** The most introspection can cost when it does no more than the standard introspection query. */
export const STANDARD_INTROSPECTION_COST = 500

/** The three running sums of an analysis; all parts are at least 0 and never NaN. */
export interface CostVector {
  type: number
  field: number
  /** Introspection work in raw units, before it is measured against the standard query. */
  meta: number
}

/** Nothing. A fresh object, because sums are added in place. */
export const zero = (): CostVector => ({ type: 0, field: 0, meta: 0 })

/** More than any limit: for what is unbounded, cyclic, or too deep to be looked at. */
export const UNBOUNDED: Readonly<CostVector> = Object.freeze({ type: Infinity, field: Infinity, meta: 0 })

/** Product of two non-negative numbers in which nothing times infinitely much is nothing (never NaN). */
export const times = (a: number, b: number): number => (a === 0 || b === 0 ? 0 : a * b)

/** A sum of weights as a price: a negative one costs nothing, one that overflowed both ways costs everything. */
export const clamp = (cost: number): number => (Number.isNaN(cost) ? Infinity : Math.max(0, cost))

/** Adds `cost` to `sum`, `factor` times. */
export function addTimes(sum: CostVector, cost: Readonly<CostVector>, factor: number): void {
  sum.type += times(cost.type, factor)
  sum.field += times(cost.field, factor)
  sum.meta += times(cost.meta, factor)
}

/** Raises each part of `sum` to at least that of `cost`. */
export function raiseTo(sum: CostVector, cost: Readonly<CostVector>): void {
  if (cost.type > sum.type) sum.type = cost.type
  if (cost.field > sum.field) sum.field = cost.field
  if (cost.meta > sum.meta) sum.meta = cost.meta
}
