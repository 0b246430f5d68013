import {
  DatabaseBusyError,
  DatabaseConflictError,
  DatabaseError,
  DatabaseForbiddenError,
  DatabaseReadOnlyError,
  DatabaseTimeoutError,
  DatabaseTooManyRowsError,
  DatabaseUnavailableError,
  DatabaseValueRefusedError,
  ForeignKeyViolationError,
  UniqueViolationError,
} from '../errors.ts'
import { HandshakeProblem } from './handshake.ts'

/** What is kept of a database's error beside the code: names from the schema, never SQL, values or details. */
export interface DatabaseErrorFacts {
  /** SQLSTATE, or the system's code of a network error such as `ECONNREFUSED`. */
  sqlState?: string
  /** Where in the statement's text the database saw the error, in characters from 1. */
  position?: number
  schema?: string
  table?: string
  column?: string
  constraint?: string
}

const RETRY = Object.freeze({ 'retry-after': '1' })

const BY_STATE: Readonly<Record<string, new () => Error>> = {
  '23505': UniqueViolationError,
  '23P01': UniqueViolationError,
  '23503': ForeignKeyViolationError,
  // What 23503 is from PostgreSQL 18 on where the key says `on delete restrict`.
  '23001': ForeignKeyViolationError,
  '23502': DatabaseValueRefusedError,
  '23514': DatabaseValueRefusedError,
  '44000': DatabaseValueRefusedError,
  '42501': DatabaseForbiddenError,
  '25006': DatabaseReadOnlyError,
  '40001': DatabaseConflictError,
  '40P01': DatabaseConflictError,
  '55P03': DatabaseBusyError,
  '57014': DatabaseTimeoutError,
  '25P03': DatabaseTimeoutError,
  '25P04': DatabaseTimeoutError,
}
const BY_CLASS: Readonly<Record<string, new () => Error>> = {
  '22': DatabaseValueRefusedError,
  '54': DatabaseValueRefusedError,
  '08': DatabaseUnavailableError,
  '28': DatabaseUnavailableError,
  '53': DatabaseUnavailableError,
}
const SQL_STATE = /^[0-9A-Z]{5}$/

/**
 * Whether an error that could be a defect of the statement is one of a value. Syntax errors that are: of a `tsquery`, a
 * `jsonpath`, a name to be looked up; those of a statement have a position, those of a statement inside a function its text.
 * Cardinality: `on conflict` met one row twice, which alone has a hint.
 */
function isOfValue(state: string, { position, internalQuery, hint }: Record<string, unknown>): boolean {
  if (state === '21000') return hint !== undefined
  return (state === '42601' || state === '42602') && position === undefined && internalQuery === undefined
}

function constructorFor(state: string | undefined, source: Record<string, unknown>): new () => Error {
  // An error without a SQLSTATE comes of the connection: refused, reset, ended.
  if (state === undefined || !SQL_STATE.test(state) || state.startsWith('57P'))
    return DatabaseUnavailableError
  if (isOfValue(state, source)) return DatabaseValueRefusedError
  return BY_STATE[state] ?? BY_CLASS[state.slice(0, 2)] ?? DatabaseError
}

function word(value: unknown): string | undefined {
  return typeof value === 'string' && value.length <= 255 ? value : undefined
}

/**
 * Maps what the driver threw to an error of ours. Kept: SQLSTATE, position, names of schema, table, column and
 * constraint. Dropped: message, detail, hint, where, internal query and the cause, which may hold values, SQL or the
 * connection string.
 */
export function mapError(error: unknown): Error & DatabaseErrorFacts {
  if (error instanceof DatabaseTooManyRowsError) return error
  const source = (typeof error === 'object' && error !== null ? error : {}) as Record<string, unknown>
  const state = word(source['code'])
  const mapped = new (constructorFor(state, source))() as Error &
    DatabaseErrorFacts & { headers?: object; statusCode?: number }
  const position = Number(source['position'])
  const facts = {
    sqlState: state,
    position: Number.isSafeInteger(position) && position > 0 ? position : undefined,
    schema: word(source['schema']),
    table: word(source['table']),
    column: word(source['column']),
    constraint: word(source['constraint']),
  }
  for (const [name, value] of Object.entries(facts))
    if (value !== undefined) Object.assign(mapped, { [name]: value })
  return mapped.statusCode === 503 ? Object.assign(mapped, { headers: RETRY }) : mapped
}

/** {@link DatabaseBusyError} with its `Retry-After`. */
export function busy(): Error {
  return Object.assign(new DatabaseBusyError(), { headers: RETRY })
}

/** Codes that alone tell too little, in words. */
const REASONS: Readonly<Record<string, string>> = {
  '28P01': 'user or password is wrong (SQLSTATE 28P01)',
  '28000': 'it does not take us for whom we say we are (SQLSTATE 28000)',
  '3D000': 'there is no such database (SQLSTATE 3D000)',
  '53300': 'it has no connection left (SQLSTATE 53300)',
}

/** Why a connection failed, in words without anything that was sent or configured. */
export function reasonOf(error: unknown): string {
  if (error instanceof HandshakeProblem) return error.message
  const source = (typeof error === 'object' && error !== null ? error : {}) as Record<string, unknown>
  const { message } = source
  // Of an error that is mapped already, the code says less.
  const code = source['sqlState'] ?? source['code']
  if (code === 'DATABASE_TIMEOUT') return 'it did not answer in time'
  if (code === 'DATABASE_UNAVAILABLE') return 'the connection failed'
  if (typeof code === 'string' && /^[A-Z0-9_]{2,60}$/.test(code)) {
    return REASONS[code] ?? (SQL_STATE.test(code) ? `SQLSTATE ${code}` : code)
  }
  if (typeof message !== 'string') return 'the connection failed'
  if (message === 'The server does not support SSL connections') return 'the server offers no TLS'
  if (message.startsWith('There was an error establishing an SSL')) return 'it did not agree to TLS'
  if (/time/.test(message)) return 'it did not answer in time'
  return /terminated unexpectedly/.test(message) ? 'it ended the connection' : 'the connection failed'
}
