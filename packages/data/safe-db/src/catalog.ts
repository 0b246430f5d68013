import { sql } from './core/sql.ts'
import { UnsafeIdentifierError } from './errors.ts'
import type { Queries } from './queries.ts'

/**
 * The columns of a table that the database's role may read, for `sql.id(input, columns)`: asked of PostgreSQL's catalog,
 * once, at start.
 *
 * @param database `app.db`, or a transaction
 * @param table its name, with its schema where the search path does not find it; as in SQL, `"` keeps its case
 * @returns the names in the order of the table, frozen
 * @throws UNSAFE_IDENTIFIER where there is no such table, or none of its columns may be read
 */
export async function columnsOf(database: Pick<Queries, 'query'>, table: string): Promise<readonly string[]> {
  const columns = await database.query<{ name: string }>(sql`
    select attname::text as name from pg_catalog.pg_attribute
    where attrelid = pg_catalog.to_regclass(${table}) and attnum > 0 and not attisdropped
      and pg_catalog.has_column_privilege(attrelid, attnum, 'select')
    order by attnum`)
  if (columns.length === 0)
    throw new UnsafeIdentifierError('there is no such table, or none of it may be read')
  return Object.freeze(columns.map(({ name }) => name))
}
