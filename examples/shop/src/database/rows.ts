/** What an account may do: buy, help customers, run the shop. */
export type Role = 'customer' | 'support' | 'admin'

/** How far an order is. */
export type OrderStatus = 'PENDING' | 'PAID' | 'SHIPPED' | 'DELIVERED' | 'CANCELLED'

/** A shop of its own; no row is seen across tenants. */
export interface TenantRow {
  id: string
  name: string
}

/** A person with an account. `email`, `phone` and `ssn` are personal data. */
export interface UserRow {
  id: number
  tenantId: string
  role: Role
  name: string
  email: string
  phone: string | null
  ssn: string | null
  createdAt: Date
}

/** What a login looks up. */
export interface AccountRow extends Omit<UserRow, 'phone' | 'ssn'> {
  passwordHash: string
}

/** Where a customer lives. */
export interface AddressRow {
  id: number
  userId: number
  label: string
  street: string
  city: string
  postalCode: string
  country: string
}

/** A card of a customer. `cardNumber` is personal data. */
export interface PaymentMethodRow {
  id: number
  userId: number
  holder: string
  cardNumber: string
  expires: string
}

/** A shelf of the shop. */
export interface CategoryRow {
  id: number
  name: string
}

/** Something for sale; prices are euro cents. */
export interface ProductRow {
  id: number
  categoryId: number
  name: string
  description: string
  priceCents: number
  stock: number
}

/** What a customer says of a product. */
export interface ReviewRow {
  id: number
  productId: number
  userId: number
  rating: number
  body: string
  createdAt: Date
}

/** A purchase. */
export interface OrderRow {
  id: number
  userId: number
  status: OrderStatus
  totalCents: number
  createdAt: Date
}

/** One product of an order at the price of that day. */
export interface OrderLineRow {
  id: number
  orderId: number
  productId: number
  quantity: number
  priceCents: number
}

/** Money that moved, or will, for an order. */
export interface PaymentRow {
  id: number
  orderId: number
  paymentMethodId: number | null
  status: 'AUTHORIZED' | 'CAPTURED' | 'REFUNDED'
  amountCents: number
}

/** What a customer is about to buy. */
export interface CartRow {
  id: number
  userId: number
}

/** One product in a cart; its price is today's. */
export interface CartItemRow {
  id: number
  cartId: number
  productId: number
  quantity: number
}

/** A part of a list: at most `first` rows whose id lies after `after`. */
export interface Page {
  readonly first: number
  readonly after: number | null
}
