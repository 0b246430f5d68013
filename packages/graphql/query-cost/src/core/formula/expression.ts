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
const SLOT = 5

export type Operator =
  | typeof ADD
  | typeof MULTIPLY
  | typeof LARGER
  | typeof CLAMP
  | typeof OR_ELSE
  | typeof SLOT

/** A number that is known, or one that depends on the variables. */
export type Value = number | Expression

/** A number that depends on the variables. Operands are made before what uses them. */
export interface Expression {
  readonly id: number
  readonly operator: Operator
  readonly left: Expression | null
  readonly right: Value
  /** The latest expression with this one on its left, and the one before it: equal ones are made once. */
  use: Expression | null
  readonly earlierUse: Expression | null
  /** Whether the formula uses it, and then its register. */
  needed: boolean
  register: number
}

/** How many uses are looked through: enough for what people write, and no loop for what they do not. */
const REMEMBERED_USES = 8

/**
 * Makes expressions; whatever is known is computed at once. All values are at least 0 except sums on their way to
 * {@link Algebra.clamped} and what slots read. Equal expressions are mostly the same object, which is what makes the
 * larger of two equal ones, and selections with equal sizes, cheap.
 */
export class Algebra {
  /** All expressions, in the order in which they were made. */
  readonly made: Expression[] = []
  /** All slots; what a slot reads is in the register of the same number. */
  readonly slots: Slot[] = []

  /** What a slot reads. */
  read(slot: Slot): Expression {
    const read = this.#add(SLOT, null, 0, null)
    read.register = this.slots.push(slot) - 1
    return read
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
      return this.#plusConstant(this.#plusTerm(a, b.left), b.right)
    }
    return this.#plusTerm(a, b)
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

  /** Adds two expressions; the same one twice, also where it was added last, becomes a multiple of it. */
  #plusTerm(a: Expression, b: Expression): Value {
    if (baseOf(a) === baseOf(b)) return this.#timesConstant(baseOf(a), factorOf(a) + factorOf(b))
    if (a.operator === ADD && a.left !== null && typeof a.right !== 'number') {
      const { left, right } = a
      const same = baseOf(right) === baseOf(b)
      if (same) return this.plus(left, this.#timesConstant(baseOf(b), factorOf(right) + factorOf(b)))
    }
    return this.#make(ADD, a, b)
  }

  #plusConstant(a: Value, b: number): Value {
    if (typeof a === 'number') return a + b
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
    let use = left.use
    for (let looked = 0; use !== null && looked < REMEMBERED_USES; looked++) {
      if (use.operator === operator && use.right === right) return use
      use = use.earlierUse
    }
    left.use = this.#add(operator, left, right, left.use)
    return left.use
  }

  #add(operator: Operator, left: Expression | null, right: Value, earlierUse: Expression | null): Expression {
    const id = this.made.length
    const made = { id, operator, left, right, use: null, earlierUse, needed: false, register: 0 }
    this.made.push(made)
    return made
  }
}

/** What a multiple is a multiple of. */
function baseOf(expression: Expression): Expression {
  const { operator, left, right } = expression
  return operator === MULTIPLY && left !== null && typeof right === 'number' ? left : expression
}

const factorOf = (expression: Expression): number =>
  baseOf(expression) === expression || typeof expression.right !== 'number' ? 1 : expression.right
