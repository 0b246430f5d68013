import type { Queryable } from '../connect.ts'
import type { CartItemRow, CartRow } from '../rows.ts'

/** The customer's cart, where there is one. */
export async function cartOf(db: Queryable, userId: number): Promise<CartRow | null> {
  const { rows } = await db.query<CartRow>('SELECT id, user_id AS "userId" FROM carts WHERE user_id = $1', [
    userId,
  ])
  return rows[0] ?? null
}

/** The items of all these carts. */
export async function itemsOf(db: Queryable, cartIds: readonly number[]): Promise<CartItemRow[]> {
  const { rows } = await db.query<CartItemRow>(
    `SELECT id, cart_id AS "cartId", product_id AS "productId", quantity
     FROM cart_items WHERE cart_id = ANY($1::int[]) ORDER BY id`,
    [cartIds],
  )
  return rows
}
