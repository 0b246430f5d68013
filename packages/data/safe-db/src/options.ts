import { callback, defineOptions, duration, either, integer, oneOf, text } from '@portcullis/kernel'
import type { Duration, OptionSet } from '@portcullis/kernel'
import type { FastifyRequest } from 'fastify'
import * as v from 'valibot'
import { askingOptions } from './asking-options.ts'
import type { Access, AskingOptions, ResolvedAskingOptions } from './asking-options.ts'
import { connectionComplaint, connectionOptions } from './connection-options.ts'
import type { ConnectionOptions, ResolvedConnectionOptions } from './connection-options.ts'
import type { Tls, TlsOptions } from './connections/open-pool.ts'
import type { DsnSecret, DsnSource } from './connections/dsn-source.ts'
import { COMMANDS } from './core/commands.ts'
import type { Command } from './core/commands.ts'
import type { StatementKind } from './core/statement.ts'

/** What the `limit` option is asked about. */
export interface Operation {
  /** The request on whose behalf it is; none for `app.db`. */
  readonly request: FastifyRequest | undefined
  readonly access: Access
  /** The statement's first word, or `transaction` for a whole one. */
  readonly kind: StatementKind | 'transaction'
  /** Of a statement. */
  readonly fingerprint: string | undefined
}

/** What the `limit` option answers; `app.userRateLimit.consume()` answers so. */
export interface LimitDecision {
  readonly allowed: boolean
  readonly limits?: readonly { readonly retryAfterMs: number | null }[] | undefined
}

/** Options of safe-db. A route has `access` in its `config.db`. */
export interface SafeDbOptions extends ConnectionOptions, AskingOptions {
  /** `postgres://user:password@host/database`, or a function or secret that has it: asked before each new connection. */
  dsn: DsnSource
  /** Another one for `query`, `one`, `maybeOne` and `many`: a replica, or a role that only reads. Default: `dsn`. */
  readDsn?: DsnSource | undefined
  /** Checks the server's certificate and name. `disable` is for loopback. Default: `verify-full`. */
  tls?: Tls | undefined
  /** What statements may do. Default: all five commands. */
  statements?: readonly Command[] | undefined
  /** Most rows of a statement that reads, beside `stream`; `false`: all. Default: 10,000. */
  maxRows?: number | false | undefined
  /** Asked before a connection is taken; refused with 429. Default: no limit. */
  limit?: ((operation: Operation) => LimitDecision | Promise<LimitDecision>) | undefined
  /** Most connections of a pool. Default: 10. */
  poolSize?: number | undefined
  /** How long a statement may wait for a connection. Default: 1 s. */
  poolWait?: Duration | undefined
  /** Most statements that wait for a connection. Default: 100. */
  maxWaiting?: number | undefined
  /** How long it may take to connect. Default: 5 s. */
  connectTimeout?: Duration | undefined
  /** How long a statement may take. Default: 5 s. */
  statementTimeout?: Duration | undefined
  /** How long a statement may wait for a lock. Default: 2 s. */
  lockTimeout?: Duration | undefined
  /** How long a transaction may do nothing. Default: 10 s. */
  idleInTransactionTimeout?: Duration | undefined
}

/** {@link SafeDbOptions} with their defaults; times are milliseconds. */
export interface ResolvedSafeDbOptions extends ResolvedConnectionOptions, ResolvedAskingOptions {
  readonly dsn: DsnSource
  readonly readDsn: DsnSource | undefined
  readonly tls: Tls
  readonly statements: readonly Command[]
  readonly maxRows: number | false
  readonly limit: SafeDbOptions['limit']
  readonly poolSize: number
  readonly poolWait: number
  readonly maxWaiting: number
  readonly connectTimeout: number
  readonly statementTimeout: number
  readonly lockTimeout: number
  readonly idleInTransactionTimeout: number
}

const secret = v.strictObject({
  secrets: v.custom<DsnSecret['secrets']>(
    (value) => typeof (value as Partial<DsnSecret['secrets']> | null)?.get === 'function',
    'a provider of secrets, which has get(name)',
  ),
  name: text(),
  url: v.optional(text('postgres://host/database')),
})
const dsn: v.GenericSchema<DsnSource> = either(
  either(
    text(),
    callback<Extract<DsnSource, () => unknown>>('() => connection string'),
    'a string or function',
  ),
  secret as v.GenericSchema<DsnSecret>,
  'postgres://user:password@host/database, a function () => connection string, or { secrets, name }',
)

const pem = text('a certificate or key as PEM')
const certificates = v.strictObject({
  ca: v.optional(either(pem, v.array(pem), 'a certificate as PEM, or an array of them')),
  cert: v.optional(pem),
  key: v.optional(pem),
})
const tls = either(
  oneOf('verify-full', 'disable'),
  certificates as v.GenericSchema<TlsOptions>,
  "'verify-full', 'disable' or { ca, cert, key }",
)

const commands = v.pipe(
  v.array(oneOf(...COMMANDS), `an array of ${COMMANDS.join(', ')}`),
  v.minLength(1, `an array of ${COMMANDS.join(', ')}`),
  v.readonly(),
)
const rowLimit = either(
  integer(1, 10_000_000),
  v.literal(false),
  'a whole number from 1 to 10000000, or false',
)

const time = (schemaDefault: number, doc: string) =>
  ({ schema: duration(), default: schemaDefault, pluginOnly: true, doc }) as const

/** The options of safe-db as a checked set. */
export const safeDbOptions: OptionSet<ResolvedSafeDbOptions> = defineOptions<ResolvedSafeDbOptions>(
  'db',
  {
    dsn: {
      schema: dsn,
      required: true,
      pluginOnly: true,
      secret: true,
      doc: 'Where the database is. A function or secret is asked before each new connection, so that user and password may change.',
    },
    readDsn: {
      schema: dsn,
      pluginOnly: true,
      secret: true,
      doc: 'Another one for `query`, `one`, `maybeOne` and `many`: a replica, or a role that only reads. Without it, they use `dsn`.',
    },
    tls: {
      schema: tls,
      default: 'verify-full',
      pluginOnly: true,
      secret: true,
      doc: 'How the server’s certificate is checked: chain and name. It wins over the connection string. `disable` is for loopback and sockets.',
    },
    statements: {
      schema: commands,
      default: [...COMMANDS],
      doc: 'What a statement may do, wherever in it: a `with` that deletes needs `delete`, an `on conflict do update` needs `update`. Refused with 403 before it is sent.',
    },
    maxRows: {
      schema: rowLimit,
      default: 10_000,
      doc: 'Most rows of a statement that reads; of more, only one too many is read, and the answer is an error. `stream` has no such limit. PostgreSQL reads without parallel workers where there is one; `false` lifts it.',
    },
    limit: {
      schema: callback<NonNullable<SafeDbOptions['limit']>>('(operation) => { allowed, limits }'),
      pluginOnly: true,
      doc: 'Asked before a connection is taken; what it does not allow is refused with 429. `app.userRateLimit.consume()` answers as it must.',
    },
    poolSize: {
      schema: integer(1, 1_000),
      default: 10,
      pluginOnly: true,
      doc: 'Most connections of a pool.',
    },
    poolWait: time(1_000, 'How long a statement may wait for a connection; then 503 with `Retry-After`.'),
    maxWaiting: {
      schema: integer(0, 1_000_000),
      default: 100,
      pluginOnly: true,
      doc: 'Most statements that wait for a connection; the next one is refused at once.',
    },
    connectTimeout: time(5_000, 'How long it may take to connect.'),
    statementTimeout: time(5_000, 'How long a statement may take; the server ends it.'),
    lockTimeout: time(2_000, 'How long a statement may wait for a lock.'),
    idleInTransactionTimeout: time(
      10_000,
      'How long a transaction may do nothing; the server closes its connection.',
    ),
    ...askingOptions,
    ...connectionOptions,
  },
  { check: connectionComplaint },
)
