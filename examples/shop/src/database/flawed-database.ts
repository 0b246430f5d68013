import { sql, type Interpolation, type SqlQuery } from '@portcullis/safe-db'
import type { Pool, PoolClient, QueryResult } from 'pg'
import { inTransaction } from './connect.ts'
import type { ShopDatabase, Statements } from './database.ts'

/**
 * THE FLAWED SAMPLE, for `--without safe-db` alone: what many apps do. Values are glued into the text of a statement, and
 * everything runs as the tables' owner, for whom no policy holds, and without a word about who asks.
 */
export function flawedDatabase(owner: Pool): ShopDatabase {
  return {
    ...flawedStatements(owner),
    tx: (work) => inTransaction(owner, (client) => work(flawedStatements(client))),
  }
}

/** The glued text of a query. safe-db's own never shows its text, which is the point of it. */
const texts = new WeakMap<SqlQuery, string>()

function flawedStatements(client: Pool | PoolClient): Statements {
  const run = <Row extends object>(statement: SqlQuery): Promise<QueryResult<Row>> =>
    client.query<Row>(texts.get(statement) ?? '')
  return {
    sql: (strings, ...pieces) => {
      const query = sql``
      texts.set(
        query,
        strings.reduce((text, part, index) => `${text}${glued(pieces[index - 1])}${part}`),
      )
      return query
    },
    query: async <Row extends object>(statement: SqlQuery) => (await run<Row>(statement)).rows,
    maybeOne: async <Row extends object>(statement: SqlQuery) => (await run<Row>(statement)).rows[0],
    exec: async (statement: SqlQuery) => {
      const { rowCount, rows } = await run(statement)
      return { rowCount: rowCount ?? 0, rows: rows as never[] }
    },
  }
}

function glued(piece: Interpolation | undefined): string {
  if (piece === null || piece === undefined) return 'NULL'
  if (Array.isArray(piece)) return `'{${piece.join()}}'`
  return typeof piece === 'object' ? (texts.get(piece as SqlQuery) ?? '') : `'${String(piece)}'`
}
