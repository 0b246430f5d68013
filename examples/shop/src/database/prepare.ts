import type { Pool } from 'pg'
import { createSchema, dropSchema } from './connect.ts'
import { dropRoles, protectTables } from './roles.ts'
import { generateShop } from './seed/generate.ts'
import { insertShop } from './seed/insert.ts'

/**
 * Makes the shop's tables, fills them and protects them, in place of what an earlier run left. Returns how many rows were
 * written, and the connection string of the role that serves requests.
 */
export async function prepareDatabase(
  owner: Pool,
  databaseUrl: string,
): Promise<{ rows: number; dsn: string }> {
  await createSchema(owner)
  const rows = await insertShop(owner, await generateShop())
  // After the rows: the policies hold for the owner too.
  return { rows, dsn: await protectTables(owner, databaseUrl) }
}

/** Removes all that {@link prepareDatabase} made. */
export async function removeDatabase(owner: Pool): Promise<void> {
  await dropSchema(owner)
  await dropRoles(owner)
}
