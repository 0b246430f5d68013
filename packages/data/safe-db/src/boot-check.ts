import { unsafeSetting } from '@portcullis/kernel'
import type { FastifyInstance } from 'fastify'
import type { Connection } from './connections/connection.ts'
import type { Pool } from './connections/pool.ts'
import { HandshakeProblem } from './core/handshake.ts'
import { DsnProblem } from './core/parse-dsn.ts'
import { reasonOf } from './core/pg-errors.ts'
import { checkIsolation } from './isolation-check.ts'
import { InvalidDsnError, UnreachableError } from './errors.ts'
import type { ResolvedSafeDbOptions } from './options.ts'
import type { Pools } from './service.ts'

const BYPASSES = `select rolsuper or rolbypassrls as answer from pg_catalog.pg_roles where rolname = current_user`
/** Whether a session could write: it is not read-only by default, and its role may change some table of the app. */
const WRITES = `select current_setting('default_transaction_read_only') = 'off' and not pg_is_in_recovery() and exists (
  select from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'f') and n.nspname not in ('pg_catalog', 'information_schema') and n.nspname not like 'pg\\_%'
    and has_schema_privilege(n.oid, 'usage') 
    and (has_table_privilege(c.oid, 'delete, truncate') or has_any_column_privilege(c.oid, 'insert, update'))
) as answer`

/** Whether the session has the timeouts that it began with; something in between may have dropped them. */
const KEEPS = `select count(*) = 3 as answer from pg_catalog.pg_settings
  where (name = 'statement_timeout' and setting = $1) or (name = 'lock_timeout' and setting = $2)
    or (name = 'idle_in_transaction_session_timeout' and setting = $3)`

type Timeouts = Pick<
  ResolvedSafeDbOptions,
  'statementTimeout' | 'lockTimeout' | 'idleInTransactionTimeout' | 'pooler'
>
type Checked = Timeouts & Pick<ResolvedSafeDbOptions, 'roles' | 'searchPath'>

async function ask(connection: Connection, text: string, values: readonly string[] = []): Promise<boolean> {
  const answers = await connection.run([{ text, values }])
  return answers.at(-1)?.rows[0]?.['answer'] === true
}

async function checkTimeouts(connection: Connection, timeouts: Timeouts): Promise<void> {
  const { statementTimeout, lockTimeout, idleInTransactionTimeout } = timeouts
  if (await ask(connection, KEEPS, [statementTimeout, lockTimeout, idleInTransactionTimeout].map(String)))
    return
  throw new HandshakeProblem(
    timeouts.pooler === 'none'
      ? "it does not keep the timeouts of a session. Where it is a pooler in transaction mode, set pooler: 'transaction'"
      : 'it does not keep the timeouts of a transaction',
  )
}

async function checkPool(
  app: FastifyInstance,
  pool: Pool,
  option: 'dsn' | 'readDsn',
  options: Checked,
): Promise<void> {
  const connection = await pool.takeFirst()
  try {
    await checkTimeouts(connection, options)
    if (await ask(connection, BYPASSES)) {
      unsafeSetting(
        app,
        `db.${option}: its role is a superuser or has BYPASSRLS, so row-level security holds for nobody. Use a role that has neither and owns no table.`,
      )
    }
    await checkIsolation(app, connection, option, options)
    if (option === 'readDsn' && (await ask(connection, WRITES))) {
      unsafeSetting(
        app,
        'db.readDsn: its role may write. Grant it select alone, or set default_transaction_read_only for it.',
      )
    }
  } finally {
    connection.release()
  }
}

/** Whether an error is one of ours already, such as a refusal to boot. */
function isOurs(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown }
  return typeof code === 'string' && code.startsWith('PORTCULLIS_')
}

/**
 * Connects each pool once, before the app is ready.
 *
 * @throws PORTCULLIS_SAFE_DB_INVALID_DSN, PORTCULLIS_SAFE_DB_UNREACHABLE, PORTCULLIS_KERNEL_UNSAFE_IN_PRODUCTION
 */
export async function checkPools(
  app: FastifyInstance,
  { write, read }: Pools,
  options: Checked,
): Promise<void> {
  const named = [['dsn', write] as const, ...(read === write ? [] : [['readDsn', read] as const])]
  for (const [option, pool] of named) {
    try {
      await checkPool(app, pool, option, options)
    } catch (error) {
      if (isOurs(error)) throw error
      if (error instanceof DsnProblem) throw new InvalidDsnError(option, error.message)
      throw new UnreachableError(option, pool.address ?? 'the database', reasonOf(error))
    }
  }
}
