import type { SqlQuery } from '@portcullis/safe-db'
import type { ShopDatabase, Statements } from '../database.ts'
import type { OrderLineRow, OrderRow, OrderStatus, Page, PaymentRow } from '../rows.ts'

// Whose orders are seen is not asked here: the policies of the database show customers their own, and staff those of
// its tenant.

const orderColumns = ({ sql }: Statements): SqlQuery =>
  sql`id, user_id AS "userId", status, total_cents AS "totalCents", created_at AS "createdAt"`

/** One page of orders, newest first; of one customer or status where they are given. */
export function listOrders(
  db: Statements,
  filter: { userId: number | null; status: OrderStatus | null },
  page: Page,
): Promise<OrderRow[]> {
  return db.query(
    db.sql`SELECT ${orderColumns(db)} FROM orders
           WHERE (${filter.userId}::int IS NULL OR user_id = ${filter.userId})
             AND (${filter.status}::text IS NULL OR status = ${filter.status})
             AND (${page.after}::int IS NULL OR id < ${page.after})
           ORDER BY id DESC LIMIT ${page.first}`,
  )
}

/** The order of that id. */
export async function orderById(db: Statements, id: number): Promise<OrderRow | null> {
  const order = await db.maybeOne<OrderRow>(db.sql`SELECT ${orderColumns(db)} FROM orders WHERE id = ${id}`)
  return order ?? null
}

/** One page of orders for each of these customers, newest first, in one statement. */
export function ordersOfUsers(db: Statements, userIds: readonly number[], page: Page): Promise<OrderRow[]> {
  return db.query(
    db.sql`SELECT purchase.* FROM unnest(${userIds}::int[]) AS parent (id) CROSS JOIN LATERAL (
             SELECT ${orderColumns(db)} FROM orders
             WHERE user_id = parent.id AND (${page.after}::int IS NULL OR id < ${page.after})
             ORDER BY orders.id DESC LIMIT ${page.first}
           ) AS purchase`,
  )
}

/** The lines of all these orders. */
export function linesOf({ sql, query }: Statements, orderIds: readonly number[]): Promise<OrderLineRow[]> {
  return query(
    sql`SELECT id, order_id AS "orderId", product_id AS "productId", quantity, price_cents AS "priceCents"
        FROM order_lines WHERE order_id = ANY(${orderIds}::int[]) ORDER BY id`,
  )
}

/** The payments of all these orders. */
export function paymentsOf({ sql, query }: Statements, orderIds: readonly number[]): Promise<PaymentRow[]> {
  return query(
    sql`SELECT id, order_id AS "orderId", payment_method_id AS "paymentMethodId", status, amount_cents AS "amountCents"
        FROM payments WHERE order_id = ANY(${orderIds}::int[]) ORDER BY id`,
  )
}

/**
 * Takes the products from stock and writes order, lines and payment, all or nothing. Each product is named once.
 * Returns `null` where one of them does not exist in the tenant or too few are left.
 */
export function placeOrder(
  db: ShopDatabase,
  customer: { id: number; tenantId: string },
  lines: readonly { productId: number; quantity: number }[],
): Promise<OrderRow | null> {
  const unavailable = new Error('unavailable')
  const place = db.tx(async (tx) => {
    const { sql, exec } = tx
    const { rows: taken } = await exec<{ productId: number; quantity: number; priceCents: number }>(
      // Rows are locked in the order of their ids, so that two orders cannot wait for each other.
      sql`WITH wanted AS (
            SELECT products.id, line.quantity
            FROM products JOIN unnest(${lines.map((line) => line.productId)}::int[],
              ${lines.map((line) => line.quantity)}::int[]) AS line (id, quantity) ON line.id = products.id
            ORDER BY products.id FOR UPDATE OF products
          )
          UPDATE products SET stock = stock - wanted.quantity FROM wanted
          WHERE products.id = wanted.id AND stock >= wanted.quantity
          RETURNING products.id AS "productId", wanted.quantity, price_cents AS "priceCents"`,
    )
    if (taken.length !== lines.length) throw unavailable
    const total = taken.reduce((sum, line) => sum + line.priceCents * line.quantity, 0)
    const { rows: placed } = await exec<OrderRow>(
      sql`INSERT INTO orders (tenant_id, user_id, status, total_cents)
          VALUES (${customer.tenantId}, ${customer.id}, 'PENDING', ${total}) RETURNING ${orderColumns(tx)}`,
    )
    const [order] = placed
    if (!order) throw unavailable
    await exec(
      sql`INSERT INTO order_lines (tenant_id, order_id, product_id, quantity, price_cents)
          SELECT ${customer.tenantId}, ${order.id}::int, line.* FROM unnest(${taken.map((line) => line.productId)}::int[],
            ${taken.map((line) => line.quantity)}::int[], ${taken.map((line) => line.priceCents)}::int[]) AS line`,
    )
    await exec(
      sql`INSERT INTO payments (tenant_id, order_id, payment_method_id, status, amount_cents)
          VALUES (${customer.tenantId}, ${order.id},
            (SELECT min(id) FROM payment_methods WHERE user_id = ${customer.id}), 'AUTHORIZED', ${total})`,
    )
    return order
  })
  return place.catch((error: unknown) => {
    if (error === unavailable) return null
    throw error
  })
}

/** Moves an order on. Returns `null` where there is no such order for who asks. */
export async function changeOrderStatus(
  db: Statements,
  id: number,
  status: OrderStatus,
): Promise<OrderRow | null> {
  const { rows } = await db.exec<OrderRow>(
    db.sql`UPDATE orders SET status = ${status} WHERE id = ${id} RETURNING ${orderColumns(db)}`,
  )
  return rows[0] ?? null
}
