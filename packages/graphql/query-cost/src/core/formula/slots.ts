import type { FieldNode } from 'graphql'
import type { CostedField, CostedInput, CostedInputObject, ListSizing, SlicingPath } from '../costed.ts'
import type { Meter } from '../meter.ts'
import { costOfSent } from '../sent-cost.ts'
import type { CostProblem, CostProblemCode } from '../types.ts'
import { ABSENT, BAD_SIZE, Literal, NO_SIZE, propertyOf, sizeOf } from '../values.ts'
import type { VariableRead } from '../variables.ts'

/** Something that a formula reads from the variables, once for each evaluation. */
export interface Slot {
  /** @returns NaN where there is a problem to report; only a {@link SizeSlot} has any */
  read(values: readonly unknown[], meter: Meter): number
}

/** What one slicing path of one field leads to. */
export interface Asked {
  readonly path: SlicingPath
  /** The segment whose value is known, or is that of the variable. */
  readonly from: number
  readonly variable: VariableRead | null
  /** The value of the segment where it is no variable's. */
  readonly value: unknown
}

/** Filled by {@link follow}: one object, so that evaluations allocate none. */
const found = { size: NO_SIZE, given: false }

/** Follows a path to its size. Nothing given on the way leads to the schema's default, an explicit null to none. */
function follow({ path, from, variable, value: written }: Asked, values: readonly unknown[]): void {
  const { segments, list } = path
  let value = variable === null ? written : values[variable.index]
  found.given = false
  for (let index = from; index < segments.length; index++) {
    const segment = segments[index]
    if (segment === undefined) break
    if (index > from) value = propertyOf(value, segment.name)
    if (value === ABSENT || value === null) {
      found.size = value === null ? NO_SIZE : segment.fallback
      return
    }
  }
  found.size = sizeOf(value, list)
  found.given = true
}

/** The size that a document asks for without a variable. */
export function sizeAsked(asked: Asked): number {
  follow(asked, [])
  return found.size
}

/** The same variable, or the same simple value; objects written twice are taken for different. */
function isSame(a: Asked, b: Asked | undefined): boolean {
  return a.from === b?.from && a.variable === b.variable && a.value === b.value
}

/** The size that one `@listSize` is asked for at one field: the largest, or {@link NO_SIZE}. */
export class SizeSlot implements Slot {
  readonly #field: CostedField
  readonly #sizing: ListSizing
  readonly asked: readonly Asked[]
  readonly #node: FieldNode
  /** The variable that is the size as it stands, which is what most documents have; -1 where it is not that simple. */
  readonly #direct: number

  constructor(field: CostedField, sizing: ListSizing, asked: readonly Asked[], node: FieldNode) {
    this.#field = field
    this.#sizing = sizing
    this.asked = asked
    this.#node = node
    const [only] = asked
    const simple =
      asked.length === 1 && only?.path.list === false && only.from === only.path.segments.length - 1
    this.#direct = simple ? (only.variable?.index ?? -1) : -1
  }

  /** True when the other slot reads the same, whatever the variables. */
  asksAs(other: SizeSlot): boolean {
    if (this.#sizing !== other.#sizing) return false
    return this.asked.every((one, index) => isSame(one, other.asked[index]))
  }

  read(values: readonly unknown[]): number {
    if (this.#direct >= 0) {
      const value = values[this.#direct]
      if (typeof value === 'number' && value >= 0) return Math.ceil(value)
    }
    let largest = NO_SIZE
    let given = 0
    for (const asked of this.asked) {
      follow(asked, values)
      if (found.size === BAD_SIZE) return Number.NaN
      if (found.given) given++
      if (found.size > largest) largest = found.size
    }
    return this.#sizing.requireOne && (given > 1 || largest === NO_SIZE) ? Number.NaN : largest
  }

  /** The size where {@link read} found a problem, which is added to `problems`: what is no size counts as infinite. */
  readAnyway(values: readonly unknown[], problems: CostProblem[]): number {
    let largest = NO_SIZE
    let given = 0
    for (const asked of this.asked) {
      follow(asked, values)
      if (found.given) given++
      if (found.size === BAD_SIZE) this.#report(problems, 'invalid-slicing-value', [asked.path])
      largest = Math.max(largest, found.size === BAD_SIZE ? Infinity : found.size)
    }
    const { requireOne, slicing } = this.#sizing
    if (requireOne && given > 1) this.#report(problems, 'several-slicing-arguments', slicing)
    else if (requireOne && largest === NO_SIZE) this.#report(problems, 'missing-slicing-argument', slicing)
    return largest
  }

  #report(problems: CostProblem[], code: CostProblemCode, paths: readonly SlicingPath[]): void {
    const { coordinate } = this.#field
    if (problems.some((one) => one.code === code && one.coordinate === coordinate)) return
    problems.push({ code, coordinate, slicingArguments: paths.map(({ path }) => path), node: this.#node })
  }
}

/** The weight of an input that is given a variable, without what is inside. */
export class InputSlot implements Slot {
  readonly input: CostedInput
  readonly variable: VariableRead

  constructor(input: CostedInput, variable: VariableRead) {
    this.input = input
    this.variable = variable
  }

  read(values: readonly unknown[]): number {
    const value = values[this.variable.index]
    if (value === ABSENT) return this.input.defaultCost
    // An explicit null is a use of the argument, but earns no discount.
    return value === null ? Math.max(0, this.input.weight) : this.input.weight
  }
}

/** The weights of all input fields inside a variable. */
export class InsideSlot implements Slot {
  readonly #object: CostedInputObject
  readonly variable: VariableRead
  readonly #ofDefault: number

  constructor(object: CostedInputObject, variable: VariableRead, ofDefault: number) {
    this.#object = object
    this.variable = variable
    this.#ofDefault = ofDefault
  }

  read(values: readonly unknown[], meter: Meter): number {
    const value = values[this.variable.index]
    return value instanceof Literal ? this.#ofDefault : costOfSent(this.#object, value, meter)
  }
}
