import type { SqlQuery } from '@portcullis/safe-db'
import type { Statements } from '../database.ts'
import type { CategoryRow, Page, ProductRow, ReviewRow } from '../rows.ts'

// Statements name no tenant: the policies of the database let nobody see another one's rows.

const productColumns = ({ sql }: Statements): SqlQuery =>
  sql`id, category_id AS "categoryId", name, description, price_cents AS "priceCents", stock`
const reviewColumns = ({ sql }: Statements): SqlQuery =>
  sql`id, product_id AS "productId", user_id AS "userId", rating, body, created_at AS "createdAt"`

/** Every category. */
export function listCategories({ sql, query }: Statements): Promise<CategoryRow[]> {
  return query(sql`SELECT id, name FROM categories ORDER BY id`)
}

/** Categories by id, in any order. */
export function categoriesById({ sql, query }: Statements, ids: readonly number[]): Promise<CategoryRow[]> {
  return query(sql`SELECT id, name FROM categories WHERE id = ANY(${ids}::int[])`)
}

/** Categories whose name holds the text, at most `first`. */
export function searchCategories(
  { sql, query }: Statements,
  text: string,
  first: number,
): Promise<CategoryRow[]> {
  return query(
    sql`SELECT id, name FROM categories WHERE position(lower(${text}) IN lower(name)) > 0 ORDER BY id LIMIT ${first}`,
  )
}

/** One page of products; of one category, or whose name holds a text, where these are given. */
export function listProducts(
  db: Statements,
  filter: { categoryId: number | null; text: string | null },
  page: Page,
): Promise<ProductRow[]> {
  const { sql, query } = db
  const ofCategory = filter.categoryId === null ? sql`` : sql`AND category_id = ${filter.categoryId}`
  const named = filter.text === null ? sql`` : sql`AND position(lower(${filter.text}) IN lower(name)) > 0`
  return query(
    sql`SELECT ${productColumns(db)} FROM products
        WHERE id > coalesce(${page.after}::int, 0) ${ofCategory} ${named}
        ORDER BY id LIMIT ${page.first}`,
  )
}

/** Products by id, in any order. */
export function productsById(db: Statements, ids: readonly number[]): Promise<ProductRow[]> {
  return db.query(db.sql`SELECT ${productColumns(db)} FROM products WHERE id = ANY(${ids}::int[])`)
}

/** One page of products for each of these categories, in one statement. */
export function productsOfCategories(
  db: Statements,
  categoryIds: readonly number[],
  page: Page,
): Promise<ProductRow[]> {
  return db.query(
    db.sql`SELECT product.* FROM unnest(${categoryIds}::int[]) AS parent (id) CROSS JOIN LATERAL (
             SELECT ${productColumns(db)} FROM products
             WHERE category_id = parent.id AND id > coalesce(${page.after}::int, 0)
             ORDER BY products.id LIMIT ${page.first}
           ) AS product`,
  )
}

/** One page of reviews for each of these products, in one statement. */
export function reviewsOfProducts(
  db: Statements,
  productIds: readonly number[],
  page: Page,
): Promise<ReviewRow[]> {
  return db.query(
    db.sql`SELECT review.* FROM unnest(${productIds}::int[]) AS parent (id) CROSS JOIN LATERAL (
             SELECT ${reviewColumns(db)} FROM reviews
             WHERE product_id = parent.id AND id > coalesce(${page.after}::int, 0)
             ORDER BY reviews.id LIMIT ${page.first}
           ) AS review`,
  )
}
