import type { PoolStatus } from './connections/pool.ts'
import { queriesOf } from './queries.ts'
import type { Queries } from './queries.ts'
import { runStatement } from './run-statement.ts'
import type { Caller } from './service.ts'
import { batchesOf } from './stream-alone.ts'
import { runTransaction } from './transaction.ts'
import type { Transaction, TransactionOptions } from './transaction.ts'

/** The database, as `request.db` offers it: every statement carries the context of the request. */
export interface Database extends Queries {
  /**
   * Runs `work` in a transaction: it commits when `work` fulfils and no statement failed, and rolls back otherwise. Not
   * nested.
   *
   * @throws what `work` throws; the error of the first failed statement, also where it was caught; TRANSACTION_OVER
   */
  tx<T>(work: (transaction: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T>
}

/** The database, as `app.db` offers it: without a context, so policies see nobody. */
export interface AppDatabase extends Database {
  /** How many connections there are. `read` is the same as `write` without `readDsn`. */
  readonly status: { readonly write: PoolStatus; readonly read: PoolStatus }
}

/** The database for a caller. */
export function databaseFor(caller: Caller): Database {
  return {
    ...queriesOf(
      (statement, access) => runStatement(caller, statement, access),
      (statement, size) => batchesOf(caller, statement, size),
    ),
    tx: (work, options = {}) => runTransaction(caller, (transaction) => work(transaction), options),
  }
}
