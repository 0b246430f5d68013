import type { GraphQLSchema } from 'graphql'
import { COST_MODEL, createCostModel, InvalidCostModelError } from '../core/index.ts'
import type { CostModelProblem, Coordinate, InferredListSize } from '../core/index.ts'
import { modelOptions } from '../models.ts'
import type { ResolvedQueryCostOptions } from '../options.ts'

/** What `lint --format json` prints. */
export interface LintReport {
  readonly costModel: number
  /** True where nothing is wrong; with `strict`, where no list is unbounded either. */
  readonly passed: boolean
  /** What cannot be used: with these, the gate does not start. */
  readonly problems: readonly CostModelProblem[]
  /** What departs from section 9 of the specification. */
  readonly departures: readonly CostModelProblem[]
  /** Lists that only `defaultListSize` bounds. */
  readonly unbounded: readonly Coordinate[]
  /** List sizes taken from names, for a review. */
  readonly inferred: readonly InferredListSize[]
}

/** Checks what a schema and options say of costs. */
export function lint(schema: GraphQLSchema, options: Readonly<ResolvedQueryCostOptions>): LintReport {
  try {
    const { departures, unbounded, inferred } = createCostModel(schema, modelOptions(options))
    const passed = departures.length === 0 && !(options.strict && unbounded.length > 0)
    return { costModel: COST_MODEL, passed, problems: [], departures, unbounded, inferred }
  } catch (error) {
    if (!(error instanceof InvalidCostModelError)) throw error
    const { problems } = error
    return { costModel: COST_MODEL, passed: false, problems, departures: [], unbounded: [], inferred: [] }
  }
}
