import type { Queryable } from '../connect.ts'
import type { CategoryRow, Page, ProductRow, ReviewRow } from '../rows.ts'

const PRODUCT = 'id, category_id AS "categoryId", name, description, price_cents AS "priceCents", stock'
const REVIEW = 'id, product_id AS "productId", user_id AS "userId", rating, body, created_at AS "createdAt"'

/** Every category of the tenant. */
export async function listCategories(db: Queryable, tenantId: string): Promise<CategoryRow[]> {
  return (
    await db.query<CategoryRow>('SELECT id, name FROM categories WHERE tenant_id = $1 ORDER BY id', [
      tenantId,
    ])
  ).rows
}

/** Categories of the tenant by id, in any order. */
export async function categoriesById(
  db: Queryable,
  tenantId: string,
  ids: readonly number[],
): Promise<CategoryRow[]> {
  const sql = 'SELECT id, name FROM categories WHERE tenant_id = $1 AND id = ANY($2::int[])'
  return (await db.query<CategoryRow>(sql, [tenantId, ids])).rows
}

/** Categories whose name holds the text, at most `first`. */
export async function searchCategories(
  db: Queryable,
  tenantId: string,
  text: string,
  first: number,
): Promise<CategoryRow[]> {
  const { rows } = await db.query<CategoryRow>(
    'SELECT id, name FROM categories WHERE tenant_id = $1 AND position(lower($2) IN lower(name)) > 0 ORDER BY id LIMIT $3',
    [tenantId, text, first],
  )
  return rows
}

/** One page of the tenant's products, of one category where it is given. */
export async function listProducts(
  db: Queryable,
  tenantId: string,
  categoryId: number | null,
  page: Page,
): Promise<ProductRow[]> {
  const { rows } = await db.query<ProductRow>(
    `SELECT ${PRODUCT} FROM products
     WHERE tenant_id = $1 AND ($2::int IS NULL OR category_id = $2) AND id > coalesce($3::int, 0) ORDER BY id LIMIT $4`,
    [tenantId, categoryId, page.after, page.first],
  )
  return rows
}

/** Products of the tenant by id, in any order. */
export async function productsById(
  db: Queryable,
  tenantId: string,
  ids: readonly number[],
): Promise<ProductRow[]> {
  const sql = `SELECT ${PRODUCT} FROM products WHERE tenant_id = $1 AND id = ANY($2::int[])`
  return (await db.query<ProductRow>(sql, [tenantId, ids])).rows
}

/** Products whose name holds the text, at most `first`. */
export async function searchProducts(
  db: Queryable,
  tenantId: string,
  text: string,
  first: number,
): Promise<ProductRow[]> {
  const { rows } = await db.query<ProductRow>(
    `SELECT ${PRODUCT} FROM products WHERE tenant_id = $1 AND position(lower($2) IN lower(name)) > 0 ORDER BY id LIMIT $3`,
    [tenantId, text, first],
  )
  return rows
}

/** One page of products for each of these categories, in one statement. */
export async function productsOfCategories(
  db: Queryable,
  categoryIds: readonly number[],
  page: Page,
): Promise<ProductRow[]> {
  const { rows } = await db.query<ProductRow>(
    `SELECT product.* FROM unnest($1::int[]) AS parent (id) CROSS JOIN LATERAL (
       SELECT ${PRODUCT} FROM products
       WHERE category_id = parent.id AND id > coalesce($2::int, 0) ORDER BY products.id LIMIT $3
     ) AS product`,
    [categoryIds, page.after, page.first],
  )
  return rows
}

/** One page of reviews for each of these products, in one statement. */
export async function reviewsOfProducts(
  db: Queryable,
  productIds: readonly number[],
  page: Page,
): Promise<ReviewRow[]> {
  const { rows } = await db.query<ReviewRow>(
    `SELECT review.* FROM unnest($1::int[]) AS parent (id) CROSS JOIN LATERAL (
       SELECT ${REVIEW} FROM reviews
       WHERE product_id = parent.id AND id > coalesce($2::int, 0) ORDER BY reviews.id LIMIT $3
     ) AS review`,
    [productIds, page.after, page.first],
  )
  return rows
}
