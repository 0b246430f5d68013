import type { Answer } from './connections/batch.ts'
import type { SqlQuery } from './core/query.ts'
import { DatabaseNoRowError, DatabaseTooManyRowsError } from './errors.ts'
import type { Access } from './options.ts'

/** A row, unless the caller says what it looks like. Nothing checks that it does. */
export type Row = Record<string, unknown>

/** What `exec` answers. */
export interface Execution<R> {
  /** Rows that were changed. */
  readonly rowCount: number
  /** What `returning` gave. */
  readonly rows: R[]
}

/** The ways to run a statement that the `sql` tag made. Each is one round trip. */
export interface Queries {
  /** All rows. Read-only. */
  query<R extends object = Row>(statement: SqlQuery): Promise<R[]>
  /**
   * At least one row. Read-only.
   *
   * @throws DATABASE_NO_ROW (404)
   */
  many<R extends object = Row>(statement: SqlQuery): Promise<R[]>
  /**
   * The one row. Read-only.
   *
   * @throws DATABASE_NO_ROW (404), DATABASE_TOO_MANY_ROWS (500)
   */
  one<R extends object = Row>(statement: SqlQuery): Promise<R>
  /**
   * The one row, or `undefined`. Read-only.
   *
   * @throws DATABASE_TOO_MANY_ROWS (500)
   */
  maybeOne<R extends object = Row>(statement: SqlQuery): Promise<R | undefined>
  /** Runs a statement that writes. */
  exec<R extends object = Row>(statement: SqlQuery): Promise<Execution<R>>
}

/** Runs one statement. */
export type Run = (statement: SqlQuery, access: Access) => Promise<Answer>

/** The five methods over one way to run a statement. */
export function queriesOf(run: Run): Queries {
  async function rowsOf<R>(statement: SqlQuery): Promise<R[]> {
    const { rows } = await run(statement, 'read')
    return rows as R[]
  }
  async function maybeOne<R extends object>(statement: SqlQuery): Promise<R | undefined> {
    const [first, second] = await rowsOf<R>(statement)
    if (second !== undefined) throw new DatabaseTooManyRowsError()
    return first
  }
  return {
    query: rowsOf,
    maybeOne,
    async many<R>(statement: SqlQuery) {
      const rows = await rowsOf<R>(statement)
      if (rows.length === 0) throw new DatabaseNoRowError()
      return rows
    },
    async one<R extends object>(statement: SqlQuery) {
      const row = await maybeOne<R>(statement)
      if (row === undefined) throw new DatabaseNoRowError()
      return row
    },
    async exec(statement: SqlQuery) {
      const { rowCount, rows } = await run(statement, 'write')
      return { rowCount, rows: rows as never[] }
    },
  }
}
