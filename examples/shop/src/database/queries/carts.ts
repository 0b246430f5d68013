import type { Statements } from '../database.ts'
import type { CartItemRow, CartRow } from '../rows.ts'

/** The customer's cart, where there is one. */
export async function cartOf({ sql, maybeOne }: Statements, userId: number): Promise<CartRow | null> {
  const cart = await maybeOne<CartRow>(
    sql`SELECT id, user_id AS "userId" FROM carts WHERE user_id = ${userId}`,
  )
  return cart ?? null
}

/** The items of all these carts. */
export function itemsOf({ sql, query }: Statements, cartIds: readonly number[]): Promise<CartItemRow[]> {
  return query(
    sql`SELECT id, cart_id AS "cartId", product_id AS "productId", quantity
        FROM cart_items WHERE cart_id = ANY(${cartIds}::int[]) ORDER BY id`,
  )
}
