export { STANDARD_INTROSPECTION_COST } from './arithmetic.ts'
export type * from './costed.ts'
export { InvalidCostModelError, type CostModelProblem } from './errors.ts'
export { estimateCost } from './estimate.ts'
export { createCostModel } from './model.ts'
export type {
  Coordinate,
  CostDirectiveNames,
  CostEstimate,
  CostModel,
  CostModelOptions,
  CostProblem,
  CostProblemCode,
  CostRequest,
  InferredListSize,
  ListSizeSettings,
  OperationKind,
  WeightSettings,
} from './types.ts'
export { COST_MODEL } from './version.ts'
