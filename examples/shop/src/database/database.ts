import { sql, type Interpolation, type Queries, type SqlQuery } from '@portcullis/safe-db'
import type { FastifyRequest } from 'fastify'

/** Statements are written with `sql` and run by the rest; see safe-db. */
export interface Statements extends Pick<Queries, 'query' | 'maybeOne' | 'exec'> {
  readonly sql: (strings: TemplateStringsArray, ...pieces: readonly Interpolation[]) => SqlQuery
}

/** What the shop's queries run on, on behalf of one request. */
export interface ShopDatabase extends Statements {
  /** Runs `work` in a transaction: all of it happens or nothing. */
  tx<T>(work: (transaction: Statements) => Promise<T>): Promise<T>
}

/** The database of a request. A shop that always has safe-db uses `sql` and `request.db` themselves. */
export type DatabaseOf = (request: FastifyRequest) => ShopDatabase

/** safe-db: every statement tells PostgreSQL who asks, and its values are parameters. */
export function safeDatabase({ db }: FastifyRequest): ShopDatabase {
  return { ...db, sql, tx: (work) => db.tx((transaction) => work({ ...transaction, sql })) }
}
