import { codedError } from '@portcullis/kernel'
import type { CodedError } from '@portcullis/kernel'

/** Codes with which query-cost refuses an operation, or to boot. */
export type QueryCostErrorCode =
  | 'QUERY_TOO_EXPENSIVE'
  | 'QUERY_BUDGET_EXHAUSTED'
  | 'MISSING_SLICING_ARGUMENT'
  | 'SEVERAL_SLICING_ARGUMENTS'
  | 'INVALID_SLICING_VALUE'
  | 'PORTCULLIS_QUERY_COST_INVALID_MODEL'
  | 'PORTCULLIS_QUERY_COST_NO_SCHEMA'

/** The operations of the request cost more than they may. */
export const QueryTooExpensive: CodedError<'QUERY_TOO_EXPENSIVE'> = codedError(
  'QUERY_TOO_EXPENSIVE',
  'Query cost%s exceeds limit%s',
  400,
)

/** The operations of the request cost more than they may, counted while they executed. The status is the engine's. */
export const QueryBudgetExhausted: CodedError<'QUERY_BUDGET_EXHAUSTED'> = codedError(
  'QUERY_BUDGET_EXHAUSTED',
  'The query was ended: it cost more than its limit while it executed',
  200,
)

/** A list that requires one of its slicing arguments was asked for without any. */
export const MissingSlicingArgument: CodedError<'MISSING_SLICING_ARGUMENT'> = codedError(
  'MISSING_SLICING_ARGUMENT',
  '%s needs one of the arguments %s.',
  400,
)

/** A list that requires exactly one of its slicing arguments was asked for with more. */
export const SeveralSlicingArguments: CodedError<'SEVERAL_SLICING_ARGUMENTS'> = codedError(
  'SEVERAL_SLICING_ARGUMENTS',
  '%s takes only one of the arguments %s.',
  400,
)

/** A slicing argument holds something that is no size. */
export const InvalidSlicingValue: CodedError<'INVALID_SLICING_VALUE'> = codedError(
  'INVALID_SLICING_VALUE',
  '%s takes a whole number for %s.',
  400,
)

/** Weights or cost directives of the schema are wrong. The message lists all of them with their coordinates. Boot error. */
export const InvalidModelError: CodedError<'PORTCULLIS_QUERY_COST_INVALID_MODEL'> = codedError(
  'PORTCULLIS_QUERY_COST_INVALID_MODEL',
  '%s',
  'boot',
)

/** A GraphQL route has no schema to price operations with. Boot error. */
export const NoSchemaError: CodedError<'PORTCULLIS_QUERY_COST_NO_SCHEMA'> = codedError(
  'PORTCULLIS_QUERY_COST_NO_SCHEMA',
  'queryCost cannot price operations of %s: it does not know the schema. Give it with the route: { config: { graphql: { schema } } }, or in the routes option of @portcullis/graphql-gate.',
  'boot',
)
