import { clamp, times } from '../arithmetic.ts'
import type { Slot } from './slots.ts'

/** What a formula can do with two registers; each is also the code of an instruction. */
export const ADD = 0
export const MULTIPLY = 1
export const LARGER = 2
export const CLAMP = 3
/** The left one, or the right one where the left one is below 0 (nothing was given). */
export const OR_ELSE = 4
/** What a slot reads from the variables: no instruction. */
export const SLOT = 5

export type Operator =
  | typeof ADD
  | typeof MULTIPLY
  | typeof LARGER
  | typeof CLAMP
  | typeof OR_ELSE
  | typeof SLOT

/** A number that is known, or one that depends on the variables. */
export type Value = number | Expression

/** A number that depends on the variables. Operands have smaller ids. */
export interface Expression {
  readonly id: number
  readonly operator: Operator
  readonly left: Expression | null
  readonly right: Value
  readonly slot: Slot | null
  /** The latest expressions with this one on their left, so that equal ones are made once. */
  readonly uses: Expression[]
}

/** How many uses are looked through: enough for what people write, and no loop for what they do not. */
const REMEMBERED_USES = 8

/**
 * Makes expressions; whatever is known is computed at once. All values are at least 0 except sums on their way to
 * {@link Algebra.clamped} and what slots read. Equal expressions are mostly the same object, which is what makes the
 * larger of two equal ones, and selections with equal sizes, cheap.
 */
export class Algebra {
  #made = 0

  /** What a slot reads. */
  read(slot: Slot): Expression {
    return { id: this.#made++, operator: SLOT, left: null, right: 0, slot, uses: [] }
  }

  plus(a: Value, b: Value): Value {
    if (typeof a === 'number') {
      if (typeof b === 'number') return a + b
      return this.#plusConstant(b, a)
    }
    if (typeof b === 'number') return this.#plusConstant(a, b)
    // Constants move outwards, where they meet.
    if (a.operator === ADD && a.left !== null && typeof a.right === 'number') {
      return this.plus(this.plus(a.left, b), a.right)
    }
    if (b.operator === ADD && b.left !== null && typeof b.right === 'number') {
      return this.#plusConstant(this.#make(ADD, a, b.left), b.right)
    }
    return this.#make(ADD, a, b)
  }

  /** A product of two values of at least 0; nothing times infinitely much is nothing. */
  times(a: Value, b: Value): Value {
    if (typeof a === 'number') {
      if (typeof b === 'number') return times(a, b)
      return this.#timesConstant(b, a)
    }
    return typeof b === 'number' ? this.#timesConstant(a, b) : this.#make(MULTIPLY, a, b)
  }

  /** The larger of two values of at least 0. */
  larger(a: Value, b: Value): Value {
    if (typeof a === 'number') {
      if (typeof b === 'number') return Math.max(a, b)
      return this.#largerConstant(b, a)
    }
    if (typeof b === 'number') return this.#largerConstant(a, b)
    return a === b ? a : this.#make(LARGER, a, b)
  }

  /** A sum of weights as a price: see `clamp`. */
  clamped(a: Value): Value {
    return typeof a === 'number' ? clamp(a) : this.#make(CLAMP, a, 0)
  }

  /** A size, or another one where none is given. */
  orElse(a: Expression, fallback: number): Expression {
    return this.#make(OR_ELSE, a, fallback)
  }

  #plusConstant(a: Expression, b: number): Expression {
    if (b === 0) return a
    if (a.operator === ADD && a.left !== null && typeof a.right === 'number') {
      return this.#plusConstant(a.left, a.right + b)
    }
    return this.#make(ADD, a, b)
  }

  #timesConstant(a: Expression, b: number): Value {
    if (b === 0) return 0
    if (b === 1) return a
    if (a.operator === MULTIPLY && a.left !== null && typeof a.right === 'number') {
      return this.#make(MULTIPLY, a.left, times(a.right, b))
    }
    return this.#make(MULTIPLY, a, b)
  }

  #largerConstant(a: Expression, b: number): Value {
    return b === 0 ? a : b === Infinity ? Infinity : this.#make(LARGER, a, b)
  }

  #make(operator: Operator, left: Expression, right: Value): Expression {
    const { uses } = left
    for (let i = uses.length - 1; i >= 0; i--) {
      const use = uses[i]
      if (use !== undefined && use.operator === operator && use.right === right) return use
    }
    const made: Expression = { id: this.#made++, operator, left, right, slot: null, uses: [] }
    if (uses.length >= REMEMBERED_USES) uses.shift()
    uses.push(made)
    return made
  }
}
