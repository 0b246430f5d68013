import { buildSchema, getIntrospectionQuery, parse } from 'graphql'
import * as engine from '../../src/core/index.ts'
import type { Scenario } from './generate.ts'
import { oracle } from './oracle.ts'

/** What is compared: the engine of the package, or a copy of it with a defect. */
export type Engine = Pick<typeof engine, 'createCostModel' | 'estimateCost'>

const STANDARD = parse(
  getIntrospectionQuery({
    specifiedByUrl: true,
    directiveIsRepeatable: true,
    schemaDescription: true,
    inputValueDeprecation: true,
    oneOf: true,
  }),
)

/** What was compared. */
export interface Compared {
  triples: number
  approximate: number
}

/**
 * Compares the engine with the oracle on every triple of a scenario: equal where it is exact, never below otherwise.
 * Every document is priced with all its variables, so that most prices come from a known formula.
 *
 * @throws where they differ, with everything needed to repeat it
 */
export function compare(
  given: Scenario,
  budget?: number,
  { createCostModel, estimateCost }: Engine = engine,
): Compared {
  const { sdl, multipliers, defaultListSize, documents } = given
  const schema = buildSchema(sdl)
  const weights = Object.fromEntries(
    Object.entries(multipliers).map(([name, multiplier]) => [name, { multiplier }]),
  )
  const model = createCostModel(schema, {
    weights,
    defaultListSize,
    ...(budget === undefined ? {} : { budget }),
  })
  const unit = oracle({ schema, document: STANDARD }).meta
  const compared = { triples: 0, approximate: 0 }
  for (const { source, operations, variables } of documents) {
    const document = parse(source)
    const asked = variables.flatMap((sent) => operations.map((operationName) => ({ sent, operationName })))
    for (const { sent, operationName } of asked) {
      const estimate = estimateCost(model, document, { variables: sent, operation: operationName })
      const price = oracle({ schema, document, variables: sent, operationName, multipliers, defaultListSize })
      const introspection = Math.ceil((price.meta / unit) * 500)
      const { approximate, typeCost, fieldCost, introspectionCost } = estimate
      const right =
        isRight(typeCost, price.type, approximate) &&
        isRight(fieldCost, price.field, approximate) &&
        isRight(introspectionCost, introspection, approximate) &&
        isRight(estimate.cost, price.both + introspection, approximate) &&
        estimate.cost <= (typeCost + fieldCost + introspectionCost) * (1 + 1e-9)
      if (!right) {
        const got = { cost: estimate.cost, typeCost, fieldCost, introspectionCost, approximate }
        const found = {
          got,
          expected: { ...price, introspection },
          source,
          operationName,
          sent,
          defaultListSize,
        }
        throw new Error(`${JSON.stringify(found, null, 1)}\n${JSON.stringify(multipliers)}\n${sdl}`)
      }
      compared.triples++
      if (approximate) compared.approximate++
    }
  }
  return compared
}

/** Equal but for the rounding of sums taken in another order; not below where the engine says it is not exact. */
function isRight(actual: number, expected: number, approximate: boolean): boolean {
  if (actual === expected) return true
  const margin = 1e-9 * Math.max(1, Math.abs(expected))
  return approximate ? actual >= expected - margin : Math.abs(actual - expected) <= margin
}
