import { pulled } from './core/pulled.ts'
import type { SqlQuery } from './core/query.ts'
import type { Row } from './queries.ts'
import type { Caller } from './service.ts'
import { inTransaction } from './transaction.ts'

/** Streams a statement in a transaction of its own, which lasts until the rows are through or nobody wants more of them. */
export function batchesOf(
  caller: Caller,
  statement: SqlQuery,
  size: number,
): AsyncGenerator<Row[], void, undefined> {
  return pulled((push) =>
    inTransaction(
      caller,
      async ({ batches }) => {
        for await (const rows of batches(statement, size)) if (!(await push(rows))) return
      },
      { access: 'read', retries: 0 },
    ),
  )
}
