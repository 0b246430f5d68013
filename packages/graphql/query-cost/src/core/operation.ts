import type { DirectiveNode, FieldNode, FragmentDefinitionNode, SelectionNode } from 'graphql'
import type { OperationDefinitionNode } from 'graphql'
import type { CostedField, CostedSchema } from './costed.ts'
import type { Draft } from './formula/draft.ts'
import type { Algebra, Value } from './formula/expression.ts'
import { InputCosts } from './input-cost.ts'
import type { Meter } from './meter.ts'
import { Sizes } from './sizes.ts'
import { ABSENT } from './values.ts'
import { VariableRead, Variables } from './variables.ts'

/** What is the same for each analysis of one operation: conditions, own costs and list sizes. */
export class Operation {
  readonly costed: CostedSchema
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>
  readonly algebra: Algebra
  readonly sizes: Sizes
  readonly #draft: Draft
  readonly #variables: Variables
  readonly #inputs: InputCosts

  constructor(
    costed: CostedSchema,
    fragments: ReadonlyMap<string, FragmentDefinitionNode>,
    definition: OperationDefinitionNode,
    draft: Draft,
    meter: Meter,
  ) {
    this.costed = costed
    this.fragments = fragments
    this.algebra = draft.algebra
    this.#draft = draft
    this.#variables = new Variables(definition.variableDefinitions ?? [], draft.variables)
    this.#inputs = new InputCosts(this.#variables, draft.algebra, meter)
    this.sizes = new Sizes(costed, this.#variables, draft, meter)
  }

  /** False where `@skip` or `@include` surely leaves the selection out; a condition that is no boolean never does. */
  includes(selection: SelectionNode): boolean {
    const { directives } = selection
    if (directives === undefined || directives.length === 0) return true
    return this.#condition(directives, 'skip') !== true && this.#condition(directives, 'include') !== false
  }

  #condition(directives: readonly DirectiveNode[], name: string): unknown {
    const directive = directives.find((candidate) => candidate.name.value === name)
    const argument = directive?.arguments?.find((candidate) => candidate.name.value === 'if')
    if (argument === undefined) return ABSENT
    const value = this.#variables.read(argument.value)
    return value instanceof VariableRead ? this.#draft.decide(value) : value
  }

  /** Cost of one resolver call: field, directives and arguments, clamped at 0 (section 5.3.2.2). */
  ownCost(field: CostedField, node: FieldNode): Value {
    let cost: Value = field.weight
    if (field.inputs.length > 0) cost = this.algebra.plus(cost, this.#inputs.sum(field.inputs, node))
    if (node.directives !== undefined && node.directives.length > 0 && this.costed.directives.size > 0) {
      for (const directive of node.directives) cost = this.algebra.plus(cost, this.#directiveCost(directive))
    }
    return this.algebra.clamped(cost)
  }

  /** A directive never costs less than 0 (section 7.1): clients could repeat one that is a discount. */
  #directiveCost(node: DirectiveNode): Value {
    const directive = this.costed.directives.get(node.name.value)
    if (directive === undefined) return 0
    return this.algebra.clamped(this.algebra.plus(directive.weight, this.#inputs.sum(directive.inputs, node)))
  }
}
