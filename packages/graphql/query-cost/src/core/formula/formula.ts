import type { CostVector } from '../cost-vector.ts'
import type { VariableRead } from '../variables.ts'
import { booleanOf, type Condition, type Draft } from './draft.ts'
import { type Expression, type Value } from './expression.ts'
import type { SizeSlot, Slot } from './slots.ts'

/**
 * The price of an operation as a formula over its variables: a program of one instruction for each expression.
 * Registers hold what the slots read, then the constants, then the result of each instruction.
 */
export interface Formula {
  /** The formula holds while these are as they were. */
  readonly conditions: readonly Condition[]
  readonly variables: readonly VariableRead[]
  readonly slots: readonly Slot[]
  /** The first of the slots, which can have problems, in the order of the document. */
  readonly sizes: readonly SizeSlot[]
  /** Operator, left and right register of each instruction. */
  readonly code: Int32Array
  /** Scratch space of the evaluation, with the constants in their places. Holds no value a client sent as such. */
  readonly registers: Float64Array
  /** Register of the first instruction's result. */
  readonly results: number
  readonly type: number
  readonly field: number
  readonly meta: number
  readonly approximate: boolean
}

/** True when the booleans are those that a formula was made for. */
export function holds({ conditions }: Formula, sent: object): boolean {
  for (const { variable, value } of conditions) {
    if (booleanOf(variable, sent) !== value) return false
  }
  return true
}

/** About how much memory a formula takes. */
export const bytesOf = ({ code, registers, slots, variables, conditions }: Formula): number =>
  256 + code.byteLength + registers.byteLength + 128 * (slots.length + variables.length + conditions.length)

/** Lays out the expressions of a draft as a program. */
export function assemble(draft: Draft, cost: Readonly<CostVector>, approximate: boolean): Formula {
  const expressions = reachable([cost.type, cost.field, cost.meta])
  const slots: Slot[] = [...draft.sizes]
  const places = new Map<Expression | number, number>()
  const instructions: Expression[] = []
  const constants: number[] = []
  const slotPlaces = new Map<Slot, number>(slots.map((slot, index) => [slot, index]))
  for (const expression of expressions) {
    const { slot } = expression
    if (slot === null) {
      instructions.push(expression)
    } else {
      let place = slotPlaces.get(slot)
      if (place === undefined) slotPlaces.set(slot, (place = slots.push(slot) - 1))
      places.set(expression, place)
    }
  }
  const constant = (value: number): void => {
    if (!places.has(value)) places.set(value, slots.length + constants.push(value) - 1)
  }
  for (const root of [cost.type, cost.field, cost.meta]) if (typeof root === 'number') constant(root)
  for (const { right } of instructions) if (typeof right === 'number') constant(right)
  const results = slots.length + constants.length
  const registers = new Float64Array(results + instructions.length)
  registers.set(constants, slots.length)
  const code = new Int32Array(instructions.length * 3)
  const placeOf = (value: Value): number => places.get(value) ?? 0
  for (const [index, { operator, left, right }] of instructions.entries()) {
    code.set([operator, left === null ? 0 : placeOf(left), placeOf(right)], index * 3)
    const expression = instructions[index]
    if (expression !== undefined) places.set(expression, results + index)
  }
  return {
    conditions: draft.conditions,
    variables: draft.variables,
    slots,
    sizes: draft.sizes,
    code,
    registers,
    results,
    type: placeOf(cost.type),
    field: placeOf(cost.field),
    meta: placeOf(cost.meta),
    approximate,
  }
}

/** All expressions that the roots need, operands before what uses them. */
function reachable(roots: readonly Value[]): Expression[] {
  const found = new Set<Expression>()
  const pending = [...roots]
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (typeof next === 'number' || found.has(next)) continue
    found.add(next)
    if (next.slot !== null) continue
    if (next.left !== null) pending.push(next.left)
    pending.push(next.right)
  }
  return [...found].sort((a, b) => a.id - b.id)
}
