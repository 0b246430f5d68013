import type { SqlQuery } from './core/query.ts'
import { InvalidSqlValueError } from './errors.ts'

const MAX_BATCH = 1_000

/**
 * The statements of a batch, as they were given.
 *
 * @throws INVALID_SQL_VALUE
 */
export function checkBatch(queries: unknown): readonly SqlQuery[] {
  if (!Array.isArray(queries) || queries.length === 0 || queries.length > MAX_BATCH) {
    throw new InvalidSqlValueError(`batch takes an array of 1 to ${MAX_BATCH} statements`)
  }
  return queries as readonly SqlQuery[]
}
