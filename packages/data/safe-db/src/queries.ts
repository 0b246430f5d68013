import { callSiteOf } from './call-site.ts'
import type { Answer } from './connections/batch.ts'
import { isQuery, schemaOf } from './core/query.ts'
import type { SqlQuery, TypedQuery } from './core/query.ts'
import { DatabaseNoRowError, DatabaseTooManyRowsError } from './errors.ts'
import type { Access } from './asking-options.ts'
import { checkRow } from './check-row.ts'
import { batchSizeOf } from './stream.ts'
import type { Batches, StreamOptions } from './stream.ts'

/** A row, unless the caller says what it looks like. Nothing checks that it does; `sql.type` is for that. */
export type Row = Record<string, unknown>

/** What `exec` answers. */
export interface Execution<R> {
  /** Rows that were changed. */
  readonly rowCount: number
  /** What `returning` gave. */
  readonly rows: R[]
}

/**
 * The ways to run a statement that the `sql` tag made. Each but `stream` is one round trip. Rows of a statement of
 * `sql.type` are what its schema makes of them, and have its type.
 *
 * @throws DATABASE_ROW_INVALID (500) for a row that the schema does not take
 */
export interface Queries {
  /**
   * All rows. Read-only.
   *
   * @throws DATABASE_ROW_LIMIT_EXCEEDED (500) for more than `maxRows`; so do the other ways that read
   */
  query<R>(statement: TypedQuery<R>): Promise<R[]>
  query<R extends object = Row>(statement: SqlQuery): Promise<R[]>
  /**
   * At least one row. Read-only.
   *
   * @throws DATABASE_NO_ROW (404)
   */
  many<R>(statement: TypedQuery<R>): Promise<R[]>
  many<R extends object = Row>(statement: SqlQuery): Promise<R[]>
  /**
   * The one row. Read-only.
   *
   * @throws DATABASE_NO_ROW (404), DATABASE_TOO_MANY_ROWS (500)
   */
  one<R>(statement: TypedQuery<R>): Promise<R>
  one<R extends object = Row>(statement: SqlQuery): Promise<R>
  /**
   * The one row, or `undefined`. Read-only.
   *
   * @throws DATABASE_TOO_MANY_ROWS (500)
   */
  maybeOne<R>(statement: TypedQuery<R>): Promise<R | undefined>
  maybeOne<R extends object = Row>(statement: SqlQuery): Promise<R | undefined>
  /**
   * Runs a statement that writes. Outside of a transaction it has happened when its rows are checked, and `maxRows` does
   * not bound them.
   */
  exec<R>(statement: TypedQuery<R>): Promise<Execution<R>>
  exec<R extends object = Row>(statement: SqlQuery): Promise<Execution<R>>
  /**
   * The rows one by one, however many: the server keeps them, and no more than `batchSize` are fetched before they are
   * asked for. Read-only, in one transaction, which begins with the first row that is asked for. Its connection comes back
   * when the rows are through, when the consumer stops or throws, and when the request is over. Give it to
   * `Readable.from` for a stream of Node.
   *
   * @throws at the next row: TRANSACTION_OVER, DATABASE_TIMEOUT where the consumer was away for longer than
   * `idleInTransactionTimeout`, and what `query` throws, but no limit of rows
   */
  stream<R>(statement: TypedQuery<R>, options?: StreamOptions): AsyncGenerator<R, void, undefined>
  stream<R extends object = Row>(
    statement: SqlQuery,
    options?: StreamOptions,
  ): AsyncGenerator<R, void, undefined>
}

/** Runs one statement. */
export type Run = (statement: SqlQuery, access: Access) => Promise<Answer>

type Method = (...given: never[]) => unknown

/** Tells where something was called that was given no query. */
async function located<T>(statement: unknown, method: Method, run: () => Promise<T>): Promise<T> {
  if (isQuery(statement)) return run()
  const callSite = callSiteOf(method)
  return run().catch((error: unknown) => {
    throw typeof error === 'object' && error !== null ? Object.assign(error, { callSite }) : error
  })
}

/** The methods over one way to run a statement, and one to run it batch by batch. */
export function queriesOf(run: Run, batches: Batches): Queries {
  function answerOf(statement: SqlQuery, access: Access, method: Method): Promise<Answer> {
    return located(statement, method, () => run(statement, access))
  }

  async function checked(statement: SqlQuery, rows: readonly Row[]): Promise<never[]> {
    const schema = schemaOf(statement)
    if (schema === undefined) return rows as never[]
    const values: unknown[] = []
    for (const row of rows) values.push(await checkRow(schema, row))
    return values as never[]
  }

  async function rowsOf(statement: SqlQuery, method: Method): Promise<readonly Row[]> {
    return (await answerOf(statement, 'read', method)).rows
  }

  async function atMostOne(statement: SqlQuery, method: Method): Promise<{ readonly value: never }[]> {
    const rows = await rowsOf(statement, method)
    if (rows.length > 1) throw new DatabaseTooManyRowsError()
    // A schema may make anything of a row, also nothing.
    return (await checked(statement, rows)).map((value) => ({ value }))
  }

  async function* rowByRow(
    statement: SqlQuery,
    size: number,
    refused: Promise<unknown> | undefined,
  ): AsyncGenerator<never, void, undefined> {
    await refused
    for await (const rows of batches(statement, size)) yield* await checked(statement, rows)
  }

  // Each tells itself as the function that was called: its caller is the one that made the mistake.
  async function query(statement: SqlQuery): Promise<never[]> {
    return checked(statement, await rowsOf(statement, query))
  }
  async function many(statement: SqlQuery): Promise<never[]> {
    const rows = await rowsOf(statement, many)
    if (rows.length === 0) throw new DatabaseNoRowError()
    return checked(statement, rows)
  }
  async function one(statement: SqlQuery): Promise<never> {
    const [row] = await atMostOne(statement, one)
    if (row === undefined) throw new DatabaseNoRowError()
    return row.value
  }
  async function maybeOne(statement: SqlQuery): Promise<undefined> {
    const [row] = await atMostOne(statement, maybeOne)
    return row?.value
  }
  async function exec(statement: SqlQuery): Promise<Execution<never>> {
    const { rowCount, rows } = await answerOf(statement, 'write', exec)
    return { rowCount, rows: await checked(statement, rows) }
  }
  function stream(statement: SqlQuery, options: StreamOptions = {}): AsyncGenerator<never, void, undefined> {
    const size = batchSizeOf(options)
    // Refused as by `query`, before a connection is taken; but said to whoever asks for the first row.
    const refused = isQuery(statement) ? undefined : answerOf(statement, 'read', stream)
    refused?.catch(() => undefined)
    return rowByRow(statement, size, refused)
  }
  return { query, many, one, maybeOne, exec, stream }
}
