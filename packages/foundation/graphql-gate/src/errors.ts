import { codedError } from '@portcullis/kernel'
import type { CodedError } from '@portcullis/kernel'

/** Codes with which graphql-gate refuses a request. */
export type GraphqlGateErrorCode =
  | 'MALFORMED_GRAPHQL_REQUEST'
  | 'GRAPHQL_PARSE_FAILED'
  | 'AST_NOT_ALLOWED'
  | 'UNKNOWN_DOCUMENT'
  | 'UNKNOWN_OPERATION'
  | 'OPERATION_NOT_ALLOWED_OVER_GET'
  | 'MAX_BYTES_EXCEEDED'
  | 'MAX_TOKENS_EXCEEDED'
  | 'MAX_NESTING_EXCEEDED'
  | 'MAX_FIELD_MERGES_EXCEEDED'
  | 'MAX_BATCH_EXCEEDED'
  | 'PORTCULLIS_GRAPHQL_GATE_NO_DOOR'
  | 'PORTCULLIS_GRAPHQL_GATE_SECOND_GRAPHQL'
  | 'PORTCULLIS_GRAPHQL_GATE_NO_SERVER_ROUTE'
  | 'UNKNOWN_ROUTE'
  | 'UNTRUSTED_DOCUMENT'
  | 'INTROSPECTION_NOT_ALLOWED'
  | 'EXECUTION_TIMEOUT'
  | 'MAX_SOCKET_OPERATIONS_EXCEEDED'
  | 'GRAPHQL_VALIDATION_FAILED'

/** The request is no GraphQL request: its body, query string, `query`, `variables` or `operationName` has the wrong shape. */
export const MalformedGraphqlRequest: CodedError<'MALFORMED_GRAPHQL_REQUEST'> = codedError(
  'MALFORMED_GRAPHQL_REQUEST',
  'This is not a GraphQL request: %s.',
  400,
)

/** The document has a syntax error. The message says where, not what. */
export const GraphqlParseFailed: CodedError<'GRAPHQL_PARSE_FAILED'> = codedError(
  'GRAPHQL_PARSE_FAILED',
  'The GraphQL document has a syntax error%s.',
  400,
)

/** A document was sent as a parsed tree in JSON, which would walk past every bound on its text. */
export const AstNotAllowed: CodedError<'AST_NOT_ALLOWED'> = codedError(
  'AST_NOT_ALLOWED',
  'Send the GraphQL document as text.',
  400,
)

/** What will run cannot be known before it runs: an id or hash in a batch or on a hand-written route, without `persistedQuery`. */
export const UnknownDocument: CodedError<'UNKNOWN_DOCUMENT'> = codedError(
  'UNKNOWN_DOCUMENT',
  'The document of each operation must be sent as text, or be known by its id.',
  400,
)

/** `operationName` names no operation of the document, or is missing where the document has several. */
export const UnknownOperation: CodedError<'UNKNOWN_OPERATION'> = codedError(
  'UNKNOWN_OPERATION',
  'operationName must name one operation of the document.',
  400,
)

/** A mutation or subscription was sent over GET, which browsers send across sites. */
export const OperationNotAllowedOverGet: CodedError<'OPERATION_NOT_ALLOWED_OVER_GET'> = codedError(
  'OPERATION_NOT_ALLOWED_OVER_GET',
  'Only queries may be sent over GET.',
  405,
)

/** The source text of a document is too long. */
export const MaxBytesExceeded: CodedError<'MAX_BYTES_EXCEEDED'> = codedError(
  'MAX_BYTES_EXCEEDED',
  'Query source exceeds the maximum size%s',
  413,
)

/** A document has too many lexical tokens. */
export const MaxTokensExceeded: CodedError<'MAX_TOKENS_EXCEEDED'> = codedError(
  'MAX_TOKENS_EXCEEDED',
  'Query exceeds the maximum number of tokens%s',
  400,
)

/** A document nests brackets too deeply. */
export const MaxNestingExceeded: CodedError<'MAX_NESTING_EXCEEDED'> = codedError(
  'MAX_NESTING_EXCEEDED',
  'Query exceeds the maximum nesting%s',
  400,
)

/** Validation would need too many comparisons to merge the fields of a document. */
export const MaxFieldMergesExceeded: CodedError<'MAX_FIELD_MERGES_EXCEEDED'> = codedError(
  'MAX_FIELD_MERGES_EXCEEDED',
  'Query repeats fields more often than the maximum%s allows',
  400,
)

/** A batch has too many entries. */
export const MaxBatchExceeded: CodedError<'MAX_BATCH_EXCEEDED'> = codedError(
  'MAX_BATCH_EXCEEDED',
  'Batch exceeds the maximum number of operations%s',
  400,
)

/** A WebSocket has as many operations under way as it may have. */
export const MaxSocketOperationsExceeded: CodedError<'MAX_SOCKET_OPERATIONS_EXCEEDED'> = codedError(
  'MAX_SOCKET_OPERATIONS_EXCEEDED',
  'Too many operations are under way over this connection.',
  429,
)

/** A subscription over WebSocket is not valid. mercurius does not validate them. */
export const GraphqlValidationFailed: CodedError<'GRAPHQL_VALIDATION_FAILED'> = codedError(
  'GRAPHQL_VALIDATION_FAILED',
  'The GraphQL document is not valid: %s',
  400,
)

/** No GraphQL route or engine was found in the scope of a gate, so it would guard nothing. Boot error. */
export const NoDoorError: CodedError<'PORTCULLIS_GRAPHQL_GATE_NO_DOOR'> = codedError(
  'PORTCULLIS_GRAPHQL_GATE_NO_DOOR',
  '%s is registered, but there is no GraphQL route in its scope, so it would guard nothing. Register mercurius in the same scope, put yogaGate or apolloGate into the plugins of your server, mark your own route with { config: { graphql: { schema } } }, or name it in the routes option of @portcullis/graphql-gate.',
  'boot',
)

/** A schema was made by another copy of the graphql package, whose types this copy does not know. Boot error. */
export const SecondGraphqlError: CodedError<'PORTCULLIS_GRAPHQL_GATE_SECOND_GRAPHQL'> = codedError(
  'PORTCULLIS_GRAPHQL_GATE_SECOND_GRAPHQL',
  'The schema of %s is no schema of the graphql package that Portcullis loads: two copies of graphql are installed, or it is no GraphQLSchema. Keep one copy (npm ls graphql shows them).',
  'boot',
)

/** The plugin of a GraphQL server was told of no route, so its operations would all be refused. Boot error. */
export const NoServerRouteError: CodedError<'PORTCULLIS_GRAPHQL_GATE_NO_SERVER_ROUTE'> = codedError(
  'PORTCULLIS_GRAPHQL_GATE_NO_SERVER_ROUTE',
  "%s guards the route %s, but the scope it was given has no such route. Declare the server's route there, or tell its pattern, prefix included: { path: '/api/graphql' }.",
  'boot',
)

/** An operation reached a guarded server through no route that its gate guards: another app, another path, a WebSocket. */
export const UnknownRoute: CodedError<'UNKNOWN_ROUTE'> = codedError(
  'UNKNOWN_ROUTE',
  'GraphQL operations are not taken here.',
  403,
)

/** The document is none of those that `trustedDocuments` knows. */
export const UntrustedDocument: CodedError<'UNTRUSTED_DOCUMENT'> = codedError(
  'UNTRUSTED_DOCUMENT',
  'Only known documents are taken here.',
  403,
)

/** The operation asks for the schema, which the route keeps to itself. */
export const IntrospectionNotAllowed: CodedError<'INTROSPECTION_NOT_ALLOWED'> = codedError(
  'INTROSPECTION_NOT_ALLOWED',
  'Introspection is not allowed here.',
  403,
)

/** The operation ran longer than `executionTimeout`. */
export const ExecutionTimeout: CodedError<'EXECUTION_TIMEOUT'> = codedError(
  'EXECUTION_TIMEOUT',
  'The operation took too long.',
  503,
)
