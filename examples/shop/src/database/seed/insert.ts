import type { Pool } from 'pg'
import { inTransaction } from '../connect.ts'
import type { ShopData } from './generate.ts'

/**
 * Writes generated rows, one statement per table, and lets the tables count on from there.
 * Returns how many rows were written.
 */
export function insertShop(pool: Pool, data: ShopData): Promise<number> {
  return inTransaction(pool, async (client) => {
    let written = 0
    for (const [table, rows] of data) {
      // Table and column names are the generator's own; values travel as one bound parameter.
      const columns = Object.keys(rows[0] ?? {}).join(', ')
      const result = await client.query(
        `INSERT INTO ${table} (${columns}) SELECT ${columns} FROM json_populate_recordset(NULL::${table}, $1)`,
        [JSON.stringify(rows)],
      )
      written += result.rowCount ?? 0
      if (typeof rows[0]?.['id'] === 'number') {
        await client.query(`SELECT setval(pg_get_serial_sequence($1, 'id'), $2)`, [table, rows.length])
      }
    }
    return written
  })
}
