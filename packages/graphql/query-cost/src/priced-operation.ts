import type { GraphQLOperation } from '@portcullis/graphql-gate'
import type { FastifyReply } from 'fastify'
import type { CostEstimate, CostModel, CostRequest } from './core/index.ts'

/** An operation that was priced, with what its answer is told. */
export interface PricedOperation {
  readonly operation: GraphQLOperation
  readonly model: CostModel
  readonly estimate: CostEstimate
  readonly maxCost: number
  /** Whether its answer tells costs and limits. */
  readonly expose: boolean
  /** Where its headers go, if there are any. */
  readonly reply: FastifyReply | undefined
}

/** Which operation is meant; of several candidates, the dearest. */
export function costRequestOf({ variables, candidates }: GraphQLOperation): CostRequest {
  const [only] = candidates
  return { variables, operation: candidates.length === 1 && only ? only : null }
}
