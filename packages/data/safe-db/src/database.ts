import type { PoolStatus } from './connections/pool.ts'
import type { Access } from './asking-options.ts'
import { checkBatch } from './check-batch.ts'
import type { SqlQuery } from './core/query.ts'
import { DatabaseContextMissingError, DatabaseError } from './errors.ts'
import { queriesOf } from './queries.ts'
import type { Execution, Queries } from './queries.ts'
import { inRequestTransaction } from './request-transaction.ts'
import { runStatements } from './run-statement.ts'
import type { Caller } from './service.ts'
import { batchesOf } from './stream-alone.ts'
import { inTransaction } from './transaction.ts'
import type { Transaction, TransactionOptions } from './transaction.ts'
import { accessOf } from './who-asks.ts'

/** The database, as `request.db` offers it: every statement carries the context of the request. */
export interface Database extends Queries {
  /**
   * Runs `work` in a transaction: it commits when `work` fulfils and no statement failed, and rolls back otherwise. A
   * conflict with others is tried again. On a route with `transaction: true`, it is one inside the request's.
   *
   * @throws what `work` throws; the error of the first failed statement, also where it was caught; TRANSACTION_OVER
   */
  tx<T>(work: (transaction: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T>
  /** Runs 1 to 1,000 statements in one round trip, all or none. Whether they may write is what the route may do. */
  batch(
    statements: readonly SqlQuery[],
    options?: { readonly access?: Access },
  ): Promise<Execution<Record<string, unknown>>[]>
  /**
   * The database for work that nobody is behind, such as looking up who logs in: with the `systemContext` option in the
   * place of the request's context, and an event that says why.
   *
   * @param reason for the record: 1 to 200 characters of your own, never of the request
   * @throws DATABASE_CONTEXT_MISSING without a reason
   */
  system(reason: string): Omit<Database, 'system'>
}

/** The database, as `app.db` offers it: without a context, so policies see nobody. */
export interface AppDatabase extends Database {
  /** How many connections there are. `read` is the same as `write` without `readDsn`. */
  readonly status: { readonly write: PoolStatus; readonly read: PoolStatus }
}

const MAX_REASON = 200

function systemCaller(caller: Caller, reason: unknown): Caller {
  if (typeof reason !== 'string' || reason.trim() === '' || reason.length > MAX_REASON) {
    throw new DatabaseContextMissingError(`system takes a reason of 1 to ${MAX_REASON} characters`)
  }
  void caller.app.securityEvents.publish(
    { type: 'db.system', severity: 'INFO', outcome: 'allowed', details: { reason } },
    caller.request,
  )
  return { ...caller, system: reason }
}

function methodsFor(caller: Caller): Omit<Database, 'system'> {
  const { request } = caller
  if (request !== undefined && caller.options.transaction && caller.system === undefined) {
    return inRequestTransaction({ ...caller, request })
  }
  return {
    ...queriesOf(
      async (statement, access) => {
        const [answer] = await runStatements(caller, [statement], access)
        if (answer === undefined) throw new DatabaseError()
        return answer
      },
      (statement, size) => batchesOf(caller, statement, size),
    ),
    tx: (work, options = {}) => inTransaction(caller, ({ transaction }) => work(transaction), options),
    async batch(statements, { access = accessOf(caller) } = {}) {
      const answers = await runStatements(caller, checkBatch(statements), access)
      return answers.map(({ rowCount, rows }) => ({ rowCount, rows }))
    },
  }
}

/** The database for a caller. */
export function databaseFor(caller: Caller): Database {
  return { ...methodsFor(caller), system: (reason) => methodsFor(systemCaller(caller, reason)) }
}
