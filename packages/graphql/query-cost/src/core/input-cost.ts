import type { ConstDirectiveNode, DirectiveNode, FieldNode, ValueNode } from 'graphql'
import type { CostedInput, CostedInputObject } from './costed.ts'
import type { Algebra, Expression, Value } from './formula/expression.ts'
import { InputSlot, InsideSlot } from './formula/slots.ts'
import type { Meter } from './meter.ts'
import { Literal } from './values.ts'
import { Variables, type VariableRead } from './variables.ts'

/** A written value still to be priced as an input object, or as a list of them. */
interface Pending {
  readonly object: CostedInputObject
  readonly node: ValueNode
}

/**
 * Sums the weights of the arguments that a field or a directive is given, with the input fields inside them. The
 * sum may be negative. A variable is read once in each evaluation, however often the document uses it, and values
 * are walked with a list of what is left to do, because their nesting is the client's to choose.
 */
export class InputCosts {
  readonly #variables: Variables
  readonly #algebra: Algebra
  readonly #meter: Meter
  #inputs: Map<VariableRead, Map<CostedInput, Expression>> | undefined
  #insides: Map<VariableRead, Expression> | undefined

  constructor(variables: Variables, algebra: Algebra, meter: Meter) {
    this.#variables = variables
    this.#algebra = algebra
    this.#meter = meter
  }

  /** The sum over all arguments that are given or have a default. */
  sum(inputs: readonly CostedInput[], of: FieldNode | DirectiveNode | ConstDirectiveNode): Value {
    const pending: Pending[] = []
    let sum: Value = 0
    for (const input of inputs) {
      const argument = of.arguments?.find((candidate) => candidate.name.value === input.name)
      sum = this.#algebra.plus(sum, this.#written(input, argument?.value, pending))
    }
    return this.#algebra.plus(sum, this.#drain(pending))
  }

  /** What one written value costs; objects and lists in it are left in `pending`. */
  #written(input: CostedInput, node: ValueNode | undefined, pending: Pending[]): Value {
    if (node === undefined) return input.defaultCost
    if (node.kind === 'Variable') {
      const variable = this.#variables.get(node.name.value)
      if (variable === undefined) return input.defaultCost
      const inside = input.object === null ? 0 : this.#inside(input.object, variable)
      return this.#algebra.plus(this.#given(input, variable), inside)
    }
    // An explicit null is a use of the argument, but earns no discount.
    if (node.kind === 'NullValue') return Math.max(0, input.weight)
    if (input.object !== null) pending.push({ object: input.object, node })
    return input.weight
  }

  #given(input: CostedInput, variable: VariableRead): Expression {
    this.#inputs ??= new Map()
    let known = this.#inputs.get(variable)
    if (known === undefined) this.#inputs.set(variable, (known = new Map<CostedInput, Expression>()))
    let given = known.get(input)
    if (given === undefined) known.set(input, (given = this.#algebra.read(new InputSlot(input, variable))))
    return given
  }

  /** A variable of another type than the one wanted is refused by validation: it is not worth a walk. */
  #inside(object: CostedInputObject, variable: VariableRead): Value {
    if (this.#variables.typeOf(variable.name) !== object.name) return 0
    this.#insides ??= new Map()
    let inside = this.#insides.get(variable)
    if (inside === undefined) {
      inside = this.#algebra.read(new InsideSlot(object, variable, this.#insideDefault(object, variable)))
      this.#insides.set(variable, inside)
    }
    return inside
  }

  #insideDefault(object: CostedInputObject, { fallback }: VariableRead): number {
    if (!(fallback instanceof Literal)) return 0
    // A default cannot use variables.
    const constant = new InputCosts(Variables.none, this.#algebra, this.#meter)
    const cost = constant.#drain([{ object, node: fallback.node }])
    return typeof cost === 'number' ? cost : Infinity
  }

  /** The weights of all input fields inside the pending values. */
  #drain(pending: Pending[]): Value {
    let sum: Value = 0
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      this.#meter.steps++
      const { object, node } = next
      if (node.kind === 'ListValue') {
        for (const item of node.values) {
          if (item.kind !== 'Variable') pending.push({ object, node: item })
          else sum = this.#algebra.plus(sum, this.#insideNamed(object, item.name.value))
        }
      } else if (node.kind === 'ObjectValue') {
        this.#meter.steps += node.fields.length
        for (const field of object.fields.values()) {
          const given = node.fields.find((candidate) => candidate.name.value === field.name)
          sum = this.#algebra.plus(sum, this.#written(field, given?.value, pending))
        }
      }
    }
    return sum
  }

  #insideNamed(object: CostedInputObject, name: string): Value {
    const variable = this.#variables.get(name)
    return variable === undefined ? 0 : this.#inside(object, variable)
  }
}
