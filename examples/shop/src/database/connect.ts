import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Pool, type PoolClient } from 'pg'

/** Everything the shop owns lies in this schema. */
export const SCHEMA = 'portcullis_shop'

/** Written on the schema, so that a later start knows it for a left-over of the demo and not for somebody's data. */
export const MARK = 'Portcullis shop: demo data, may be dropped'

/**
 * Opens the owner's pool, whose queries see the shop's schema and end after three seconds. It makes the tables and fills
 * them; requests run on safe-db, as a role that owns nothing.
 *
 * @throws Error that names host and port, never user or password, when the server can't be reached.
 */
export async function connect(databaseUrl: string): Promise<Pool> {
  const target = describeTarget(databaseUrl)
  const pool = new Pool({
    connectionString: databaseUrl,
    max: 10,
    connectionTimeoutMillis: 5_000,
    statement_timeout: 3_000,
    options: `-c search_path=${SCHEMA}`,
  })
  // An idle connection that breaks is replaced by the next query; unheard, the event would end the process.
  pool.on('error', () => {})
  const failure = await pool.query('SELECT 1').then(
    () => null,
    (error: unknown) => reason(error),
  )
  if (failure !== null) {
    await pool.end()
    // Without the original error as cause: its message may hold the user's name.
    throw new Error(
      `PostgreSQL at ${target} can't be reached: ${failure}. Is it running, is DATABASE_URL right?`,
    )
  }
  return pool
}

/** Creates the shop's empty tables, replacing those of an earlier run. */
export async function createSchema(pool: Pool): Promise<void> {
  await dropSchema(pool)
  const tables = await readFile(join(import.meta.dirname, '../../src/database/schema.sql'), 'utf8')
  await inTransaction(pool, async (client) => {
    await client.query(`CREATE SCHEMA ${SCHEMA}`)
    await client.query(`COMMENT ON SCHEMA ${SCHEMA} IS '${MARK}'`)
    await client.query(tables)
  })
}

/**
 * Removes the shop's schema, where there is one.
 *
 * @throws Error when a schema of that name is not ours.
 */
export async function dropSchema(pool: Pool): Promise<void> {
  const { rows } = await pool.query<{ mark: string | null }>(
    `SELECT obj_description(oid, 'pg_namespace') AS mark FROM pg_namespace WHERE nspname = $1`,
    [SCHEMA],
  )
  const [found] = rows
  if (!found) return
  if (found.mark !== MARK) {
    throw new Error(
      `The database has a schema ${SCHEMA} that this demo did not make: rename it, or use another database`,
    )
  }
  await pool.query(`DROP SCHEMA ${SCHEMA} CASCADE`)
}

/** Runs `work` in a transaction: committed when it resolves, rolled back when it rejects. */
export async function inTransaction<T>(pool: Pool, work: (client: PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect()
  let broken = false
  try {
    await client.query('BEGIN')
    const result = await work(client)
    await client.query('COMMIT')
    return result
  } catch (error) {
    await client.query('ROLLBACK').catch(() => (broken = true))
    throw error
  } finally {
    client.release(broken)
  }
}

/** Host, port and database of an address, and nothing that is secret. */
function describeTarget(databaseUrl: string): string {
  try {
    const { protocol, hostname, port, pathname } = new URL(databaseUrl)
    if (!['postgres:', 'postgresql:'].includes(protocol)) throw new Error('another protocol')
    return `${hostname || 'localhost'}:${port || '5432'}${pathname}`
  } catch {
    // The parser's own message would repeat the address, password included.
    throw new Error(
      'DATABASE_URL is not a PostgreSQL address: it should look like postgres://user:password@host:5432/name',
    )
  }
}

/** The system's or the server's word for what went wrong, without its message: that may hold the user's name. */
function reason(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') {
    return REASONS[error.code] ?? error.code
  }
  return 'no answer within 5 seconds'
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused (ECONNREFUSED)',
  ENOTFOUND: 'unknown host (ENOTFOUND)',
  '28P01': 'user or password refused (28P01)',
  '28000': 'user refused (28000)',
  '3D000': 'no such database (3D000)',
}
