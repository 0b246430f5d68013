import { safeDb, sql } from '@portcullis/safe-db'
import Fastify, { type FastifyInstance, type LightMyRequestResponse } from 'fastify'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DEMO_ACCOUNTS } from '../src/database/seed/generate.ts'
import { startShop, type TestShop } from './shop.ts'

let shop: TestShop
let ada: { authorization: string }
let mei: { authorization: string }
let support: { authorization: string }
/** A session of the role that serves requests, without safe-db. */
let session: Client

beforeAll(async () => {
  shop = await startShop()
  ada = await shop.login(DEMO_ACCOUNTS.customer)
  mei = await shop.login(DEMO_ACCOUNTS.neighbour)
  support = await shop.login(DEMO_ACCOUNTS.support)
  session = new Client({ connectionString: shop.dsn })
  await session.connect()
})

afterAll(async () => {
  await session.end()
  await shop.close()
})

const TABLES =
  'addresses cart_items carts categories order_lines orders payment_methods payments products reviews tenants users'.split(
    ' ',
  )

/** Runs a statement as the serving role in a transaction that was told this, and is rolled back. */
async function as(
  context: { tenant?: string; user?: number; role?: string },
  statement: string,
): Promise<Record<string, unknown>[]> {
  await session.query('BEGIN')
  try {
    await session.query(
      `SELECT set_config('app.tenant_id', $1, true), set_config('app.user_id', $2, true), set_config('app.role', $3, true)`,
      [context.tenant ?? '', String(context.user ?? ''), context.role ?? ''],
    )
    return (await session.query<Record<string, unknown>>(statement)).rows
  } finally {
    await session.query('ROLLBACK')
  }
}

const ADA = { tenant: 'harbor', user: 1, role: 'customer' }
const SAM = { tenant: 'harbor', user: 2, role: 'support' }
const GRACE = { tenant: 'harbor', user: 3, role: 'admin' }

describe('the serving role', () => {
  it('is nothing special: it neither bypasses policies nor owns anything', async () => {
    const { rows } = await shop.owner.query(
      `SELECT rolname, rolcanlogin, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication,
        (SELECT count(*)::int FROM pg_class WHERE relowner = pg_roles.oid) AS tables,
        (SELECT count(*)::int FROM pg_namespace WHERE nspowner = pg_roles.oid) AS schemas
       FROM pg_roles WHERE rolname LIKE 'portcullis_shop%' ORDER BY rolname`,
    )
    const plain = {
      rolsuper: false,
      rolbypassrls: false,
      rolcreaterole: false,
      rolcreatedb: false,
      rolreplication: false,
      tables: 0,
      schemas: 0,
    }
    expect(rows).toEqual([
      { rolname: 'portcullis_shop_app', rolcanlogin: true, ...plain },
      { rolname: 'portcullis_shop_login', rolcanlogin: false, ...plain },
    ])
    await expect(session.query('SET ROLE portcullis_shop_login')).rejects.toThrow('permission denied')
  })

  it('meets row-level security, enabled and forced, with a policy on every table', async () => {
    const { rows } = await shop.owner.query<{ name: string; forced: boolean; policies: number }>(
      `SELECT relname AS name, relrowsecurity AND relforcerowsecurity AS forced,
        (SELECT count(*)::int FROM pg_policy WHERE polrelid = pg_class.oid) AS policies
       FROM pg_class WHERE relnamespace = 'portcullis_shop'::regnamespace AND relkind = 'r' ORDER BY 1`,
    )
    expect(rows.map(({ name }) => name)).toEqual(TABLES)
    expect(rows.filter(({ forced, policies }) => !forced || policies === 0)).toEqual([])
  })

  it.each(TABLES)('sees no row of %s unless it was told who asks', async (table) => {
    expect((await session.query(`SELECT FROM ${table}`)).rows).toHaveLength(0)
    expect(await as({}, `SELECT FROM ${table}`)).toHaveLength(0)
    expect(await as({ user: 1, role: 'admin' }, `SELECT FROM ${table}`)).toHaveLength(0)
    expect(await as({ tenant: 'nowhere', user: 1, role: 'admin' }, `SELECT FROM ${table}`)).toHaveLength(0)
  })

  it.each(TABLES.filter((table) => table !== 'tenants'))(
    'sees rows of %s of the asking tenant alone, whoever asks',
    async (table) => {
      for (const who of [{ tenant: 'harbor' }, ADA, SAM, GRACE]) {
        const rows = await as(who, `SELECT DISTINCT tenant_id FROM ${table}`)
        expect(rows.filter(({ tenant_id }) => tenant_id !== 'harbor')).toEqual([])
      }
    },
  )

  it('sees what is personal for its owner and for staff', async () => {
    const own = 'addresses payment_methods orders order_lines payments carts'.split(' ')
    for (const table of own) {
      const count = async (who: object): Promise<number> =>
        Number((await as(who, `SELECT count(*) FROM ${table}`))[0]?.['count'])
      expect(await count({ tenant: 'harbor' })).toBe(0)
      expect(await count(ADA)).toBeGreaterThan(0)
      expect(await count(ADA)).toBeLessThan(100)
    }
    expect((await as(SAM, 'SELECT FROM orders')).length).toBeGreaterThan(100)
  })

  it.each([
    ['reads a password hash', ADA, 'SELECT password_hash FROM users'],
    ['reads all columns, hash included', GRACE, 'SELECT * FROM users'],
    ['deletes', GRACE, 'DELETE FROM orders'],
    ['empties a table', GRACE, 'TRUNCATE orders'],
    ['changes a price', ADA, 'UPDATE products SET price_cents = 1'],
    ['changes an amount', SAM, 'UPDATE orders SET total_cents = 1'],
    ['moves a row to another tenant', SAM, "UPDATE orders SET tenant_id = 'meadow'"],
    ['drops a policy', GRACE, 'DROP POLICY owner_or_staff ON orders'],
    ['switches policies off', GRACE, 'ALTER TABLE orders DISABLE ROW LEVEL SECURITY'],
    ['makes itself an admin', ADA, "UPDATE users SET role = 'admin' WHERE id = 1"],
    [
      'orders for somebody else',
      ADA,
      "INSERT INTO orders (tenant_id, user_id, status, total_cents) VALUES ('harbor', 2, 'PENDING', 1)",
    ],
    [
      'orders in another tenant',
      ADA,
      "INSERT INTO orders (tenant_id, user_id, status, total_cents) VALUES ('meadow', 1, 'PENDING', 1)",
    ],
    [
      'orders what is paid already',
      ADA,
      "INSERT INTO orders (tenant_id, user_id, status, total_cents) VALUES ('harbor', 1, 'PAID', 1)",
    ],
    [
      "adds a line to somebody else's order",
      ADA,
      "INSERT INTO order_lines (tenant_id, order_id, product_id, quantity, price_cents) VALUES ('harbor', 2, 1, 1, 1)",
    ],
    [
      'registers an admin',
      { tenant: 'harbor' },
      "INSERT INTO users (tenant_id, role, name, email, password_hash) VALUES ('harbor', 'admin', 'x', 'x@example.com', '')",
    ],
  ])('never %s', async (_act, who, statement) => {
    await expect(as(who, statement)).rejects.toMatchObject({ code: '42501' })
  })

  it.each([
    ["somebody else's profile", ADA, "UPDATE users SET name = 'x' WHERE id <> 1 RETURNING id"],
    ["another tenant's profile", GRACE, "UPDATE users SET name = 'x' WHERE id = 4 RETURNING id"],
    ["an order's status, as a customer", ADA, "UPDATE orders SET status = 'SHIPPED' RETURNING id"],
    ["another tenant's order", SAM, "UPDATE orders SET status = 'SHIPPED' WHERE id = 2 RETURNING id"],
    ['the stock, as a visitor', { tenant: 'harbor' }, 'UPDATE products SET stock = 0 RETURNING id'],
    ["another tenant's stock", ADA, 'UPDATE products SET stock = 0 WHERE id > 200 RETURNING id'],
  ])('finds nothing to change of %s', async (_what, who, statement) => {
    expect(await as(who, statement)).toEqual([])
  })

  it('looks an account up by its exact address, through a function whose names cannot be taken over', async () => {
    const rows = await as({}, `SELECT * FROM account_to_sign_in('Mei@Example.com')`)
    expect(rows).toMatchObject([{ id: 4, tenant_id: 'meadow' }])
    expect(Object.keys(rows[0] ?? {})).not.toContain('ssn')
    expect(await as({}, `SELECT * FROM account_to_sign_in('%')`)).toEqual([])
    const { rows: functions } = await shop.owner.query(
      `SELECT prosecdef, proconfig, rolname FROM pg_proc JOIN pg_roles ON pg_roles.oid = proowner WHERE proname = 'account_to_sign_in'`,
    )
    expect(functions).toEqual([
      { prosecdef: true, proconfig: ['search_path=""'], rolname: 'portcullis_shop_login' },
    ])
  })
})

describe('requests', () => {
  const ask = async (query: string, headers: Record<string, string>, variables = {}): Promise<unknown> =>
    (await shop.graphql(query, variables, headers)).json()

  it("of one tenant get nothing of the other's, by whichever way", async () => {
    for (const headers of [ada, support]) {
      for (const id of ['Order:2', 'User:4', 'Product:201', 'Category:11']) {
        const node = await ask('query ($id: ID!) { node(id: $id) { id } }', headers, { id })
        expect(node).toEqual({ data: { node: null } })
      }
      expect(await ask('{ order(id: "Order:2") { id } product(id: "Product:201") { id } }', headers)).toEqual(
        {
          data: { order: null, product: null },
        },
      )
      for (const url of ['/orders/2', '/users/4']) {
        const reply = await shop.app.inject({ url, headers })
        expect(reply.statusCode).toBe(404)
      }
    }
    expect((await shop.app.inject({ url: '/orders/2', headers: mei })).json()).toMatchObject({
      id: 2,
      userId: 4,
    })
    expect((await shop.app.inject({ url: '/orders/1', headers: ada })).json()).toMatchObject({
      id: 1,
      userId: 1,
    })
  })

  it("of a customer get no other customer's order", async () => {
    const { rows } = await shop.owner.query<{ id: number }>(
      "SELECT id FROM orders WHERE tenant_id = 'harbor' AND user_id <> 1 LIMIT 1",
    )
    const id = rows[0]?.id
    expect((await shop.app.inject({ url: `/orders/${id}`, headers: ada })).statusCode).toBe(404)
    expect(await ask(`{ order(id: "Order:${id}") { id } }`, ada)).toEqual({ data: { order: null } })
    expect((await shop.app.inject({ url: `/orders/${id}`, headers: support })).statusCode).toBe(200)
  })

  it("change nothing of the other tenant's", async () => {
    const moved = await ask(
      'mutation { updateOrderStatus(id: "Order:2", status: CANCELLED) { id } }',
      support,
    )
    expect(moved).toMatchObject({ errors: [{ extensions: { code: 'NOT_FOUND' } }] })
    const place = 'mutation { placeOrder(lines: [{ product: "Product:201", quantity: 1 }]) { id } }'
    expect(await ask(place, ada)).toMatchObject({ errors: [{ extensions: { code: 'CONFLICT' } }] })
  })

  it('load related rows for who asks, also where another request asks for the same at once', async () => {
    const query =
      '{ shop { name } products(first: 5) { nodes { id category { id } reviews(first: 50) { nodes { author { id } } } } } }'
    const one = async (headers: Record<string, string>): Promise<string> =>
      JSON.stringify(await ask(query, headers))
    const alone = { ada: await one(ada), mei: await one(mei) }
    expect(alone.ada).toContain('Harbor')
    expect(alone.mei).toContain('Meadow')
    expect(alone.mei).not.toContain('"Product:1"')
    const together = await Promise.all(Array.from({ length: 20 }, (_, index) => one(index % 2 ? ada : mei)))
    together.forEach((answer, index) => expect(answer).toBe(index % 2 ? alone.ada : alone.mei))
  })

  it('may be several in one batch, each with the rows of who sent it', async () => {
    const batch = (headers: Record<string, string>): Promise<LightMyRequestResponse> =>
      shop.app.inject({
        method: 'POST',
        url: '/graphql',
        headers,
        payload: [{ query: '{ shop { name } }' }, { query: '{ node(id: "Product:201") { id } }' }],
      })
    expect((await batch(mei)).json()).toMatchObject([
      { data: { shop: { name: 'Meadow Market' } } },
      { data: { node: { id: 'Product:201' } } },
    ])
    expect((await batch(ada)).json()).toMatchObject([
      { data: { shop: { name: 'Harbor Goods' } } },
      { data: { node: null } },
    ])
  })

  it('take an order whole or not at all, and never sell more than there is', async () => {
    const place = (lines: { product: string; quantity: number }[]): Promise<unknown> =>
      ask('mutation ($lines: [OrderLineInput!]!) { placeOrder(lines: $lines) { id } }', ada, { lines })
    await shop.owner.query('UPDATE products SET stock = 10 WHERE id IN (3, 4)')
    const stock = async (): Promise<unknown[]> =>
      (await shop.owner.query('SELECT stock FROM products WHERE id IN (3, 4)')).rows
    expect(
      await place([
        { product: 'Product:3', quantity: 2 },
        { product: 'Product:4', quantity: 11 },
      ]),
    ).toMatchObject({ errors: [{ extensions: { code: 'CONFLICT' } }] })
    expect(await stock()).toEqual([{ stock: 10 }, { stock: 10 }])
    const lines = [
      { product: 'Product:3', quantity: 1 },
      { product: 'Product:4', quantity: 1 },
    ]
    const orders = await Promise.all(
      Array.from({ length: 30 }, (_, index) => place(index % 2 ? lines : lines.toReversed())),
    )
    expect(orders.filter((order) => JSON.stringify(order).includes('"Order:'))).toHaveLength(10)
    expect(await stock()).toEqual([{ stock: 0 }, { stock: 0 }])
  })
})

describe('work without a request', () => {
  it('sees nobody’s rows', async () => {
    const app: FastifyInstance = Fastify()
    await app.register(safeDb, { dsn: shop.dsn, tls: 'disable' })
    expect(await app.db.query(sql`SELECT id FROM orders`)).toEqual([])
    await app.close()
  })
})
