import type { CostVector } from '../cost-vector.ts'
import type { VariableRead } from '../variables.ts'
import { booleanOf, type Condition, type Draft } from './draft.ts'
import { type Expression, type Value } from './expression.ts'
import type { Slot } from './slots.ts'

// Plain arrays of numbers: typed arrays of this size live outside of V8's heap and take longer to make than the rest.

/**
 * The price of an operation as a formula over its variables: a program of one instruction for each expression.
 * Registers hold what the slots read, then the result of each instruction, then the constants.
 */
export interface Formula {
  /** The formula holds while these are as they were. */
  readonly conditions: readonly Condition[]
  readonly variables: readonly VariableRead[]
  readonly slots: readonly Slot[]
  /** Operator, left and right register of each instruction. */
  readonly code: readonly number[]
  /** Scratch space of the evaluation, with the constants in their places. Holds no value a client sent as such. */
  readonly registers: number[]
  /** Registers of the results. */
  readonly type: number
  readonly field: number
  readonly meta: number
  /** Type and field cost of one and the same object; -1 where that is the sum of the two. */
  readonly joint: number
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
  256 + 8 * (code.length + registers.length) + 128 * (slots.length + variables.length + conditions.length)

/** Lays out the expressions of a draft as a program. */
export function assemble(draft: Draft, cost: Readonly<CostVector>, approximate: boolean): Formula {
  const { algebra, conditions, variables } = draft
  const { slots } = algebra
  const instructions = neededFor(algebra.made, cost)
  const constants: number[] = []
  const firstConstant = slots.length + instructions.length
  const registerOf = (value: Value): number =>
    typeof value === 'number' ? firstConstant + constants.push(value) - 1 : value.register
  const code: number[] = []
  for (const expression of instructions) {
    const { operator, left, right } = expression
    expression.register = slots.length + code.length / 3
    code.push(operator, left === null ? 0 : left.register, registerOf(right))
  }
  const [type, field, meta] = [registerOf(cost.type), registerOf(cost.field), registerOf(cost.meta)]
  const joint = cost.joint === null ? -1 : registerOf(cost.joint)
  const registers: number[] = []
  // A fraction makes it an array of doubles from the start.
  for (let register = 0; register < firstConstant; register++) registers.push(0.5)
  for (const value of constants) registers.push(value)
  return { conditions, variables, slots, code, registers, type, field, meta, joint, approximate }
}

/** The expressions to compute, operands before what uses them; what slots read is there already. */
function neededFor(made: readonly Expression[], cost: Readonly<CostVector>): Expression[] {
  const needed: Expression[] = []
  need(cost.type)
  need(cost.field)
  need(cost.meta)
  if (cost.joint !== null) need(cost.joint)
  for (let i = made.length - 1; i >= 0; i--) {
    const expression = made[i]
    if (expression === undefined || !expression.needed || expression.left === null) continue
    needed.push(expression)
    need(expression.left)
    need(expression.right)
  }
  return needed.toReversed()
}

function need(value: Value): void {
  if (typeof value !== 'number') value.needed = true
}
