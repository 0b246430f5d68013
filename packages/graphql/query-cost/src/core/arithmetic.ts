/** The most introspection can cost when it does no more than the standard introspection query. */
export const STANDARD_INTROSPECTION_COST = 500

/** Product of two non-negative numbers in which nothing times infinitely much is nothing (never NaN). */
export const times = (a: number, b: number): number => (a === 0 || b === 0 ? 0 : a * b)

/** A sum of weights as a price: a negative one costs nothing, one that overflowed both ways costs everything. */
export const clamp = (cost: number): number => (Number.isNaN(cost) ? Infinity : Math.max(0, cost))
