import type { Meter } from '../meter.ts'
import type { Draft } from './draft.ts'
import { compute } from './evaluate.ts'
import type { Expression, Value } from './expression.ts'
import { SizeSlot } from './slots.ts'

/**
 * Reads single values of a draft for the variables that a client sent, where a formula computes only its results. The
 * draft may grow between two readings.
 */
export class Calculator {
  readonly #draft: Draft
  readonly #sent: object
  readonly #meter: Meter
  /** What the variables of the draft are. */
  readonly #values: unknown[] = []
  /** The value of each expression that was made, in the same order. */
  readonly #results: number[] = []

  constructor(draft: Draft, sent: object, meter: Meter) {
    this.#draft = draft
    this.#sent = sent
    this.#meter = meter
  }

  /** A value as a number; a size that cannot be accepted is infinite. */
  read(value: Value): number {
    if (typeof value === 'number') return value
    const { made } = this.#draft.algebra
    for (let id = this.#results.length; id <= value.id; id++) {
      const expression = made[id]
      this.#meter.steps++
      this.#results.push(expression === undefined ? Infinity : this.#compute(expression))
    }
    return this.#results[value.id] ?? Infinity
  }

  #compute(expression: Expression): number {
    const { operator, left, right } = expression
    if (left === null) return this.#slot(expression.register)
    const b = typeof right === 'number' ? right : (this.#results[right.id] ?? Infinity)
    return compute(operator, this.#results[left.id] ?? Infinity, b)
  }

  #slot(index: number): number {
    const { algebra, variables } = this.#draft
    for (const variable of variables.slice(this.#values.length)) this.#values.push(variable.of(this.#sent))
    const slot = algebra.slots[index]
    const read = slot?.read(this.#values, this.#meter) ?? Infinity
    if (!Number.isNaN(read)) return read
    return slot instanceof SizeSlot ? slot.readAnyway(this.#values, []) : Infinity
  }
}
