import { hashPassword } from '../../passwords.ts'
import type { OrderStatus, Role } from '../rows.ts'
import { createRandom } from './random.ts'
import {
  ADJECTIVES,
  CATEGORIES,
  CITIES,
  FIRST_NAMES,
  LAST_NAMES,
  NOUNS,
  OPINIONS,
  STREETS,
  TEST_CARDS,
} from './words.ts'

/** One row, column by column as the table names them. */
type Row = Readonly<Record<string, string | number | null>>

/** Rows by table, in an order that satisfies every foreign key. */
export type ShopData = ReadonlyMap<string, readonly Row[]>

/** Every generated account has this password: the shop is a demo, its data belongs to nobody. */
export const DEMO_PASSWORD = 'correct horse battery staple'

/** Accounts the tour signs in with. */
export const DEMO_ACCOUNTS = {
  customer: 'ada@example.com',
  other: 'lee@example.com',
  support: 'sam@example.com',
  admin: 'grace@example.com',
  neighbour: 'mei@example.com',
} as const

const TENANTS = [
  { id: 'harbor', name: 'Harbor Goods' },
  { id: 'meadow', name: 'Meadow Market' },
] as const

const STATUSES: readonly OrderStatus[] = ['PENDING', 'PAID', 'SHIPPED', 'DELIVERED', 'DELIVERED', 'CANCELLED']
const ROWS = { users: 700, productsPerTenant: 200, orders: 1_500, reviews: 1_200, carts: 200 }
const FIRST_DAY = Date.UTC(2025, 0, 1)
const HOUR = 3_600_000

/** A table that numbers its rows from 1. */
class Table<T extends Row> {
  readonly rows: (T & { id: number })[] = []

  add(row: T): T & { id: number } {
    const numbered = { id: this.rows.length + 1, ...row }
    this.rows.push(numbered)
    return numbered
  }
}

/**
 * Makes the shop's data, about 11,000 rows, the same for the same seed. Persons are synthetic: mail below example.com,
 * phone numbers of the range kept for fiction (555-01xx), social security numbers that are never issued (they begin
 * with 9 and have a group below 50, which taxpayer numbers do not use either), and card numbers for testing.
 */
export async function generateShop(seed = 1): Promise<ShopData> {
  const random = createRandom(seed)
  // One hash for all: 700 hashes would take half a minute. A real shop salts each.
  const passwordHash = await hashPassword(DEMO_PASSWORD, Buffer.from(random.digits(32), 'hex'))
  const moment = (): string => new Date(FIRST_DAY + random.between(0, 8_760) * HOUR).toISOString()

  const categories = new Table<Row & { tenant_id: string }>()
  const products = new Table<Row & { tenant_id: string; price_cents: number }>()
  for (const { id: tenant_id } of TENANTS) {
    const shelves = CATEGORIES.map((name) => categories.add({ tenant_id, name }))
    for (let index = 0; index < ROWS.productsPerTenant; index++) {
      const name = `${random.pick(ADJECTIVES)} ${random.pick(NOUNS)} ${random.between(10, 99)}`
      products.add({
        tenant_id,
        category_id: random.pick(shelves).id,
        name,
        description: `The ${name}. ${random.pick(OPINIONS)}`,
        price_cents: random.between(199, 24_999),
        stock: random.between(500, 5_000),
      })
    }
  }
  const productsOf = new Map<string, typeof products.rows>(
    TENANTS.map(({ id }) => [id, products.rows.filter((row) => row.tenant_id === id)]),
  )

  const users = new Table<Row & { tenant_id: string; name: string }>()
  const addresses = new Table<Row>()
  const methods = new Table<Row & { user_id: number }>()
  const addUser = (tenant_id: string, role: Role, name: string, email: string): void => {
    const { id: user_id } = users.add({
      tenant_id,
      role,
      name,
      email,
      phone: `+1-${random.between(201, 989)}-555-01${random.digits(2)}`,
      ssn: `9${random.digits(2)}-${String(random.between(1, 49)).padStart(2, '0')}-${random.digits(4)}`,
      password_hash: passwordHash,
      created_at: moment(),
    })
    for (const label of random.chance(40) ? ['home', 'work'] : ['home']) {
      const street = `${random.between(1, 180)} ${random.pick(STREETS)}`
      addresses.add({
        tenant_id,
        user_id,
        label,
        street,
        postal_code: random.digits(5),
        ...random.pick(CITIES),
      })
    }
    const expires = `${String(random.between(1, 12)).padStart(2, '0')}/${random.between(27, 31)}`
    methods.add({ tenant_id, user_id, holder: name, card_number: random.pick(TEST_CARDS), expires })
  }
  addUser('harbor', 'customer', 'Ada Holm', DEMO_ACCOUNTS.customer)
  addUser('harbor', 'support', 'Sam Keller', DEMO_ACCOUNTS.support)
  addUser('harbor', 'admin', 'Grace Novak', DEMO_ACCOUNTS.admin)
  addUser('meadow', 'customer', 'Mei Tanaka', DEMO_ACCOUNTS.neighbour)
  addUser('harbor', 'customer', 'Lee Marsh', DEMO_ACCOUNTS.other)
  while (users.rows.length < ROWS.users) {
    const [first, last] = [random.pick(FIRST_NAMES), random.pick(LAST_NAMES)]
    const email = `${first}.${last}.${users.rows.length + 1}@example.com`.toLowerCase()
    addUser(random.pick(TENANTS).id, 'customer', `${first} ${last}`, email)
  }
  const buyers = users.rows.filter((row) => row['role'] === 'customer')

  const reviews = new Table<Row>()
  for (let index = 0; index < ROWS.reviews; index++) {
    const { id: user_id, tenant_id } = random.pick(buyers)
    const product_id = random.pick(productsOf.get(tenant_id) ?? []).id
    reviews.add({
      tenant_id,
      product_id,
      user_id,
      rating: random.between(1, 5),
      body: random.pick(OPINIONS),
      created_at: moment(),
    })
  }

  const orders = new Table<Row>()
  const lines = new Table<Row>()
  const payments = new Table<Row>()
  for (let index = 0; index < ROWS.orders; index++) {
    // The first orders are those of the tour's own customers.
    const { id: user_id, tenant_id } =
      index < 10 ? (users.rows[index % 2 === 0 ? 0 : 3] ?? random.pick(buyers)) : random.pick(buyers)
    const bought = Array.from({ length: random.between(1, 4) }, () =>
      random.pick(productsOf.get(tenant_id) ?? []),
    )
    const chosen = [...new Set(bought)].map((product) => ({ product, quantity: random.between(1, 3) }))
    const total_cents = chosen.reduce((sum, { product, quantity }) => sum + product.price_cents * quantity, 0)
    const status = random.pick(STATUSES)
    const { id: order_id } = orders.add({ tenant_id, user_id, status, total_cents, created_at: moment() })
    for (const { product, quantity } of chosen) {
      lines.add({ tenant_id, order_id, product_id: product.id, quantity, price_cents: product.price_cents })
    }
    // Every user has one card, numbered alike.
    const paid = status === 'CANCELLED' ? 'REFUNDED' : status === 'PENDING' ? 'AUTHORIZED' : 'CAPTURED'
    payments.add({ tenant_id, order_id, payment_method_id: user_id, status: paid, amount_cents: total_cents })
  }

  const carts = new Table<Row>()
  const items = new Table<Row>()
  for (const { id: user_id, tenant_id } of buyers.slice(0, ROWS.carts)) {
    const { id: cart_id } = carts.add({ tenant_id, user_id })
    const inside = Array.from(
      { length: random.between(1, 4) },
      () => random.pick(productsOf.get(tenant_id) ?? []).id,
    )
    for (const product_id of new Set(inside))
      items.add({ tenant_id, cart_id, product_id, quantity: random.between(1, 3) })
  }

  return new Map<string, readonly Row[]>([
    ['tenants', TENANTS],
    ['users', users.rows],
    ['addresses', addresses.rows],
    ['payment_methods', methods.rows],
    ['categories', categories.rows],
    ['products', products.rows],
    ['reviews', reviews.rows],
    ['orders', orders.rows],
    ['order_lines', lines.rows],
    ['payments', payments.rows],
    ['carts', carts.rows],
    ['cart_items', items.rows],
  ])
}
