import type { ConstDirectiveNode, DirectiveNode, FieldNode, ValueNode } from 'graphql'
import type { CostedInput, CostedInputObject } from './costed.ts'
import { ABSENT, Literal, ownProperty, type Variables } from './values.ts'

/** Counts the work done. */
export interface Meter {
  steps: number
}

/** A value still to be priced as an input object, or as a list of them. */
interface Pending {
  readonly object: CostedInputObject
  readonly value: unknown
}

/**
 * Sums the weights of the arguments that a field or a directive is given, with the input fields inside them. The
 * sum may be negative. A variable is priced once, however often the document uses it, and values
 * are walked with a list of what is left to do, because their nesting is the client's to choose.
 */
export class InputCosts {
  readonly #variables: Variables
  readonly #meter: Meter
  readonly #priced = new Map<string, number>()

  constructor(variables: Variables, meter: Meter) {
    this.#variables = variables
    this.#meter = meter
  }

  /** The sum over all arguments that are given or have a default. */
  sum(inputs: readonly CostedInput[], of: FieldNode | DirectiveNode | ConstDirectiveNode): number {
    const pending: Pending[] = []
    let sum = 0
    for (const input of inputs) {
      const argument = of.arguments?.find((candidate) => candidate.name.value === input.name)
      sum += argument === undefined ? input.defaultCost : this.#written(input, argument.value, pending)
    }
    return sum + this.#drain(pending)
  }

  /** What a value written in the document costs; objects and lists in it are left in `pending`. */
  #written(input: CostedInput, node: ValueNode, pending: Pending[]): number {
    const value = this.#variables.read(node)
    if (value === ABSENT) return input.defaultCost
    // An explicit null is a use of the argument, but earns no discount.
    if (value === null) return Math.max(0, input.weight)
    if (input.object === null) return input.weight
    if (node.kind === 'Variable') return input.weight + this.#insideVariable(input.object, node.name.value)
    pending.push({ object: input.object, value })
    return input.weight
  }

  /** A variable of another type than the one wanted is refused by validation: it is not worth a walk. */
  #insideVariable(object: CostedInputObject, name: string): number {
    if (this.#variables.typeOf(name) !== object.name) return 0
    let inside = this.#priced.get(name)
    if (inside === undefined) {
      inside = this.#drain([{ object, value: this.#variables.get(name) }])
      this.#priced.set(name, inside)
    }
    return inside
  }

  /** The weights of all input fields inside the pending values. */
  #drain(pending: Pending[]): number {
    let sum = 0
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      this.#meter.steps++
      const { object, value } = next
      if (Array.isArray(value)) {
        for (const item of value as readonly unknown[]) pending.push({ object, value: item })
      } else if (value instanceof Literal) {
        sum += this.#insideLiteral(object, value.node, pending)
      } else if (typeof value === 'object' && value !== null) {
        sum += insideRaw(object, value, pending)
      }
    }
    return sum
  }

  #insideLiteral(object: CostedInputObject, node: ValueNode, pending: Pending[]): number {
    let sum = 0
    if (node.kind === 'ListValue') {
      for (const item of node.values) {
        if (item.kind === 'Variable') sum += this.#insideVariable(object, item.name.value)
        else pending.push({ object, value: this.#variables.read(item) })
      }
    } else if (node.kind === 'ObjectValue') {
      this.#meter.steps += node.fields.length
      for (const field of object.fields.values()) {
        const given = node.fields.find((candidate) => candidate.name.value === field.name)
        sum += given === undefined ? field.defaultCost : this.#written(field, given.value, pending)
      }
    }
    return sum
  }
}

function insideRaw(object: CostedInputObject, value: object, pending: Pending[]): number {
  let sum = 0
  for (const field of object.fields.values()) {
    const given = ownProperty(value, field.name)
    if (given === ABSENT) {
      sum += field.defaultCost
    } else if (given === null) {
      sum += Math.max(0, field.weight)
    } else {
      sum += field.weight
      if (field.object !== null) pending.push({ object: field.object, value: given })
    }
  }
  return sum
}
