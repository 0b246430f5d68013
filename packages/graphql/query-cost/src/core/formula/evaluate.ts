import { clamp, times } from '../arithmetic.ts'
import type { Meter } from '../meter.ts'
import type { CostProblem } from '../types.ts'
import { ADD, CLAMP, LARGER, MULTIPLY } from './expression.ts'
import type { Formula } from './formula.ts'
import { SizeSlot } from './slots.ts'
import type { VariableRead } from '../variables.ts'

const NO_VALUES: readonly unknown[] = []
const NO_PROBLEMS: readonly CostProblem[] = Object.freeze([])

/**
 * Computes a formula for the variables that a client sent. The results are left in the formula's registers; nothing
 * is kept of the variables themselves.
 *
 * @returns what is wrong with the sizes they ask for
 */
export function evaluate(formula: Formula, sent: object, meter: Meter): readonly CostProblem[] {
  const { variables, slots, code, registers } = formula
  const values = variables.length === 0 ? NO_VALUES : valuesOf(variables, sent)
  let wrong = false
  for (let i = 0; i < slots.length; i++) {
    const read = slots[i]?.read(values, meter) ?? 0
    registers[i] = read
    if (Number.isNaN(read)) wrong = true
  }
  const problems = wrong ? problemsOf(formula, values) : NO_PROBLEMS
  for (let at = 0, result = slots.length; at < code.length; at += 3, result++) {
    const left = registers[code[at + 1] ?? 0] ?? 0
    const right = registers[code[at + 2] ?? 0] ?? 0
    registers[result] = compute(code[at] ?? 0, left, right)
  }
  meter.steps += slots.length + code.length / 3
  return problems
}

function valuesOf(variables: readonly VariableRead[], sent: object): readonly unknown[] {
  const values: unknown[] = []
  for (const variable of variables) values.push(variable.of(sent))
  return values
}

/** What one instruction computes. */
export function compute(operator: number, left: number, right: number): number {
  switch (operator) {
    case ADD:
      return left + right
    case MULTIPLY:
      return times(left, right)
    case LARGER:
      return Math.max(left, right)
    case CLAMP:
      return clamp(left)
    default:
      return left < 0 ? right : left
  }
}

/** Reads the sizes again, now for what is wrong with them, and puts sizes that hold in their registers. */
function problemsOf({ slots, registers }: Formula, values: readonly unknown[]): readonly CostProblem[] {
  const problems: CostProblem[] = []
  for (const [index, slot] of slots.entries()) {
    if (slot instanceof SizeSlot) registers[index] = slot.readAnyway(values, problems)
  }
  return problems
}
