import { buildSchema, parse } from 'graphql'
import {
  createCostModel,
  estimateCost,
  type CostEstimate,
  type CostModelOptions,
} from '../../src/core/index.ts'

/** Definitions of both directives, as the specification writes them (`@listSize` repeatable). */
export const DIRECTIVES = `
  directive @cost(weight: String!) on FIELD_DEFINITION | OBJECT | SCALAR | ENUM | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION
  directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], requireOneSlicingArgument: Boolean = true) repeatable on FIELD_DEFINITION
`

/** A function that prices operations of one schema. */
export function pricing(
  sdl: string,
  options?: CostModelOptions,
): (source: string, variables?: Record<string, unknown>, operation?: string | null) => CostEstimate {
  const model = createCostModel(buildSchema(DIRECTIVES + sdl), options)
  return (source, variables = {}, operation = null) =>
    estimateCost(model, parse(source), { variables, operation })
}
