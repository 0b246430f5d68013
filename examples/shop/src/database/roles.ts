import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Pool } from 'pg'
import { MARK, SCHEMA, inTransaction } from './connect.ts'

/** Serves requests: owns nothing, bypasses nothing, and may do what policies.sql grants. */
const APP_ROLE = 'portcullis_shop_app'
/** Owns the function that looks accounts up. Nobody logs in as it. */
const LOGIN_ROLE = 'portcullis_shop_login'

/**
 * Makes the shop's roles, with a password that nobody sees, and lays grants and policies over its tables.
 * Returns the connection string of the role that serves requests.
 *
 * @throws Error when a role of that name is not ours, or the owner may not make roles.
 */
export async function protectTables(owner: Pool, databaseUrl: string): Promise<string> {
  const policies = await readFile(join(import.meta.dirname, '../../src/database/policies.sql'), 'utf8')
  const password = randomBytes(24).toString('base64url')
  await dropRoles(owner)
  await inTransaction(owner, async (client) => {
    await client.query(
      `CREATE ROLE ${APP_ROLE} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS PASSWORD '${password}'`,
    )
    await client.query(`CREATE ROLE ${LOGIN_ROLE} NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS`)
    for (const role of [APP_ROLE, LOGIN_ROLE]) await client.query(`COMMENT ON ROLE ${role} IS '${MARK}'`)
    await client.query(`ALTER ROLE ${APP_ROLE} SET search_path = ${SCHEMA}`)
    // To give a function to a role, one has to be a member of it.
    await client.query(`GRANT ${LOGIN_ROLE} TO CURRENT_USER`)
    await client.query(policies)
  })
  const url = new URL(databaseUrl)
  url.username = APP_ROLE
  url.password = password
  return url.href
}

/**
 * Removes the shop's roles, where they are; its tables have to be gone before.
 *
 * @throws Error when a role of that name is not ours.
 */
export async function dropRoles(owner: Pool): Promise<void> {
  const { rows } = await owner.query<{ role: string; mark: string | null }>(
    `SELECT rolname AS role, shobj_description(oid, 'pg_authid') AS mark FROM pg_roles WHERE rolname = ANY($1)`,
    [[APP_ROLE, LOGIN_ROLE]],
  )
  for (const { role, mark } of rows) {
    if (mark !== MARK) {
      throw new Error(
        `The database has a role ${role} that this demo did not make: rename it, or use another database`,
      )
    }
    await owner.query(`DROP ROLE ${role}`)
  }
}

/** Whether a connection string names this machine, which alone is reached without TLS. */
export function isLoopback(databaseUrl: string): boolean {
  return ['localhost', '127.0.0.1', '[::1]'].includes(new URL(databaseUrl).hostname)
}
