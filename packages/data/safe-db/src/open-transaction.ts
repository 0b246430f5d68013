import { randomUUID } from 'node:crypto'
import type { Access } from './asking-options.ts'
import type { Answer, WireStatement } from './connections/batch.ts'
import type { Connection } from './connections/connection.ts'
import { checkBatch } from './check-batch.ts'
import type { SqlQuery } from './core/query.ts'
import { TransactionOverError } from './errors.ts'
import { codesOf, observedAll } from './observe.ts'
import type { Trail } from './observe.ts'
import { queriesOf } from './queries.ts'
import { report } from './report.ts'
import { isConflict } from './retry.ts'
import { checkLimit, whenRequestIsOver } from './service.ts'
import type { Caller } from './service.ts'
import { batchesIn } from './stream.ts'
import type { Batches } from './stream.ts'
import { TransactionStatements } from './transaction-statements.ts'
import type { Transaction } from './transaction.ts'
import { beginningOf } from './who-asks.ts'

/** A transaction. It ends once, by either method, and gives the connection back that its first statement took. */
export interface OpenTransaction {
  readonly transaction: Transaction
  readonly batches: Batches
  /** Runs statements in one packet. */
  run(queries: readonly SqlQuery[], access: Access): Promise<readonly Answer[]>
  /** Rejects when the request is over or the connection breaks. */
  readonly interrupted: Promise<never>
  /**
   * Commits, unless a statement has failed.
   *
   * @throws the error of the first failed statement, also where it was caught; TRANSACTION_OVER; what the commit says.
   * Nothing has happened then, unless the connection broke while it was under way.
   */
  commit(): Promise<void>
  rollBack(): Promise<void>
}

/**
 * The statements of a transaction on the wire. The first takes the connection and begins it: a transaction without one
 * holds nothing, and the database's own timeouts are over one that does.
 */
class Line {
  #begin: readonly WireStatement[]
  readonly #take: () => Promise<Connection>
  readonly #planKey: string
  connection: Connection | undefined

  constructor(take: () => Promise<Connection>, begin: readonly WireStatement[], planKey: string) {
    this.#take = take
    this.#begin = begin
    this.#planKey = planKey
  }

  async run(statements: readonly WireStatement[], trail?: Trail): Promise<readonly Answer[]> {
    const asked = performance.now()
    this.connection ??= await this.#take()
    if (trail !== undefined) trail.waitMs += performance.now() - asked
    const begin = this.#begin
    this.#begin = []
    const answers = await this.connection.run([...begin, ...statements], this.#planKey)
    return answers.slice(begin.length)
  }

  /** @returns the command that the database says it has run; nothing where nothing was begun */
  async end(command: 'commit' | 'rollback'): Promise<string | undefined> {
    const answers = await this.connection?.run([{ text: command, values: [] }], '')
    return answers?.[0]?.command
  }
}

/** The methods of a transaction, or of one inside it. */
function methodsOf(
  caller: Caller,
  line: Line,
  statements: TransactionStatements,
  interrupted: Promise<never>,
  depth: number,
): Pick<OpenTransaction, 'transaction' | 'batches' | 'run'> & { readonly over: () => void } {
  const listeners = new Set<() => void>()
  const batches = batchesIn(caller, {
    run: (statement) => statements.add(async () => (await line.run([statement])).at(0)),
    fail: (error) => statements.fail(error),
    onOver(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  })
  const run = (queries: readonly SqlQuery[], access: Access) =>
    statements.add(() => observedAll(caller, queries, access, (all, trail) => line.run(all, trail)))
  const one = async (query: SqlQuery, access: Access): Promise<Answer> =>
    (await run([query], access))[0] as Answer
  return {
    batches,
    run,
    over: () => {
      for (const listener of listeners) listener()
    },
    transaction: {
      ...queriesOf(one, batches),
      async batch(queries) {
        const access = caller.within?.access ?? 'write'
        const answers = await run(checkBatch(queries), access)
        return answers.map(({ rowCount, rows }) => ({ rowCount, rows }))
      },
      tx: (work) => statements.nest(() => runNested(caller, line, statements, interrupted, depth + 1, work)),
    },
  }
}

/** Runs a transaction inside another: a savepoint, to which it goes back when it fails. */
async function runNested<T>(
  caller: Caller,
  line: Line,
  outer: TransactionStatements,
  interrupted: Promise<never>,
  depth: number,
  work: (transaction: Transaction) => Promise<T>,
): Promise<T> {
  const savepoint = `safe_db_${depth}`
  const inner = new TransactionStatements()
  const { transaction, over } = methodsOf(caller, line, inner, interrupted, depth)
  const mark = async (text: string): Promise<void> => {
    await line.run([{ text: `${text} ${savepoint}`, values: [] }])
  }
  try {
    await mark('savepoint')
    const result = await Promise.race([work(transaction), interrupted])
    await inner.end('its function has returned')
    if (inner.failure !== undefined) throw inner.failure
    await mark('release savepoint')
    return result
  } catch (error) {
    await inner.end('it is rolled back')
    await mark('rollback to savepoint').catch((failure: unknown) => outer.fail(failure))
    // The database does not let such a transaction commit any more.
    if (isConflict(inner.failure)) outer.fail(inner.failure)
    throw error
  } finally {
    over()
  }
}

/**
 * Opens a transaction with the context of its caller. Its connection is taken by its first statement.
 *
 * @param begin the statement that begins it
 * @throws DATABASE_CONTEXT_MISSING, DATABASE_LIMIT_EXCEEDED
 */
export async function openTransaction(
  given: Caller,
  access: Access,
  begin: string,
  attempt: number,
): Promise<OpenTransaction> {
  if (attempt === 1) await checkLimit(given, { access, kind: 'transaction', fingerprint: undefined })
  const { statements: context, hash, planKey } = await beginningOf(given, false)
  const started = performance.now()
  const within = { transaction: randomUUID(), context: hash, attempt, waitMs: 0, access }
  const caller = { ...given, within }

  let interrupt: (reason: string) => void = () => undefined
  const interrupted = new Promise<never>((_resolve, reject) => {
    interrupt = (reason) => reject(new TransactionOverError(reason))
  })
  const forget = whenRequestIsOver(caller, () => interrupt('its request is over'))
  const statements = new TransactionStatements()
  const take = async (): Promise<Connection> => {
    const connection = await given.pools[access].take()
    connection.onBroken(() => interrupt('its connection broke'))
    return connection
  }
  const line = new Line(take, [{ text: begin, values: [], discard: true }, ...context], planKey)

  // It may come when nobody waits any more.
  interrupted.catch(() => undefined)
  const { over, ...methods } = methodsOf(caller, line, statements, interrupted, 0)

  let ended = false
  function tell(kind: 'commit' | 'rollback', error?: unknown): void {
    void report(caller, () => ({
      outcome: error === undefined ? 'succeeded' : 'failed',
      fingerprint: 'none',
      kind,
      access,
      transaction: within.transaction,
      context: hash,
      attempt,
      durationMs: performance.now() - started,
      ...(error === undefined ? {} : codesOf(error)),
    }))
  }

  function close(): void {
    forget()
    line.connection?.release()
  }

  async function rollBack(): Promise<void> {
    if (ended) return
    ended = true
    // Nobody needs any more what a statement does that is still under way.
    line.connection?.cancel()
    await statements.end('it is rolled back')
    over()
    // One that cannot be rolled back is closed when it is released, and the server rolls back then.
    if (line.connection?.inTransaction === true) await line.end('rollback').catch(() => undefined)
    if (line.connection !== undefined) tell('rollback')
    close()
  }

  async function commit(): Promise<void> {
    if (ended) throw new TransactionOverError('it has ended')
    try {
      await statements.end('its function has returned')
      over()
      if (statements.failure !== undefined) throw statements.failure
    } catch (error) {
      await rollBack()
      throw error
    }
    // It may have been interrupted while its last statements ran.
    if (ended) throw new TransactionOverError('it has ended')
    ended = true
    try {
      if (line.connection === undefined) return
      // PostgreSQL answers COMMIT with ROLLBACK when something in the transaction failed.
      if ((await line.end('commit')) !== 'COMMIT')
        throw new TransactionOverError('the database rolled it back')
      tell('commit')
    } catch (error) {
      tell('commit', error)
      throw error
    } finally {
      close()
    }
  }
  return { ...methods, interrupted, commit, rollBack }
}
