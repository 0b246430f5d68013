import { codedError } from '@portcullis/kernel'
import type { CodedError } from '@portcullis/kernel'

/** Codes with which depth-limit refuses an operation. Bounds on tokens and batches are refused by graphql-gate. */
export type DepthLimitErrorCode =
  | 'MAX_DEPTH_EXCEEDED'
  | 'MAX_INTROSPECTION_DEPTH_EXCEEDED'
  | 'MAX_ALIASES_EXCEEDED'
  | 'MAX_ROOT_FIELDS_EXCEEDED'
  | 'MAX_DIRECTIVES_EXCEEDED'
  | 'MAX_LIST_DEPTH_EXCEEDED'
  | 'MAX_SELF_REFERENTIAL_DEPTH_EXCEEDED'
  | 'MAX_INTROSPECTION_LIST_DEPTH_EXCEEDED'
  | 'MAX_SELECTIONS_EXCEEDED'
  | 'MAX_FRAGMENTS_EXCEEDED'
  | 'FRAGMENT_CYCLE'
  | 'PORTCULLIS_DEPTH_LIMIT_NO_SCHEMA'

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

/** The operation nests more lists than `maxListDepth`. */
export const MaxListDepthExceeded: CodedError<'MAX_LIST_DEPTH_EXCEEDED'> = codedError(
  'MAX_LIST_DEPTH_EXCEEDED',
  'Query list depth%s exceeds maximum%s',
  400,
)

/** The operation comes back to one field more often than `maxSelfReferentialDepth`. */
export const MaxSelfReferentialDepthExceeded: CodedError<'MAX_SELF_REFERENTIAL_DEPTH_EXCEEDED'> = codedError(
  'MAX_SELF_REFERENTIAL_DEPTH_EXCEEDED',
  'Query self-referential depth%s exceeds maximum%s',
  400,
)

/** The introspection in the operation nests more lists than `maxIntrospectionListDepth`. */
export const MaxIntrospectionListDepthExceeded: CodedError<'MAX_INTROSPECTION_LIST_DEPTH_EXCEEDED'> =
  codedError('MAX_INTROSPECTION_LIST_DEPTH_EXCEEDED', 'Introspection list depth%s exceeds maximum%s', 400)

/** The operation has more fields than `maxSelections`. */
export const MaxSelectionsExceeded: CodedError<'MAX_SELECTIONS_EXCEEDED'> = codedError(
  'MAX_SELECTIONS_EXCEEDED',
  'Field count%s exceeds maximum%s',
  400,
)

/** The document defines more fragments than `maxFragments`. */
export const MaxFragmentsExceeded: CodedError<'MAX_FRAGMENTS_EXCEEDED'> = codedError(
  'MAX_FRAGMENTS_EXCEEDED',
  'Fragment count%s exceeds maximum%s',
  400,
)

/** A fragment spreads itself, directly or through others. */
export const FragmentCycle: CodedError<'FRAGMENT_CYCLE'> = codedError(
  'FRAGMENT_CYCLE',
  'A fragment of the query spreads itself.',
  400,
)

/** A GraphQL route has no schema that tells lists apart. Boot error. */
export const NoSchemaError: CodedError<'PORTCULLIS_DEPTH_LIMIT_NO_SCHEMA'> = codedError(
  'PORTCULLIS_DEPTH_LIMIT_NO_SCHEMA',
  'depthLimit cannot measure operations of %s: it does not know the schema. Give it with the route: { config: { graphql: { schema } } }, or in the routes option of @portcullis/graphql-gate.',
  'boot',
)
