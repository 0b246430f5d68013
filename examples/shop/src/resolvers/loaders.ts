import type { MercuriusContext } from 'mercurius'
import { itemsOf } from '../database/queries/carts.ts'
import {
  categoriesById,
  productsById,
  productsOfCategories,
  reviewsOfProducts,
} from '../database/queries/catalogue.ts'
import { linesOf, ordersOfUsers, paymentsOf } from '../database/queries/orders.ts'
import { addressesOf, paymentMethodsById, paymentMethodsOf, usersById } from '../database/queries/users.ts'
import type {
  AddressRow,
  CartItemRow,
  CartRow,
  CategoryRow,
  OrderLineRow,
  OrderRow,
  PaymentMethodRow,
  PaymentRow,
  ProductRow,
  ReviewRow,
  UserRow,
} from '../database/rows.ts'
import { loadMany, loadOne, type Wish } from './batching.ts'
import { connectionOf, pageOf, type Connection, type PageArguments } from './connections.ts'
import { seesContact } from './context.ts'

/** The pages of a one-to-many relation, one query for all parents that ask with the same arguments. */
async function pages<Parent extends { id: number }, Row extends { id: number }>(
  wishes: readonly Wish<Parent, PageArguments>[],
  parentOf: (row: Row) => number,
  load: (parentIds: number[], page: ReturnType<typeof pageOf>) => Promise<Row[]>,
): Promise<Connection<Row>[]> {
  const lists = await loadMany(wishes, parentOf, (ids, params) => load(ids, pageOf(params)))
  return lists.map((rows, index) => connectionOf(rows, wishes[index]?.params ?? {}))
}

/** Personal lists: loaded for the users whose data the viewer may see, null for the others. */
async function personal<Params, Result>(
  wishes: readonly Wish<UserRow, Params>[],
  context: MercuriusContext,
  load: (visible: Wish<UserRow, Params>[]) => Promise<Result[]>,
): Promise<(Result | null)[]> {
  const visible = wishes.filter((wish) => seesContact(context, wish.obj))
  const results = await load(visible)
  const found = new Map(visible.map((wish, index) => [wish, results[index]]))
  return wishes.map((wish) => found.get(wish) ?? null)
}

/** Related rows: whatever one step of the execution asks for is read with one query. */
export const loaders = {
  User: {
    addresses: (wishes: Wish<UserRow>[], context: MercuriusContext): Promise<(AddressRow[] | null)[]> =>
      personal(wishes, context, (own) =>
        loadMany(
          own,
          (row) => row.userId,
          (ids) => addressesOf(context.db, ids),
        ),
      ),
    paymentMethods: (
      wishes: Wish<UserRow>[],
      context: MercuriusContext,
    ): Promise<(PaymentMethodRow[] | null)[]> =>
      personal(wishes, context, (own) =>
        loadMany(
          own,
          (row) => row.userId,
          (ids) => paymentMethodsOf(context.db, ids),
        ),
      ),
    orders: (
      wishes: Wish<UserRow, PageArguments>[],
      context: MercuriusContext,
    ): Promise<(Connection<OrderRow> | null)[]> =>
      personal(wishes, context, (own) =>
        pages(
          own,
          (row) => row.userId,
          (ids, page) => ordersOfUsers(context.db, ids, page),
        ),
      ),
  },
  Category: {
    products: (
      wishes: Wish<CategoryRow, PageArguments>[],
      { db }: MercuriusContext,
    ): Promise<Connection<ProductRow>[]> =>
      pages(
        wishes,
        (row) => row.categoryId,
        (ids, page) => productsOfCategories(db, ids, page),
      ),
  },
  Product: {
    category: (wishes: Wish<ProductRow>[], { db }: MercuriusContext): Promise<(CategoryRow | null)[]> =>
      loadOne(
        wishes,
        (product) => product.categoryId,
        (ids) => categoriesById(db, ids),
      ),
    reviews: (
      wishes: Wish<ProductRow, PageArguments>[],
      { db }: MercuriusContext,
    ): Promise<Connection<ReviewRow>[]> =>
      pages(
        wishes,
        (row) => row.productId,
        (ids, page) => reviewsOfProducts(db, ids, page),
      ),
  },
  Review: {
    author: (wishes: Wish<ReviewRow>[], { db }: MercuriusContext): Promise<(UserRow | null)[]> =>
      loadOne(
        wishes,
        (review) => review.userId,
        (ids) => usersById(db, ids),
      ),
    product: (wishes: Wish<ReviewRow>[], { db }: MercuriusContext): Promise<(ProductRow | null)[]> =>
      loadOne(
        wishes,
        (review) => review.productId,
        (ids) => productsById(db, ids),
      ),
  },
  Order: {
    customer: (wishes: Wish<OrderRow>[], { db }: MercuriusContext): Promise<(UserRow | null)[]> =>
      loadOne(
        wishes,
        (order) => order.userId,
        (ids) => usersById(db, ids),
      ),
    lines: (wishes: Wish<OrderRow>[], { db }: MercuriusContext): Promise<OrderLineRow[][]> =>
      loadMany(
        wishes,
        (row) => row.orderId,
        (ids) => linesOf(db, ids),
      ),
    payments: (wishes: Wish<OrderRow>[], { db }: MercuriusContext): Promise<PaymentRow[][]> =>
      loadMany(
        wishes,
        (row) => row.orderId,
        (ids) => paymentsOf(db, ids),
      ),
  },
  OrderLine: {
    product: (wishes: Wish<OrderLineRow>[], { db }: MercuriusContext): Promise<(ProductRow | null)[]> =>
      loadOne(
        wishes,
        (line) => line.productId,
        (ids) => productsById(db, ids),
      ),
  },
  Payment: {
    method: (wishes: Wish<PaymentRow>[], { db }: MercuriusContext): Promise<(PaymentMethodRow | null)[]> =>
      loadOne(
        wishes,
        (payment) => payment.paymentMethodId,
        (ids) => paymentMethodsById(db, ids),
      ),
  },
  Cart: {
    items: (wishes: Wish<CartRow>[], { db }: MercuriusContext): Promise<CartItemRow[][]> =>
      loadMany(
        wishes,
        (row) => row.cartId,
        (ids) => itemsOf(db, ids),
      ),
  },
  CartItem: {
    product: (wishes: Wish<CartItemRow>[], { db }: MercuriusContext): Promise<(ProductRow | null)[]> =>
      loadOne(
        wishes,
        (item) => item.productId,
        (ids) => productsById(db, ids),
      ),
  },
}
