export type {
  ActualCost,
  Coordinate,
  CostEstimate,
  CostExplanation,
  CostPart,
  CostProblem,
  InferredListSize,
  WeightSettings,
} from './core/index.ts'
export * from './errors.ts'
export { queryCostOptions as options } from './options.ts'
export type { CostLimits, QueryCostOptions } from './options.ts'
export { queryCost, queryCost as default } from './plugin.ts'
export type { AnalyzeRequest, QueryCost } from './plugin.ts'
export type { RequestCost } from './request-cost.ts'
export { QUERY_COST_CHANNEL } from './tell-cost.ts'
export type { AnsweredCost, MeasuredCost, RefusedCost } from './tell-cost.ts'
export type { GraphqlGate, Principal, QueryCostRouteOptions } from './types.ts'
