import type { MercuriusContext } from 'mercurius'
import { inRole, isStaff, signedIn } from '../authentication.ts'
import { cartOf } from '../database/queries/carts.ts'
import {
  categoriesById,
  listCategories,
  listProducts,
  productsById,
  searchCategories,
  searchProducts,
} from '../database/queries/catalogue.ts'
import { listOrders, ordersById } from '../database/queries/orders.ts'
import { findTenant, listUsers, searchUsers, usersById } from '../database/queries/users.ts'
import type {
  CartRow,
  CategoryRow,
  OrderRow,
  OrderStatus,
  ProductRow,
  TenantRow,
  UserRow,
} from '../database/rows.ts'
import { ShopError } from '../errors.ts'
import { connectionOf, pageOf, sizeOf, type Connection, type PageArguments } from './connections.ts'
import { parseNodeId, rowOf } from './ids.ts'

const MAX_SEARCH_TEXT = 100

type Named<Row, Name extends string> = Row & { __typename: Name }
type Found = Named<ProductRow, 'Product'> | Named<CategoryRow, 'Category'> | Named<UserRow, 'User'>

/** The fields of `Query`. */
export const Query = {
  shop: (_root: unknown, _args: unknown, { db, tenantId }: MercuriusContext): Promise<TenantRow | null> =>
    findTenant(db, tenantId),

  me: async (
    _root: unknown,
    _args: unknown,
    { db, viewer, tenantId }: MercuriusContext,
  ): Promise<UserRow | null> => (viewer ? ((await usersById(db, tenantId, [viewer.id]))[0] ?? null) : null),

  node: async (
    _root: unknown,
    { id }: { id: string },
    context: MercuriusContext,
  ): Promise<Found | Named<OrderRow, 'Order'> | null> => {
    const { type, row } = parseNodeId(id)
    const { db, tenantId } = context
    if (type === 'Product') return named('Product', (await productsById(db, tenantId, [row]))[0])
    if (type === 'Category') return named('Category', (await categoriesById(db, tenantId, [row]))[0])
    if (type === 'User') return named('User', (await usersById(db, tenantId, [row]))[0])
    if (type === 'Order') return named('Order', await visibleOrder(context, row))
    throw new ShopError('BAD_USER_INPUT', 'Ask for a Product, Category, User or Order')
  },

  product: async (
    _root: unknown,
    { id }: { id: string },
    { db, tenantId }: MercuriusContext,
  ): Promise<ProductRow | null> => (await productsById(db, tenantId, [rowOf('Product', id)]))[0] ?? null,

  products: async (
    _root: unknown,
    args: PageArguments & { category?: string | null },
    { db, tenantId }: MercuriusContext,
  ): Promise<Connection<ProductRow>> => {
    const category = args.category == null ? null : rowOf('Category', args.category)
    return connectionOf(await listProducts(db, tenantId, category, pageOf(args)), args)
  },

  categories: (_root: unknown, _args: unknown, { db, tenantId }: MercuriusContext): Promise<CategoryRow[]> =>
    listCategories(db, tenantId),

  search: async (
    _root: unknown,
    { text, first }: { text: string; first?: number | null },
    { db, tenantId, viewer }: MercuriusContext,
  ): Promise<Found[]> => {
    if (text.length > MAX_SEARCH_TEXT) throw new ShopError('BAD_USER_INPUT', 'The text is too long')
    const size = sizeOf(first)
    const [categories, products, users] = await Promise.all([
      searchCategories(db, tenantId, text, size),
      searchProducts(db, tenantId, text, size),
      isStaff(viewer) ? searchUsers(db, tenantId, text, size) : [],
    ])
    return [
      ...categories.map((row) => ({ ...row, __typename: 'Category' as const })),
      ...products.map((row) => ({ ...row, __typename: 'Product' as const })),
      ...users.map((row) => ({ ...row, __typename: 'User' as const })),
    ].slice(0, size)
  },

  orders: async (
    _root: unknown,
    args: PageArguments & { status?: OrderStatus | null },
    { db, tenantId, viewer }: MercuriusContext,
  ): Promise<Connection<OrderRow>> => {
    const account = signedIn(viewer)
    const filter = { userId: isStaff(account) ? null : account.id, status: args.status ?? null }
    return connectionOf(await listOrders(db, tenantId, filter, pageOf(args)), args)
  },

  order: (_root: unknown, { id }: { id: string }, context: MercuriusContext): Promise<OrderRow | null> =>
    visibleOrder(context, rowOf('Order', id)),

  cart: (_root: unknown, _args: unknown, { db, viewer }: MercuriusContext): Promise<CartRow | null> =>
    cartOf(db, signedIn(viewer).id),

  users: async (
    _root: unknown,
    args: PageArguments,
    { db, tenantId, viewer }: MercuriusContext,
  ): Promise<Connection<UserRow>> => {
    inRole(viewer, 'support', 'admin')
    return connectionOf(await listUsers(db, tenantId, pageOf(args)), args)
  },
}

/** An order for whom it concerns; anyone else learns nothing of it, not even that it exists. */
async function visibleOrder(
  { db, tenantId, viewer }: MercuriusContext,
  id: number,
): Promise<OrderRow | null> {
  const account = signedIn(viewer)
  const [order] = await ordersById(db, tenantId, [id])
  return order && (order.userId === account.id || isStaff(account)) ? order : null
}

function named<Row, Name extends string>(
  __typename: Name,
  row: Row | null | undefined,
): Named<Row, Name> | null {
  return row == null ? null : { ...row, __typename }
}
