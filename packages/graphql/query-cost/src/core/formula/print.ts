import { ABSENT } from '../values.ts'
import type { VariableRead } from '../variables.ts'
import { ADD, LARGER, MULTIPLY, OR_ELSE } from './expression.ts'
import type { Formula } from './formula.ts'
import { constant, covers, named, product, sum, textOf, type Polynomial } from './polynomial.ts'
import { InputSlot, InsideSlot, sizeAsked, SizeSlot, type Asked, type Slot } from './slots.ts'

/** Longer formulas tell a reader nothing, and parts that are used twice could double them again and again. */
const MOST_CHARACTERS = 400

/** Whether a variable always has a value. */
type Sent = (variable: VariableRead) => boolean

/** The variables of a formula, by what it wants of them. */
export interface FormulaVariables {
  /** Their values: a size, or an input object. */
  readonly read: readonly VariableRead[]
  /** Only whether they are sent. */
  readonly weighed: readonly VariableRead[]
  /** Booleans that chose what the formula covers. */
  readonly conditions: readonly VariableRead[]
}

/** Which variables a price depends on. */
export function variablesOf({ slots, conditions }: Formula): FormulaVariables {
  return {
    read: slots.flatMap(readBy),
    weighed: slots.flatMap((slot) => (slot instanceof InputSlot ? [slot.variable] : [])),
    conditions: conditions.map(({ variable }) => variable),
  }
}

function readBy(slot: Slot): VariableRead[] {
  if (slot instanceof SizeSlot) return slot.asked.flatMap(({ variable }) => variable ?? [])
  return slot instanceof InsideSlot ? [slot.variable] : []
}

/**
 * A formula's price as text, such as `2 + 3·$first`: type and field costs together, without introspection. The size of
 * a list is named after its variable (`$page.first`, `count($ids)`); `($first or 10)` is 10 where nothing is sent.
 *
 * @param sent whether a variable always has a value
 * @returns undefined where it is too long to read
 */
export function formulaText(formula: Formula, sent: Sent): string | undefined {
  const { slots, code, registers, type, field, joint } = formula
  const known = new Map<number, Polynomial>()
  const at = (register: number): Polynomial => known.get(register) ?? constant(registers[register] ?? 0)
  for (const [index, slot] of slots.entries()) known.set(index, inputName(slot, sent))
  for (let i = 0, result = slots.length; i < code.length; i += 3, result++) {
    const [operator = ADD, left = 0, right = 0] = code.slice(i, i + 3)
    const computed =
      operator === OR_ELSE ? sizeName(slots[left], at(right), sent) : compute(operator, at(left), at(right))
    if (computed === undefined) return undefined
    known.set(result, computed)
  }
  const total = joint < 0 ? sum(at(type), at(field)) : at(joint)
  return total === undefined ? undefined : readable(textOf(total))
}

const readable = (text: string): string | undefined => (text.length > MOST_CHARACTERS ? undefined : text)

function compute(operator: number, left: Polynomial, right: Polynomial): Polynomial | undefined {
  switch (operator) {
    case ADD:
      return sum(left, right)
    case MULTIPLY:
      return product(left, right)
    case LARGER:
      return larger(left, right)
    default:
      return larger(left, constant(0))
  }
}

function larger(a: Polynomial, b: Polynomial): Polynomial | undefined {
  // What an input costs may be below 0.
  const signed = [...a.keys(), ...b.keys()].some((names) => names.includes('cost('))
  if (!signed && covers(a, b)) return a
  if (!signed && covers(b, a)) return b
  return called('max', a, b)
}

function called(name: string, ...args: readonly Polynomial[]): Polynomial | undefined {
  const text = readable(`${name}(${args.map(grouped).join(', ')})`)
  return text === undefined ? undefined : named(text)
}

/** A product inside of a name is told with another sign, because names are taken apart at theirs. */
const grouped = (polynomial: Polynomial): string => textOf(polynomial).replaceAll('·', '×')

function inputName(slot: Slot, sent: Sent): Polynomial {
  if (slot instanceof InputSlot) {
    return sent(slot.variable) ? constant(slot.input.weight) : named(`cost($${slot.variable.name})`)
  }
  return slot instanceof InsideSlot ? named(`cost(in $${slot.variable.name})`) : constant(0)
}

/** The size that a slot reads, or what is assumed where nothing is asked for. */
function sizeName(slot: Slot | undefined, assumed: Polynomial, sent: Sent): Polynomial {
  if (!(slot instanceof SizeSlot)) return assumed
  const sizes = slot.asked.flatMap((asked) => askedName(asked, sent) ?? [])
  const names = sizes.map(({ name }) => name)
  const largest = names.length === 1 ? (names[0] ?? '') : `max(${names.join(', ')})`
  return named(sizes.some(({ certain }) => certain) ? largest : `(${largest} or ${grouped(assumed)})`)
}

/** One of the sizes that a list may have; undefined where this argument asks for nothing. */
function askedName(asked: Asked, sent: Sent): { name: string; certain: boolean } | undefined {
  const { path, variable, from } = asked
  if (variable === null) {
    const size = sizeAsked(asked)
    return size < 0 ? undefined : { name: String(size), certain: true }
  }
  const below = path.segments.slice(from + 1).map(({ name }) => `.${name}`)
  const value = `$${variable.name}${below.join('')}`
  const name = path.list ? `count(${value})` : value
  if (below.length === 0 && (sent(variable) || variable.fallback !== ABSENT)) return { name, certain: true }
  const fallback = path.segments[from]?.fallback ?? -1
  return fallback < 0 ? { name, certain: false } : { name: `(${name} or ${fallback})`, certain: true }
}
