import type { GraphQLSchema } from 'graphql'
import { createCostModel, InvalidCostModelError } from './core/index.ts'
import type { CostModel, CostModelOptions } from './core/index.ts'
import { InvalidModelError } from './errors.ts'
import type { ResolvedQueryCostOptions } from './options.ts'

/** The cost models of one registration: one for each schema it meets, compiled once. */
export type Models = (schema: GraphQLSchema) => CostModel

/** What the options say of prices. */
export function modelOptions(options: ResolvedQueryCostOptions): CostModelOptions {
  const { strict, weights, operationCost, directives } = options
  const defaultListSize = strict ? Number.POSITIVE_INFINITY : (options.defaultListSize ?? 10)
  return { defaultListSize, weights, operationCost, directives }
}

/**
 * Compiles schemas on demand and remembers them.
 *
 * @throws (the result) PORTCULLIS_QUERY_COST_INVALID_MODEL listing everything wrong with weights and directives
 */
export function createModels(options: ResolvedQueryCostOptions): Models {
  const models = new WeakMap<GraphQLSchema, CostModel>()
  return (schema) => {
    const known = models.get(schema)
    if (known !== undefined) return known
    try {
      const model = createCostModel(schema, modelOptions(options))
      models.set(schema, model)
      return model
    } catch (error) {
      if (error instanceof InvalidCostModelError) throw new InvalidModelError(error.message)
      throw error
    }
  }
}
