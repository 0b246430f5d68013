import type { Pool } from 'pg'
import { inTransaction, type Queryable } from '../connect.ts'
import type { OrderLineRow, OrderRow, OrderStatus, Page, PaymentRow } from '../rows.ts'

const ORDER = 'id, user_id AS "userId", status, total_cents AS "totalCents", created_at AS "createdAt"'

/** One page of the tenant's orders, newest first; of one customer or status where they are given. */
export async function listOrders(
  db: Queryable,
  tenantId: string,
  filter: { userId: number | null; status: OrderStatus | null },
  page: Page,
): Promise<OrderRow[]> {
  const { rows } = await db.query<OrderRow>(
    `SELECT ${ORDER} FROM orders
     WHERE tenant_id = $1 AND ($2::int IS NULL OR user_id = $2) AND ($3::text IS NULL OR status = $3)
       AND ($4::int IS NULL OR id < $4)
     ORDER BY id DESC LIMIT $5`,
    [tenantId, filter.userId, filter.status, page.after, page.first],
  )
  return rows
}

/** Orders of the tenant by id, in any order. */
export async function ordersById(
  db: Queryable,
  tenantId: string,
  ids: readonly number[],
): Promise<OrderRow[]> {
  const sql = `SELECT ${ORDER} FROM orders WHERE tenant_id = $1 AND id = ANY($2::int[])`
  return (await db.query<OrderRow>(sql, [tenantId, ids])).rows
}

/** One page of orders for each of these customers, newest first, in one statement. */
export async function ordersOfUsers(
  db: Queryable,
  userIds: readonly number[],
  page: Page,
): Promise<OrderRow[]> {
  const { rows } = await db.query<OrderRow>(
    `SELECT purchase.* FROM unnest($1::int[]) AS parent (id) CROSS JOIN LATERAL (
       SELECT ${ORDER} FROM orders
       WHERE user_id = parent.id AND ($2::int IS NULL OR id < $2) ORDER BY orders.id DESC LIMIT $3
     ) AS purchase`,
    [userIds, page.after, page.first],
  )
  return rows
}

/** The lines of all these orders. */
export async function linesOf(db: Queryable, orderIds: readonly number[]): Promise<OrderLineRow[]> {
  const { rows } = await db.query<OrderLineRow>(
    `SELECT id, order_id AS "orderId", product_id AS "productId", quantity, price_cents AS "priceCents"
     FROM order_lines WHERE order_id = ANY($1::int[]) ORDER BY id`,
    [orderIds],
  )
  return rows
}

/** The payments of all these orders. */
export async function paymentsOf(db: Queryable, orderIds: readonly number[]): Promise<PaymentRow[]> {
  const { rows } = await db.query<PaymentRow>(
    `SELECT id, order_id AS "orderId", payment_method_id AS "paymentMethodId", status, amount_cents AS "amountCents"
     FROM payments WHERE order_id = ANY($1::int[]) ORDER BY id`,
    [orderIds],
  )
  return rows
}

/**
 * Takes the products from stock and writes order, lines and payment, all or nothing. Each product is named once.
 * Returns `null` where one of them does not exist in the tenant or too few are left.
 */
export async function placeOrder(
  pool: Pool,
  tenantId: string,
  userId: number,
  lines: readonly { productId: number; quantity: number }[],
): Promise<OrderRow | null> {
  const unavailable = new Error('unavailable')
  const place = inTransaction(pool, async (client) => {
    const taken = await client.query<{ productId: number; quantity: number; priceCents: number }>(
      // Rows are locked in the order of their ids, so that two orders cannot wait for each other.
      `WITH wanted AS (
         SELECT products.id, line.quantity
         FROM products JOIN unnest($2::int[], $3::int[]) AS line (id, quantity) ON line.id = products.id
         WHERE products.tenant_id = $1 ORDER BY products.id FOR UPDATE OF products
       )
       UPDATE products SET stock = stock - wanted.quantity FROM wanted
       WHERE products.id = wanted.id AND stock >= wanted.quantity
       RETURNING products.id AS "productId", wanted.quantity, price_cents AS "priceCents"`,
      [tenantId, lines.map((line) => line.productId), lines.map((line) => line.quantity)],
    )
    if (taken.rows.length !== lines.length) throw unavailable
    const total = taken.rows.reduce((sum, line) => sum + line.priceCents * line.quantity, 0)
    const placed = await client.query<OrderRow>(
      `INSERT INTO orders (tenant_id, user_id, status, total_cents) VALUES ($1, $2, 'PENDING', $3) RETURNING ${ORDER}`,
      [tenantId, userId, total],
    )
    const order = placed.rows[0]
    if (!order) throw unavailable
    await client.query(
      `INSERT INTO order_lines (tenant_id, order_id, product_id, quantity, price_cents)
       SELECT $1, $2, line.* FROM unnest($3::int[], $4::int[], $5::int[]) AS line`,
      [
        tenantId,
        order.id,
        taken.rows.map((line) => line.productId),
        taken.rows.map((line) => line.quantity),
        taken.rows.map((line) => line.priceCents),
      ],
    )
    await client.query(
      `INSERT INTO payments (tenant_id, order_id, payment_method_id, status, amount_cents)
       VALUES ($1, $2, (SELECT min(id) FROM payment_methods WHERE user_id = $3), 'AUTHORIZED', $4)`,
      [tenantId, order.id, userId, total],
    )
    return order
  })
  return place.catch((error: unknown) => {
    if (error === unavailable) return null
    throw error
  })
}

/** Moves an order on. Returns `null` where the tenant has no such order. */
export async function changeOrderStatus(
  db: Queryable,
  tenantId: string,
  id: number,
  status: OrderStatus,
): Promise<OrderRow | null> {
  const { rows } = await db.query<OrderRow>(
    `UPDATE orders SET status = $3 WHERE tenant_id = $1 AND id = $2 RETURNING ${ORDER}`,
    [tenantId, id, status],
  )
  return rows[0] ?? null
}
