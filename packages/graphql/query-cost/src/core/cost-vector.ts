import type { CostedField } from './costed.ts'
import type { Algebra, Value } from './formula/expression.ts'

/** The running sums of an analysis; all parts are at least 0 and never NaN. */
export interface CostVector {
  type: Value
  field: Value
  /** Introspection work in raw units, before it is measured against the standard query. */
  meta: Value
  /**
   * Type and field cost of one and the same object, where that can be less than `type + field`: the largest of each may be
   * that of different types. Null where it is their sum, so that most documents pay nothing for it.
   */
  joint: Value | null
}

/** Nothing. A fresh object, because sums are added in place. */
export const zero = (): CostVector => ({ type: 0, field: 0, meta: 0, joint: null })

/** More than any limit: for what is unbounded, cyclic, or too deep to be looked at. */
export const UNBOUNDED: Readonly<CostVector> = Object.freeze({
  type: Infinity,
  field: Infinity,
  meta: Infinity,
  joint: null,
})

/** Type and field cost together. */
export const jointOf = (algebra: Algebra, { type, field, joint }: Readonly<CostVector>): Value =>
  joint ?? algebra.plus(type, field)

/** Adds `cost` to `sum`. */
export function add(algebra: Algebra, sum: CostVector, cost: Readonly<CostVector>): void {
  if (sum.joint !== null || cost.joint !== null)
    sum.joint = algebra.plus(jointOf(algebra, sum), jointOf(algebra, cost))
  sum.type = algebra.plus(sum.type, cost.type)
  sum.field = algebra.plus(sum.field, cost.field)
  sum.meta = algebra.plus(sum.meta, cost.meta)
}

/** Raises each part of `sum` to at least that of `cost`. */
export function raiseTo(algebra: Algebra, sum: CostVector, cost: Readonly<CostVector>): void {
  const type = algebra.larger(sum.type, cost.type)
  const field = algebra.larger(sum.field, cost.field)
  sum.joint = addsUp(sum, cost, type, field)
    ? null
    : algebra.larger(jointOf(algebra, sum), jointOf(algebra, cost))
  sum.type = type
  sum.field = field
  sum.meta = algebra.larger(sum.meta, cost.meta)
}

/** Whether the larger of two is known to be the sum of the larger parts: one has both, or they differ in one alone. */
function addsUp(a: Readonly<CostVector>, b: Readonly<CostVector>, type: Value, field: Value): boolean {
  if (a.joint === null && type === a.type && field === a.field) return true
  if (b.joint === null && type === b.type && field === b.field) return true
  return a.joint === null && b.joint === null && (a.type === b.type || a.field === b.field)
}

/** Adds the weight of an object to what is below it. */
export function addWeight(algebra: Algebra, sum: CostVector, weight: number): void {
  sum.type = algebra.plus(sum.type, weight)
  if (sum.joint !== null) sum.joint = algebra.plus(sum.joint, weight)
}

/** Adds a flat cost to that of an operation's fields. */
export function addFlat(algebra: Algebra, sum: CostVector, flat: number): void {
  sum.field = algebra.plus(sum.field, flat)
  if (sum.joint !== null) sum.joint = algebra.plus(sum.joint, flat)
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
  let joint = value.joint === null ? null : algebra.plus(own, algebra.times(value.joint, size))
  if (introspection) {
    meta = algebra.plus(joint ?? algebra.plus(type, field), meta)
    type = 0
    field = 0
    joint = null
  }
  if (multiplier !== 1) {
    type = algebra.times(type, multiplier)
    field = algebra.times(field, multiplier)
    meta = algebra.times(meta, multiplier)
    if (joint !== null) joint = algebra.times(joint, multiplier)
  }
  if (joint !== null || sum.joint !== null)
    sum.joint = algebra.plus(jointOf(algebra, sum), joint ?? algebra.plus(type, field))
  sum.type = algebra.plus(sum.type, type)
  sum.field = algebra.plus(sum.field, field)
  if (meta !== 0) sum.meta = algebra.plus(sum.meta, meta)
}
