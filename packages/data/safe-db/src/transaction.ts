import type { Connection } from './connections/connection.ts'
import { DatabaseReadOnlyError, TransactionOverError } from './errors.ts'
import type { Access } from './options.ts'
import { queriesOf } from './queries.ts'
import type { Queries } from './queries.ts'
import { observed } from './run-statement.ts'
import { batchesIn } from './stream.ts'
import type { Batches } from './stream.ts'
import { checkLimit, contextOf, publish, whenRequestIsOver } from './service.ts'
import type { Caller } from './service.ts'

/** How a transaction is isolated; see PostgreSQL's documentation, "Transaction Isolation". */
export type Isolation = 'read committed' | 'repeatable read' | 'serializable'

/** Options of a transaction. */
export interface TransactionOptions {
  /** `read` uses the read pool, and the database refuses every write. Default: `write`. */
  readonly access?: Access
  /** Default: `read committed`. */
  readonly isolation?: Isolation
}

/**
 * What happens in a transaction: the same methods, one after the other on one connection. Whether they may write is the
 * transaction's `access`, for `query` and `exec` alike.
 */
export type Transaction = Queries

const ISOLATIONS: ReadonlySet<string> = new Set(['read committed', 'repeatable read', 'serializable'])

function beginText({ access = 'write', isolation = 'read committed' }: TransactionOptions): string {
  if (!ISOLATIONS.has(isolation) || (access !== 'read' && access !== 'write')) {
    throw new TransactionOverError('it never began: its options are none')
  }
  return `begin isolation level ${isolation} read ${access === 'read' ? 'only' : 'write'}`
}

/** The statements of one transaction, in a row; the first that fails is the last. */
class Statements {
  #last: Promise<unknown> = Promise.resolve()
  #over: Error | undefined
  failure: unknown

  /** Runs after what was given before, unless the transaction is over. */
  add<T>(run: () => Promise<T>): Promise<T> {
    const next = this.#last.then(async () => {
      if (this.#over !== undefined) throw this.#over
      return run()
    })
    this.#last = next.catch((error: unknown) => this.fail(error))
    return next
  }

  /** Lets nothing more begin after something has failed. */
  fail(error: unknown): void {
    this.failure ??= error
    this.#over ??= new TransactionOverError('a statement in it has failed')
  }

  /** Lets nothing more begin, and waits for what is under way. Statements that still wait for their turn fail. */
  async end(reason: string): Promise<void> {
    this.#over ??= new TransactionOverError(reason)
    await this.#last
  }
}

async function commit(connection: Connection): Promise<void> {
  const [answer] = await connection.run([{ text: 'commit', values: [] }])
  // PostgreSQL answers COMMIT with ROLLBACK when something in the transaction failed.
  if (answer?.command !== 'COMMIT') throw new TransactionOverError('the database rolled it back')
}

async function rollBack(connection: Connection): Promise<void> {
  // One that cannot be rolled back is closed when it is released, and the server rolls back then.
  if (connection.inTransaction)
    await connection.run([{ text: 'rollback', values: [] }]).catch(() => undefined)
}

/**
 * Runs `work` in a transaction with the context of its caller. It commits when `work` fulfils and no statement failed,
 * also none whose error was caught; else it rolls back. It rolls back too when the request is over or the connection
 * breaks before, whatever `work` still waits for.
 *
 * @throws what `work` throws; the error of the first failed statement; TRANSACTION_OVER
 */
export async function runTransaction<T>(
  caller: Caller,
  work: (transaction: Transaction, batches: Batches) => Promise<T>,
  options: TransactionOptions,
): Promise<T> {
  const { access = 'write' } = options
  const begin = { text: beginText(options), values: [] }
  if (access === 'write' && caller.options.access === 'read') {
    const error = new DatabaseReadOnlyError()
    const details = { fingerprint: 'none', kind: 'transaction', access, code: error.code }
    publish(caller, { severity: 'WARNING', outcome: 'refused', details })
    throw error
  }
  await checkLimit(caller, { access, kind: 'transaction', fingerprint: undefined })
  const context = await contextOf(caller, false)
  const connection = await caller.pools[access].take()
  try {
    return await workIn(caller, connection, work, () => connection.run([begin, ...context]))
  } finally {
    connection.release()
  }
}

async function workIn<T>(
  caller: Caller,
  connection: Connection,
  work: (transaction: Transaction, batches: Batches) => Promise<T>,
  begin: () => Promise<unknown>,
): Promise<T> {
  const statements = new Statements()
  let forget: () => void = () => undefined
  const interrupted = new Promise<never>((_resolve, reject) => {
    const interrupt = (reason: string) => () => reject(new TransactionOverError(reason))
    connection.onBroken(interrupt('its connection broke'))
    forget = whenRequestIsOver(caller, interrupt('its request is over'))
  })
  // It may come when nobody waits any more.
  interrupted.catch(() => undefined)
  const whenOver = new Set<() => void>()
  const batches = batchesIn(caller, {
    run: (statement) => statements.add(async () => (await connection.run([statement])).at(0)),
    fail: (error) => statements.fail(error),
    onOver(listener) {
      whenOver.add(listener)
      return () => whenOver.delete(listener)
    },
  })
  const transaction = queriesOf(
    (query, access) =>
      statements.add(() =>
        observed(caller, query, access, async (statement) => {
          const [answer] = await connection.run([statement])
          return { answer, waitMs: 0 }
        }),
      ),
    batches,
  )
  try {
    await begin()
    const result = await Promise.race([work(transaction, batches), interrupted])
    await statements.end('its function has returned')
    if (statements.failure !== undefined) throw statements.failure
    await commit(connection)
    return result
  } catch (error) {
    // Nobody needs any more what a statement does that is still under way.
    connection.cancel()
    await statements.end('it is rolled back')
    await rollBack(connection)
    throw error
  } finally {
    for (const listener of whenOver) listener()
    forget()
  }
}
