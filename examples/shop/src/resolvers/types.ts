import type { MercuriusContext } from 'mercurius'
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
import { seesContact } from './context.ts'
import { nodeId } from './ids.ts'

/** An amount in the smallest unit of its currency. */
export interface Money {
  amount: number
  currency: string
}

const euro = (amount: number): Money => ({ amount, currency: 'EUR' })
const idOf =
  (type: string) =>
  (row: { id: number }): string =>
    nodeId(type, row.id)
const createdAt = (row: { createdAt: Date }): string => row.createdAt.toISOString()

/** Fields that are computed from the row itself; related rows come from the loaders. */
export const types = {
  User: {
    id: idOf('User'),
    role: (user: UserRow): string => user.role.toUpperCase(),
    email: (user: UserRow, _args: unknown, context: MercuriusContext): string | null =>
      seesContact(context, user) ? user.email : null,
    phone: (user: UserRow, _args: unknown, context: MercuriusContext): string | null =>
      seesContact(context, user) ? user.phone : null,
    createdAt,
  },
  Address: { id: idOf('Address') satisfies (row: AddressRow) => string },
  PaymentMethod: { id: idOf('PaymentMethod') satisfies (row: PaymentMethodRow) => string },
  Category: { id: idOf('Category') satisfies (row: CategoryRow) => string },
  Product: {
    id: idOf('Product'),
    price: (product: ProductRow): Money => euro(product.priceCents),
    inStock: (product: ProductRow): boolean => product.stock > 0,
  },
  Review: { id: idOf('Review') satisfies (row: ReviewRow) => string, createdAt },
  Order: { id: idOf('Order'), price: (order: OrderRow): Money => euro(order.totalCents), createdAt },
  OrderLine: { id: idOf('OrderLine'), price: (line: OrderLineRow): Money => euro(line.priceCents) },
  Payment: { id: idOf('Payment'), amount: (payment: PaymentRow): Money => euro(payment.amountCents) },
  Cart: { id: idOf('Cart') satisfies (row: CartRow) => string },
  CartItem: { id: idOf('CartItem') satisfies (row: CartItemRow) => string },
}
