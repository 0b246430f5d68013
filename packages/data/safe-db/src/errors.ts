import { codedError } from '@portcullis/kernel'
import type { CodedError } from '@portcullis/kernel'

/** Codes with which safe-db refuses a statement, or to boot. */
export type SafeDbErrorCode =
  | 'UNSAFE_SQL'
  | 'UNSAFE_IDENTIFIER'
  | 'INVALID_SQL_VALUE'
  | 'UNIQUE_VIOLATION'
  | 'FOREIGN_KEY_VIOLATION'
  | 'DATABASE_VALUE_REFUSED'
  | 'DATABASE_FORBIDDEN'
  | 'DATABASE_READ_ONLY'
  | 'DATABASE_NO_ROW'
  | 'DATABASE_TOO_MANY_ROWS'
  | 'DATABASE_ROW_LIMIT_EXCEEDED'
  | 'DATABASE_ROW_INVALID'
  | 'DATABASE_STATEMENT_FORBIDDEN'
  | 'DATABASE_LIMIT_EXCEEDED'
  | 'DATABASE_LIMIT_INVALID'
  | 'DATABASE_BUSY'
  | 'DATABASE_CONFLICT'
  | 'DATABASE_UNAVAILABLE'
  | 'DATABASE_TIMEOUT'
  | 'DATABASE_ERROR'
  | 'DATABASE_CONTEXT_MISSING'
  | 'DATABASE_NOT_RECORDED'
  | 'DATABASE_OFF'
  | 'TRANSACTION_OVER'
  | 'PORTCULLIS_SAFE_DB_INVALID_DSN'
  | 'PORTCULLIS_SAFE_DB_UNREACHABLE'

/**
 * Something that the `sql` tag did not make was given as a statement, or the statement is none that is run. Where no query
 * was given, `callSite` tells file, line and column of the call; the answer to the client does not hold it.
 */
export const UnsafeSqlError: CodedError<'UNSAFE_SQL'> = codedError(
  'UNSAFE_SQL',
  'This is no statement that is run: %s.',
  500,
)

/** A name that `sql.id` does not take. The message does not hold it. */
export const UnsafeIdentifierError: CodedError<'UNSAFE_IDENTIFIER'> = codedError(
  'UNSAFE_IDENTIFIER',
  'This name is no identifier here: %s.',
  400,
)

/** A value that PostgreSQL could not take as it is. Nothing was sent; the message does not hold the value. */
export const InvalidSqlValueError: CodedError<'INVALID_SQL_VALUE'> = codedError(
  'INVALID_SQL_VALUE',
  'This value cannot be a parameter: %s.',
  400,
)

/** A row with this key is there already (SQLSTATE 23505, 23P01). */
export const UniqueViolationError: CodedError<'UNIQUE_VIOLATION'> = codedError(
  'UNIQUE_VIOLATION',
  'This is there already.',
  409,
)

/** A row is referred to that is not there, or is still referred to (SQLSTATE 23503, 23001). */
export const ForeignKeyViolationError: CodedError<'FOREIGN_KEY_VIOLATION'> = codedError(
  'FOREIGN_KEY_VIOLATION',
  'This refers to something that is not there, or is still referred to.',
  409,
)

/**
 * The database does not take a value (SQLSTATE classes 22 and 54, 23502, 23514, 44000; 21000, 42601 and 42602 where a
 * value is the cause).
 */
export const DatabaseValueRefusedError: CodedError<'DATABASE_VALUE_REFUSED'> = codedError(
  'DATABASE_VALUE_REFUSED',
  'The database does not take a value of this request.',
  400,
)

/** The database's role or a row-level-security policy does not allow it (SQLSTATE 42501). */
export const DatabaseForbiddenError: CodedError<'DATABASE_FORBIDDEN'> = codedError(
  'DATABASE_FORBIDDEN',
  'This is not allowed.',
  403,
)

/** A write where only reading is allowed: a route with `access: 'read'`, `query`, a read transaction (SQLSTATE 25006). */
export const DatabaseReadOnlyError: CodedError<'DATABASE_READ_ONLY'> = codedError(
  'DATABASE_READ_ONLY',
  'Only reading is allowed here.',
  403,
)

/** `one` or `many` found no row. */
export const DatabaseNoRowError: CodedError<'DATABASE_NO_ROW'> = codedError(
  'DATABASE_NO_ROW',
  'There is no such thing.',
  404,
)

/** `one` or `maybeOne` found more than one row, or a statement has more than `maxRows`. */
export const DatabaseTooManyRowsError: CodedError<'DATABASE_TOO_MANY_ROWS'> = codedError(
  'DATABASE_TOO_MANY_ROWS',
  'There are more rows than were expected.',
  500,
)

/** A statement that reads has more rows than `maxRows`. One row more than that was read, and none is given. */
export const DatabaseRowLimitExceededError: CodedError<'DATABASE_ROW_LIMIT_EXCEEDED'> = codedError(
  'DATABASE_ROW_LIMIT_EXCEEDED',
  'There are more rows than are given at once.',
  500,
)

/** A row is none that the schema of `sql.type` takes. The message names the column, and holds no value. */
export const DatabaseRowInvalidError: CodedError<'DATABASE_ROW_INVALID'> = codedError(
  'DATABASE_ROW_INVALID',
  'The database gave something else than its schema says: %s.',
  500,
)

/** The `statements` option does not list what the statement does. It was not sent. */
export const DatabaseStatementForbiddenError: CodedError<'DATABASE_STATEMENT_FORBIDDEN'> = codedError(
  'DATABASE_STATEMENT_FORBIDDEN',
  'This statement is not allowed here: %s.',
  403,
)

/** The `limit` option said no. */
export const DatabaseLimitExceededError: CodedError<'DATABASE_LIMIT_EXCEEDED'> = codedError(
  'DATABASE_LIMIT_EXCEEDED',
  'Too many database operations.',
  429,
)

/** The `limit` option answered something that is no decision. Nothing was run. */
export const DatabaseLimitInvalidError: CodedError<'DATABASE_LIMIT_INVALID'> = codedError(
  'DATABASE_LIMIT_INVALID',
  'Nobody could tell whether this is too much.',
  500,
)

/** All connections are in use, and the queue is full or its time is up; or a lock was not to be had (SQLSTATE 55P03). */
export const DatabaseBusyError: CodedError<'DATABASE_BUSY'> = codedError(
  'DATABASE_BUSY',
  'The database is busy.',
  503,
)

/** Two transactions were in each other's way (SQLSTATE 40001, 40P01). The whole transaction may be tried again. */
export const DatabaseConflictError: CodedError<'DATABASE_CONFLICT'> = codedError(
  'DATABASE_CONFLICT',
  'Another change was in the way.',
  503,
)

/** The database cannot be reached or went away (SQLSTATE classes 08, 28, 53, 57P, and network errors). */
export const DatabaseUnavailableError: CodedError<'DATABASE_UNAVAILABLE'> = codedError(
  'DATABASE_UNAVAILABLE',
  'The database cannot be reached at the moment.',
  503,
)

/** A statement took too long (SQLSTATE 57014, 25P03, 25P04, or no answer at all). */
export const DatabaseTimeoutError: CodedError<'DATABASE_TIMEOUT'> = codedError(
  'DATABASE_TIMEOUT',
  'The database took too long.',
  504,
)

/** Any other error of the database; `sqlState` tells which. */
export const DatabaseError: CodedError<'DATABASE_ERROR'> = codedError(
  'DATABASE_ERROR',
  'The database could not run this.',
  500,
)

/** The `context` option gave nothing, or something that is no context. No connection was taken. */
export const DatabaseContextMissingError: CodedError<'DATABASE_CONTEXT_MISSING'> = codedError(
  'DATABASE_CONTEXT_MISSING',
  'The database was not told who asks: %s.',
  500,
)

/** With `audit: 'fail-closed'`: the event of a write could not be recorded, so the write is rolled back. */
export const DatabaseNotRecordedError: CodedError<'DATABASE_NOT_RECORDED'> = codedError(
  'DATABASE_NOT_RECORDED',
  'This could not be recorded, and was not done.',
  503,
)

/** `request.db` on a route with `config.db: false`, or before the app is ready. */
export const DatabaseOffError: CodedError<'DATABASE_OFF'> = codedError(
  'DATABASE_OFF',
  'The database is not available here: %s.',
  500,
)

/** The transaction has ended: by a failed statement, the end of its function, or the end of its request. */
export const TransactionOverError: CodedError<'TRANSACTION_OVER'> = codedError(
  'TRANSACTION_OVER',
  'The transaction is over: %s.',
  500,
)

/** A connection string that is not taken. The message does not hold it. Boot error; 503 for one from a function later. */
export const InvalidDsnError: CodedError<'PORTCULLIS_SAFE_DB_INVALID_DSN'> = codedError(
  'PORTCULLIS_SAFE_DB_INVALID_DSN',
  'db.%s: %s.',
  'boot',
)

/** The database cannot be used at boot. The message names host and reason, never credentials. Boot error. */
export const UnreachableError: CodedError<'PORTCULLIS_SAFE_DB_UNREACHABLE'> = codedError(
  'PORTCULLIS_SAFE_DB_UNREACHABLE',
  'db.%s: %s cannot be used: %s.',
  'boot',
)
