/** One thing wrong with the costs of a schema. */
export interface CostModelProblem {
  /** Where: a schema coordinate, or the name of an option. */
  readonly coordinate: string
  readonly message: string
}

/** Thrown by `createCostModel` with everything that is wrong, so that one start of the server shows it all. */
export class InvalidCostModelError extends Error {
  override readonly name = 'InvalidCostModelError'
  readonly code = 'PORTCULLIS_QUERY_COST_INVALID_MODEL'
  readonly problems: readonly CostModelProblem[]

  constructor(problems: readonly CostModelProblem[]) {
    const lines = problems.map(({ coordinate, message }) => `  ${coordinate}: ${message}`)
    super(`The query costs cannot be used:\n${lines.join('\n')}`)
    this.problems = problems
  }
}
