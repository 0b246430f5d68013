import type { Queryable } from '../connect.ts'
import type { AddressRow, Page, PaymentMethodRow, Role, TenantRow, UserRow } from '../rows.ts'

const USER = 'id, tenant_id AS "tenantId", role, name, email, phone, ssn, created_at AS "createdAt"'

/** What a login compares; `null` where no account has the address. */
export async function findCredentials(
  db: Queryable,
  email: string,
): Promise<{ id: number; tenantId: string; role: Role; passwordHash: string } | null> {
  const { rows } = await db.query<{ id: number; tenantId: string; role: Role; passwordHash: string }>(
    'SELECT id, tenant_id AS "tenantId", role, password_hash AS "passwordHash" FROM users WHERE email = lower($1)',
    [email],
  )
  return rows[0] ?? null
}

/** The tenant of that id. */
export async function findTenant(db: Queryable, tenantId: string): Promise<TenantRow | null> {
  const { rows } = await db.query<TenantRow>('SELECT id, name FROM tenants WHERE id = $1', [tenantId])
  return rows[0] ?? null
}

/** Users of the tenant by id, in any order. */
export async function usersById(db: Queryable, tenantId: string, ids: readonly number[]): Promise<UserRow[]> {
  const sql = `SELECT ${USER} FROM users WHERE tenant_id = $1 AND id = ANY($2::int[])`
  return (await db.query<UserRow>(sql, [tenantId, ids])).rows
}

/** One page of the tenant's users. */
export async function listUsers(db: Queryable, tenantId: string, page: Page): Promise<UserRow[]> {
  const sql = `SELECT ${USER} FROM users WHERE tenant_id = $1 AND id > coalesce($2::int, 0) ORDER BY id LIMIT $3`
  return (await db.query<UserRow>(sql, [tenantId, page.after, page.first])).rows
}

/** Users whose name holds the text, at most `first`. */
export async function searchUsers(
  db: Queryable,
  tenantId: string,
  text: string,
  first: number,
): Promise<UserRow[]> {
  const sql = `SELECT ${USER} FROM users WHERE tenant_id = $1 AND position(lower($2) IN lower(name)) > 0 ORDER BY id LIMIT $3`
  return (await db.query<UserRow>(sql, [tenantId, text, first])).rows
}

/** Adds a customer. Returns `null` where the address is taken. */
export async function addCustomer(
  db: Queryable,
  tenantId: string,
  customer: { name: string; email: string; passwordHash: string },
): Promise<UserRow | null> {
  const { rows } = await db.query<UserRow>(
    `INSERT INTO users (tenant_id, role, name, email, password_hash) VALUES ($1, 'customer', $2, lower($3), $4)
     ON CONFLICT (email) DO NOTHING RETURNING ${USER}`,
    [tenantId, customer.name, customer.email, customer.passwordHash],
  )
  return rows[0] ?? null
}

/** Changes what is given and leaves the rest. Returns `null` where the tenant has no such user. */
export async function changeUser(
  db: Queryable,
  tenantId: string,
  id: number,
  change: { name?: string; phone?: string; role?: Role },
): Promise<UserRow | null> {
  const { rows } = await db.query<UserRow>(
    `UPDATE users SET name = coalesce($3, name), phone = coalesce($4, phone), role = coalesce($5, role)
     WHERE tenant_id = $1 AND id = $2 RETURNING ${USER}`,
    [tenantId, id, change.name ?? null, change.phone ?? null, change.role ?? null],
  )
  return rows[0] ?? null
}

/** Addresses of all these users. */
export async function addressesOf(db: Queryable, userIds: readonly number[]): Promise<AddressRow[]> {
  const { rows } = await db.query<AddressRow>(
    `SELECT id, user_id AS "userId", label, street, city, postal_code AS "postalCode", country
     FROM addresses WHERE user_id = ANY($1::int[]) ORDER BY id`,
    [userIds],
  )
  return rows
}

/** Cards of all these users. */
export async function paymentMethodsOf(
  db: Queryable,
  userIds: readonly number[],
): Promise<PaymentMethodRow[]> {
  const { rows } = await db.query<PaymentMethodRow>(
    `SELECT id, user_id AS "userId", holder, card_number AS "cardNumber", expires
     FROM payment_methods WHERE user_id = ANY($1::int[]) ORDER BY id`,
    [userIds],
  )
  return rows
}

/** Cards by id, in any order. */
export async function paymentMethodsById(db: Queryable, ids: readonly number[]): Promise<PaymentMethodRow[]> {
  const { rows } = await db.query<PaymentMethodRow>(
    `SELECT id, user_id AS "userId", holder, card_number AS "cardNumber", expires
     FROM payment_methods WHERE id = ANY($1::int[])`,
    [ids],
  )
  return rows
}
