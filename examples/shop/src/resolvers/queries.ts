import type { MercuriusContext } from 'mercurius'
import { inRole, isStaff, signedIn } from '../authentication.ts'
import { cartOf } from '../database/queries/carts.ts'
import {
  categoriesById,
  listCategories,
  listProducts,
  productsById,
  searchCategories,
} from '../database/queries/catalogue.ts'
import { listOrders, orderById } from '../database/queries/orders.ts'
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

  me: async (_root: unknown, _args: unknown, { db, viewer }: MercuriusContext): Promise<UserRow | null> =>
    viewer ? ((await usersById(db, [viewer.id]))[0] ?? null) : null,

  node: async (
    _root: unknown,
    { id }: { id: string },
    { db, viewer }: MercuriusContext,
  ): Promise<Found | Named<OrderRow, 'Order'> | null> => {
    const { type, row } = parseNodeId(id)
    if (type === 'Product') return named('Product', (await productsById(db, [row]))[0])
    if (type === 'Category') return named('Category', (await categoriesById(db, [row]))[0])
    if (type === 'User') return named('User', (await usersById(db, [row]))[0])
    if (type === 'Order') {
      signedIn(viewer)
      return named('Order', await orderById(db, row))
    }
    throw new ShopError('BAD_USER_INPUT', 'Ask for a Product, Category, User or Order')
  },

  product: async (
    _root: unknown,
    { id }: { id: string },
    { db }: MercuriusContext,
  ): Promise<ProductRow | null> => (await productsById(db, [rowOf('Product', id)]))[0] ?? null,

  products: async (
    _root: unknown,
    args: PageArguments & { category?: string | null; name?: string | null },
    { db }: MercuriusContext,
  ): Promise<Connection<ProductRow>> => {
    const categoryId = args.category == null ? null : rowOf('Category', args.category)
    const text = args.name ?? null
    checkText(text)
    return connectionOf(await listProducts(db, { categoryId, text }, pageOf(args)), args)
  },

  categories: (_root: unknown, _args: unknown, { db }: MercuriusContext): Promise<CategoryRow[]> =>
    listCategories(db),

  search: async (
    _root: unknown,
    { text, first }: { text: string; first?: number | null },
    { db, viewer }: MercuriusContext,
  ): Promise<Found[]> => {
    checkText(text)
    const size = sizeOf(first)
    const [categories, products, users] = await Promise.all([
      searchCategories(db, text, size),
      listProducts(db, { categoryId: null, text }, { first: size, after: null }),
      isStaff(viewer) ? searchUsers(db, text, size) : [],
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
    { db, viewer }: MercuriusContext,
  ): Promise<Connection<OrderRow>> => {
    const account = signedIn(viewer)
    const filter = { userId: isStaff(account) ? null : account.id, status: args.status ?? null }
    return connectionOf(await listOrders(db, filter, pageOf(args)), args)
  },

  order: async (
    _root: unknown,
    { id }: { id: string },
    { db, viewer }: MercuriusContext,
  ): Promise<OrderRow | null> => {
    signedIn(viewer)
    return orderById(db, rowOf('Order', id))
  },

  cart: (_root: unknown, _args: unknown, { db, viewer }: MercuriusContext): Promise<CartRow | null> =>
    cartOf(db, signedIn(viewer).id),

  users: async (
    _root: unknown,
    args: PageArguments,
    { db, viewer }: MercuriusContext,
  ): Promise<Connection<UserRow>> => {
    inRole(viewer, 'support', 'admin')
    return connectionOf(await listUsers(db, pageOf(args)), args)
  },
}

function checkText(text: string | null): void {
  if (text !== null && text.length > MAX_SEARCH_TEXT)
    throw new ShopError('BAD_USER_INPUT', 'The text is too long')
}

function named<Row, Name extends string>(
  __typename: Name,
  row: Row | null | undefined,
): Named<Row, Name> | null {
  return row == null ? null : { ...row, __typename }
}
