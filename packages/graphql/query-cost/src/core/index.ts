export { actualCost } from './actual/actual-cost.ts'
export { STANDARD_INTROSPECTION_COST } from './arithmetic.ts'
export type * from './costed.ts'
export { InvalidCostModelError, type CostModelProblem } from './errors.ts'
export { estimateCost } from './estimate.ts'
export { RunningCost, type RunningLimits } from './executing/running-cost.ts'
export { startingCost } from './executing/starting-cost.ts'
export { explainCost } from './explain.ts'
export { createCostModel } from './model.ts'
export type {
  ActualCost,
  Coordinate,
  CostDirectiveNames,
  CostEstimate,
  CostExplanation,
  CostModel,
  CostModelOptions,
  CostPart,
  CostProblem,
  CostProblemCode,
  CostRequest,
  InferredListSize,
  ListSizeSettings,
  OperationKind,
  WeightSettings,
} from './types.ts'
export { COST_MODEL } from './version.ts'
