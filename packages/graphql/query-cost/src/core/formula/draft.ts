import type { VariableRead } from '../variables.ts'
import { Algebra } from './expression.ts'

/** A boolean that decided which selections a formula covers: the formula holds where the variable is the same again. */
export interface Condition {
  readonly variable: VariableRead
  /** `undefined` where it is no boolean, which neither skips nor includes. */
  readonly value: boolean | undefined
}

/** A formula while a document is read for it. */
export class Draft {
  readonly algebra = new Algebra()
  readonly variables: VariableRead[] = []
  readonly conditions: Condition[] = []
  #decided: Map<VariableRead, boolean | undefined> | undefined
  readonly #sent: object

  /** `sent` are the variables whose booleans choose the selections. */
  constructor(sent: object) {
    this.#sent = sent
  }

  /** The boolean that a variable holds for now. */
  decide(variable: VariableRead): boolean | undefined {
    this.#decided ??= new Map()
    if (!this.#decided.has(variable)) {
      const value = booleanOf(variable, this.#sent)
      this.#decided.set(variable, value)
      this.conditions.push({ variable, value })
    }
    return this.#decided.get(variable)
  }
}

/** A variable's value where it is a boolean. */
export function booleanOf(variable: VariableRead, sent: object): boolean | undefined {
  const value = variable.of(sent)
  return typeof value === 'boolean' ? value : undefined
}
