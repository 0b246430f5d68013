import { versionInfo, type FieldNode, type GraphQLResolveInfo } from 'graphql'
import type { CostedField, CostedSchema } from '../costed.ts'
import { Calculator } from '../formula/calculator.ts'
import { Draft } from '../formula/draft.ts'
import { Operation } from '../operation.ts'

/** What resolver calls of one execution cost by themselves: field, arguments and directives. */
export class OwnCosts {
  readonly #operation: Operation
  readonly #calculator: Calculator
  readonly #known = new Map<CostedField, Map<readonly FieldNode[], number>>()

  constructor(costed: CostedSchema, { operation, variableValues }: GraphQLResolveInfo) {
    const meter = { steps: 0 }
    const sent = coerced(variableValues)
    const draft = new Draft(sent)
    this.#operation = new Operation(costed, new Map(), operation, draft, meter)
    this.#calculator = new Calculator(draft, sent, meter)
  }

  /** The cost of one call; of several nodes with one response name, the dearest. */
  of(field: CostedField, nodes: readonly FieldNode[]): number {
    let known = this.#known.get(field)
    if (known === undefined) this.#known.set(field, (known = new Map<readonly FieldNode[], number>()))
    let cost = known.get(nodes)
    if (cost === undefined) {
      cost = Math.max(0, ...nodes.map((node) => this.#calculator.read(this.#operation.ownCost(field, node))))
      known.set(nodes, cost)
    }
    return cost
  }
}

/** The values of the variables; graphql 17 has them beside where they came from. */
function coerced(values: GraphQLResolveInfo['variableValues'] | undefined): object {
  const given: unknown = versionInfo.major >= 17 ? values?.['coerced'] : values
  return typeof given === 'object' && given !== null ? given : {}
}
