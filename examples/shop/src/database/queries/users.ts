import type { SqlQuery } from '@portcullis/safe-db'
import type { Statements } from '../database.ts'
import type { AccountRow, AddressRow, Page, PaymentMethodRow, Role, TenantRow, UserRow } from '../rows.ts'

const userColumns = ({ sql }: Statements): SqlQuery =>
  sql`id, tenant_id AS "tenantId", role, name, email, phone, ssn, created_at AS "createdAt"`

/** What a login compares, of whichever tenant; `null` where no account has the address. */
export async function findAccount({ sql, maybeOne }: Statements, email: string): Promise<AccountRow | null> {
  const account = await maybeOne<AccountRow>(
    sql`SELECT id, tenant_id AS "tenantId", role, name, email, created_at AS "createdAt", password_hash AS "passwordHash"
        FROM account_to_sign_in(${email})`,
  )
  return account ?? null
}

/** The tenant of that id. */
export async function findTenant({ sql, maybeOne }: Statements, tenantId: string): Promise<TenantRow | null> {
  return (await maybeOne<TenantRow>(sql`SELECT id, name FROM tenants WHERE id = ${tenantId}`)) ?? null
}

/** Users by id, in any order. */
export function usersById(db: Statements, ids: readonly number[]): Promise<UserRow[]> {
  return db.query(db.sql`SELECT ${userColumns(db)} FROM users WHERE id = ANY(${ids}::int[])`)
}

/** One page of users. */
export function listUsers(db: Statements, page: Page): Promise<UserRow[]> {
  return db.query(
    db.sql`SELECT ${userColumns(db)} FROM users
           WHERE id > coalesce(${page.after}::int, 0) ORDER BY id LIMIT ${page.first}`,
  )
}

/** Users whose name holds the text, at most `first`. */
export function searchUsers(db: Statements, text: string, first: number): Promise<UserRow[]> {
  return db.query(
    db.sql`SELECT ${userColumns(db)} FROM users
           WHERE position(lower(${text}) IN lower(name)) > 0 ORDER BY id LIMIT ${first}`,
  )
}

/** Adds a customer. Returns `null` where the address is taken. */
export async function addCustomer(
  db: Statements,
  tenantId: string,
  customer: { name: string; email: string; passwordHash: string },
): Promise<UserRow | null> {
  const { rows } = await db.exec<UserRow>(
    db.sql`INSERT INTO users (tenant_id, role, name, email, password_hash)
           VALUES (${tenantId}, 'customer', ${customer.name}, lower(${customer.email}), ${customer.passwordHash})
           ON CONFLICT (email) DO NOTHING RETURNING ${userColumns(db)}`,
  )
  return rows[0] ?? null
}

/** Changes what is given and leaves the rest. Returns `null` where there is no such user for who asks. */
export async function changeUser(
  db: Statements,
  id: number,
  {
    name = null,
    phone = null,
    role = null,
  }: { name?: string | null; phone?: string | null; role?: Role | null },
): Promise<UserRow | null> {
  const { rows } = await db.exec<UserRow>(
    db.sql`UPDATE users SET name = coalesce(${name}, name), phone = coalesce(${phone}, phone), role = coalesce(${role}, role)
           WHERE id = ${id} RETURNING ${userColumns(db)}`,
  )
  return rows[0] ?? null
}

/** Addresses of all these users. */
export function addressesOf({ sql, query }: Statements, userIds: readonly number[]): Promise<AddressRow[]> {
  return query(
    sql`SELECT id, user_id AS "userId", label, street, city, postal_code AS "postalCode", country
        FROM addresses WHERE user_id = ANY(${userIds}::int[]) ORDER BY id`,
  )
}

const cardColumns = ({ sql }: Statements): SqlQuery =>
  sql`id, user_id AS "userId", holder, card_number AS "cardNumber", expires`

/** Cards of all these users. */
export function paymentMethodsOf(db: Statements, userIds: readonly number[]): Promise<PaymentMethodRow[]> {
  return db.query(
    db.sql`SELECT ${cardColumns(db)} FROM payment_methods WHERE user_id = ANY(${userIds}::int[]) ORDER BY id`,
  )
}

/** Cards by id, in any order. */
export function paymentMethodsById(db: Statements, ids: readonly number[]): Promise<PaymentMethodRow[]> {
  return db.query(db.sql`SELECT ${cardColumns(db)} FROM payment_methods WHERE id = ANY(${ids}::int[])`)
}
