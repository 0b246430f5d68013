import type { MercuriusContext } from 'mercurius'
import { inRole, signedIn } from '../authentication.ts'
import { changeOrderStatus, placeOrder } from '../database/queries/orders.ts'
import { changeUser } from '../database/queries/users.ts'
import type { OrderRow, OrderStatus, UserRow } from '../database/rows.ts'
import { ShopError } from '../errors.ts'
import { login, register, type Session } from '../sessions.ts'
import { rowOf } from './ids.ts'

const MAX_LINES = 50
const MAX_QUANTITY = 100

/** The fields of `Mutation`. */
export const Mutation = {
  login: (
    _root: unknown,
    { email, password }: { email: string; password: string },
    { app, db, reply }: MercuriusContext,
  ): Promise<Session> => login(app, db, reply.log, email, password),

  register: (
    _root: unknown,
    customer: { name: string; email: string; password: string },
    { app, db, tenantId }: MercuriusContext,
  ): Promise<Session> => register(app, db, tenantId, customer),

  placeOrder: async (
    _root: unknown,
    { lines }: { lines: readonly { product: string; quantity: number }[] },
    { db, viewer }: MercuriusContext,
  ): Promise<OrderRow> => {
    const customer = signedIn(viewer)
    const wanted = lines.map(({ product, quantity }) => ({ productId: rowOf('Product', product), quantity }))
    const products = new Set(wanted.map((line) => line.productId))
    if (wanted.length === 0 || wanted.length > MAX_LINES || products.size < wanted.length) {
      throw new ShopError('BAD_USER_INPUT', `An order has 1 to ${MAX_LINES} lines, each of another product`)
    }
    if (wanted.some(({ quantity }) => quantity < 1 || quantity > MAX_QUANTITY)) {
      throw new ShopError('BAD_USER_INPUT', `A quantity is a number from 1 to ${MAX_QUANTITY}`)
    }
    const order = await placeOrder(db, customer, wanted)
    if (!order) throw new ShopError('CONFLICT', 'A product is not available in that quantity')
    return order
  },

  updateOrderStatus: async (
    _root: unknown,
    { id, status }: { id: string; status: OrderStatus },
    { db, viewer }: MercuriusContext,
  ): Promise<OrderRow> => {
    inRole(viewer, 'support', 'admin')
    const order = await changeOrderStatus(db, rowOf('Order', id), status)
    if (!order) throw new ShopError('NOT_FOUND', 'There is no such order')
    return order
  },

  updateProfile: async (
    _root: unknown,
    { profile }: { profile: { name?: string | null; phone?: string | null } },
    { db, viewer }: MercuriusContext,
  ): Promise<UserRow> => {
    const { name, phone } = profile
    if ((name?.length ?? 1) > 100 || name?.trim() === '' || (phone?.length ?? 1) > 30) {
      throw new ShopError('BAD_USER_INPUT', 'A name has 1 to 100 characters, a phone number at most 30')
    }
    const user = await changeUser(db, signedIn(viewer).id, profile)
    if (!user) throw new ShopError('NOT_FOUND', 'The account does not exist any more')
    return user
  },
}
