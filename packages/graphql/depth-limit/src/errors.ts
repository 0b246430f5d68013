import { codedError } from '@portcullis/kernel'
import type { CodedError } from '@portcullis/kernel'

/** Codes with which depth-limit refuses an operation. Bounds on tokens and batches are refused by graphql-gate. */
export type DepthLimitErrorCode =
  | 'MAX_DEPTH_EXCEEDED'
  | 'MAX_INTROSPECTION_DEPTH_EXCEEDED'
  | 'MAX_ALIASES_EXCEEDED'
  | 'MAX_ROOT_FIELDS_EXCEEDED'
  | 'MAX_DIRECTIVES_EXCEEDED'
  | 'FRAGMENT_CYCLE'

/** The operation is deeper than `maxDepth`. */
export const MaxDepthExceeded: CodedError<'MAX_DEPTH_EXCEEDED'> = codedError(
  'MAX_DEPTH_EXCEEDED',
  'Query depth%s exceeds maximum%s',
  400,
)

/** The introspection in the operation is deeper than `maxIntrospectionDepth`. */
export const MaxIntrospectionDepthExceeded: CodedError<'MAX_INTROSPECTION_DEPTH_EXCEEDED'> = codedError(
  'MAX_INTROSPECTION_DEPTH_EXCEEDED',
  'Introspection depth%s exceeds maximum%s',
  400,
)

/** The operation gives more fields another name than `maxAliases`. */
export const MaxAliasesExceeded: CodedError<'MAX_ALIASES_EXCEEDED'> = codedError(
  'MAX_ALIASES_EXCEEDED',
  'Alias count%s exceeds maximum%s',
  400,
)

/** The operation has more root fields than `maxRootFields`. */
export const MaxRootFieldsExceeded: CodedError<'MAX_ROOT_FIELDS_EXCEEDED'> = codedError(
  'MAX_ROOT_FIELDS_EXCEEDED',
  'Root field count%s exceeds maximum%s',
  400,
)

/** The operation has more directives than `maxDirectives`. */
export const MaxDirectivesExceeded: CodedError<'MAX_DIRECTIVES_EXCEEDED'> = codedError(
  'MAX_DIRECTIVES_EXCEEDED',
  'Directive count%s exceeds maximum%s',
  400,
)

/** A fragment spreads itself, directly or through others. */
export const FragmentCycle: CodedError<'FRAGMENT_CYCLE'> = codedError(
  'FRAGMENT_CYCLE',
  'A fragment of the query spreads itself.',
  400,
)
