import type { Access } from './asking-options.ts'
import type { SqlQuery } from './core/query.ts'
import { DatabaseReadOnlyError, TransactionOverError } from './errors.ts'
import { openTransaction } from './open-transaction.ts'
import type { OpenTransaction } from './open-transaction.ts'
import type { Execution, Queries } from './queries.ts'
import { report } from './report.ts'
import { MAX_RETRIES, RETRIES, withRetries } from './retry.ts'
import type { Caller } from './service.ts'
import { accessOf } from './who-asks.ts'

/** How a transaction is isolated; see PostgreSQL's documentation, "Transaction Isolation". */
export type Isolation = 'read committed' | 'repeatable read' | 'serializable'

/** Options of a transaction. */
export interface TransactionOptions {
  /** `read` uses the read pool, and the database refuses every write. Default: what the route may do. */
  readonly access?: Access
  /** Default: `read committed`. */
  readonly isolation?: Isolation
  /**
   * How often the whole is tried again after a conflict (SQLSTATE 40001, 40P01), from 0 to 10: what its function does
   * elsewhere happens again too. Default: 2.
   */
  readonly retries?: number
}

/**
 * What happens in a transaction: the same methods, one after the other on one connection. Whether they may write is the
 * transaction's `access`, for `query` and `exec` alike.
 */
export interface Transaction extends Queries {
  /** Runs statements in one round trip. */
  batch(statements: readonly SqlQuery[]): Promise<Execution<Record<string, unknown>>[]>
  /**
   * A transaction inside this one (a savepoint): when it fails, what it did is undone, and this one may go on. While it
   * is open, it alone takes statements.
   */
  tx<T>(work: (transaction: Transaction) => Promise<T>): Promise<T>
}

const ISOLATIONS: ReadonlySet<string> = new Set(['read committed', 'repeatable read', 'serializable'])

/**
 * The statement that begins a transaction.
 *
 * @throws TRANSACTION_OVER for options that are none; DATABASE_READ_ONLY
 */
export function beginText(caller: Caller, access: Access, isolation: Isolation = 'read committed'): string {
  if (!ISOLATIONS.has(isolation) || (access !== 'read' && access !== 'write')) {
    throw new TransactionOverError('it never began: its options are none')
  }
  if (access === 'write' && accessOf(caller) === 'read') {
    const error = new DatabaseReadOnlyError()
    void report(caller, () => ({
      outcome: 'refused',
      fingerprint: 'none',
      kind: 'transaction',
      access,
      code: error.code,
    }))
    throw error
  }
  return `begin isolation level ${isolation} read ${access === 'read' ? 'only' : 'write'}`
}

/**
 * Runs `work` in a transaction with the context of its caller. It commits when `work` fulfils and no statement failed,
 * also none whose error was caught; else it rolls back. It rolls back too when the request is over or the connection
 * breaks before, whatever `work` still waits for.
 *
 * @throws what `work` throws; the error of the first failed statement; TRANSACTION_OVER
 */
export async function inTransaction<T>(
  caller: Caller,
  work: (open: OpenTransaction) => Promise<T>,
  { access = accessOf(caller), isolation, retries = RETRIES }: TransactionOptions,
): Promise<T> {
  if (!Number.isSafeInteger(retries) || retries < 0 || retries > MAX_RETRIES) {
    throw new TransactionOverError(`it never began: retries takes a whole number from 0 to ${MAX_RETRIES}`)
  }
  const begin = beginText(caller, access, isolation)
  return withRetries(caller, retries, async (attempt) => {
    const open = await openTransaction(caller, access, begin, attempt)
    try {
      const result = await Promise.race([work(open), open.interrupted])
      await open.commit()
      return result
    } catch (error) {
      await open.rollBack()
      throw error
    }
  })
}
