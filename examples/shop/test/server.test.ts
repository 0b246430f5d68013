import { GraphQLObjectType, GraphQLUnionType, buildSchema, isInterfaceType } from 'graphql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DEMO_ACCOUNTS, DEMO_PASSWORD } from '../src/database/seed/generate.ts'
import { schema } from '../src/schema.ts'
import { startShop, type TestShop } from './shop.ts'

let shop: TestShop
let customer: { authorization: string }
let support: { authorization: string }
let admin: { authorization: string }
let neighbour: { authorization: string }

beforeAll(async () => {
  shop = await startShop()
  customer = await shop.login(DEMO_ACCOUNTS.customer)
  support = await shop.login(DEMO_ACCOUNTS.support)
  admin = await shop.login(DEMO_ACCOUNTS.admin)
  neighbour = await shop.login(DEMO_ACCOUNTS.neighbour)
})

afterAll(() => shop.close())

const codes = (reply: {
  json(): { errors?: { extensions?: { code?: string } }[] }
}): (string | undefined)[] => (reply.json().errors ?? []).map((error) => error.extensions?.code)

describe('the schema', () => {
  it('has at least 12 object types, two interfaces and a union', () => {
    const types = Object.values(buildSchema(schema).getTypeMap()).filter(
      (type) => !type.name.startsWith('__'),
    )
    const objects = types.filter(
      (type) => type instanceof GraphQLObjectType && !/^(Query|Mutation)$|Connection$|Edge$/.test(type.name),
    )
    expect(objects.length).toBeGreaterThanOrEqual(12)
    expect(types.filter(isInterfaceType).map((type) => type.name)).toEqual(['Node', 'Priced'])
    expect(types.filter((type) => type instanceof GraphQLUnionType).map((type) => type.name)).toEqual([
      'SearchResult',
    ])
  })
})

describe('what nothing answers', () => {
  it.each([
    ['/no/hostile-%1b%5B31m?q=hostile', 404, 'NOT_FOUND'],
    ['/%c0hostile', 400, 'FST_ERR_BAD_URL'],
  ])('%s gets an answer without a word of it', async (url, status, code) => {
    const reply = await shop.app.inject(url)
    expect([reply.statusCode, reply.json<{ code: string }>().code]).toEqual([status, code])
    expect(reply.headers['x-request-id']).toBeDefined()
    expect(reply.body).not.toMatch(/hostile|%1b|%c0/i)
  })
})

describe('the catalogue in GraphQL', () => {
  it('answers a visitor page by page', async () => {
    const query = `query ($after: String) { shop { name } products(first: 3, after: $after) {
      nodes { id name price { amount currency } category { name } } edges { cursor node { id } } pageInfo { hasNextPage endCursor } } }`
    const first = (await shop.graphql(query)).json()
    expect(first.data.shop.name).toBe('Harbor Goods')
    expect(first.data.products.nodes.map((node: { id: string }) => node.id)).toEqual([
      'Product:1',
      'Product:2',
      'Product:3',
    ])
    expect(first.data.products.edges[2].cursor).toBe(first.data.products.pageInfo.endCursor)
    const second = (await shop.graphql(query, { after: first.data.products.pageInfo.endCursor })).json()
    expect(second.data.products.nodes[0].id).toBe('Product:4')
  })

  it.each([
    [1_000_000, 100],
    [-5, 0],
    [0, 0],
    [null, 20],
  ])('bounds a list: first %s gives %s', async (first, length) => {
    const reply = await shop.graphql('query ($first: Int) { products(first: $first) { nodes { id } } }', {
      first,
    })
    expect(reply.json().data.products.nodes).toHaveLength(length)
  })

  it('finds products, categories and, for staff alone, persons', async () => {
    const query =
      '{ search(text: "a", first: 100) { __typename ... on Node { id } ... on Priced { price { amount } } } }'
    const kinds = async (headers: Record<string, string>): Promise<string[]> => {
      const found: { __typename: string }[] = (await shop.graphql(query, {}, headers)).json().data.search
      return [...new Set(found.map((entry) => entry.__typename))].toSorted()
    }
    expect(await kinds({})).toEqual(['Category', 'Product'])
    expect(
      await shop
        .graphql('{ search(text: "Ada Holm") { ... on User { email } } }', {}, support)
        .then((r) => r.json().data.search),
    ).toEqual([{ email: DEMO_ACCOUNTS.customer }])
  })

  it('reads related rows with one statement per step, however many objects ask', async () => {
    const statements: unknown[] = []
    const stop = shop.app.securityEvents.subscribe((event) => {
      if (event.type === 'db.query') statements.push(event)
      return undefined
    })
    const reply = await shop.graphql(
      '{ products(first: 50) { nodes { a: reviews(first: 2) { nodes { author { name } } } category { name } b: reviews(first: 5) { nodes { id } } } } }',
    )
    stop()
    expect(reply.json().errors).toBeUndefined()
    expect(statements.length).toBe(5)
  })

  it('gives a node by its id, and nothing of another tenant', async () => {
    const query = 'query ($id: ID!) { node(id: $id) { __typename id } }'
    expect((await shop.graphql(query, { id: 'Product:7' })).json().data.node).toEqual({
      __typename: 'Product',
      id: 'Product:7',
    })
    expect((await shop.graphql(query, { id: 'Product:7' }, neighbour)).json().data.node).toBeNull()
    for (const id of [
      'Product:0',
      'Product:-1',
      '7',
      "Product:7'; DROP",
      'Product:99999999999',
      '',
      'Shop:1',
    ]) {
      const reply = await shop.graphql(query, { id })
      expect(reply.statusCode).toBeLessThan(500)
      expect(reply.json().data?.node ?? null).toBeNull()
    }
  })
})

describe('personal data', () => {
  const query =
    'query ($id: ID!) { node(id: $id) { ... on User { name email phone addresses { street } paymentMethods { cardNumber } orders { nodes { id } } } } }'

  it('is shown to the person and to staff', async () => {
    for (const headers of [customer, support, admin]) {
      const user = (await shop.graphql(query, { id: 'User:1' }, headers)).json().data.node
      expect(user).toMatchObject({ name: 'Ada Holm', email: DEMO_ACCOUNTS.customer })
      expect(user.paymentMethods[0].cardNumber).toMatch(/^\d+$/)
      expect(user.orders.nodes.length).toBeGreaterThanOrEqual(5)
    }
  })

  it('is hidden from visitors and other customers', async () => {
    for (const [headers, id] of [
      [{}, 'User:1'],
      [customer, 'User:2'],
    ] as const) {
      expect((await shop.graphql(query, { id }, headers)).json().data.node).toMatchObject({
        email: null,
        phone: null,
        addresses: null,
        paymentMethods: null,
        orders: null,
      })
    }
    expect((await shop.graphql(query, { id: 'User:1' }, neighbour)).json().data.node).toBeNull()
  })
})

describe('orders', () => {
  it("are a customer's own, and all of the tenant for staff", async () => {
    const query =
      '{ orders(first: 100) { nodes { id price { amount } customer { id } lines { quantity price { amount } product { name } } payments { status method { holder } } } } }'
    const own = (await shop.graphql(query, {}, customer)).json().data.orders.nodes
    expect(new Set(own.map((order: { customer: { id: string } }) => order.customer.id))).toEqual(
      new Set(['User:1']),
    )
    for (const order of own) {
      const sum = order.lines.reduce(
        (total: number, line: { quantity: number; price: { amount: number } }) =>
          total + line.quantity * line.price.amount,
        0,
      )
      expect(sum).toBe(order.price.amount)
    }
    const all = (await shop.graphql(query, {}, support)).json().data.orders.nodes
    expect(new Set(all.map((order: { customer: { id: string } }) => order.customer.id)).size).toBeGreaterThan(
      10,
    )
    expect(codes(await shop.graphql(query))).toEqual(['UNAUTHENTICATED'])
  })

  it('are placed, and moved on by staff alone', async () => {
    const place =
      'mutation ($lines: [OrderLineInput!]!) { placeOrder(lines: $lines) { id status price { amount } lines { quantity } } }'
    const reply = await shop.graphql(place, { lines: [{ product: 'Product:1', quantity: 2 }] }, customer)
    expect(reply.json().data.placeOrder).toMatchObject({ status: 'PENDING', lines: [{ quantity: 2 }] })
    const { id } = reply.json().data.placeOrder
    const move = 'mutation ($id: ID!) { updateOrderStatus(id: $id, status: SHIPPED) { status } }'
    expect(codes(await shop.graphql(move, { id }, customer))).toEqual(['FORBIDDEN'])
    expect(codes(await shop.graphql(move, { id: 'Order:999999' }, support))).toEqual(['NOT_FOUND'])
    expect((await shop.graphql(move, { id }, support)).json().data.updateOrderStatus.status).toBe('SHIPPED')
    expect(
      (await shop.graphql('query ($id: ID!) { order(id: $id) { status } }', { id }, neighbour)).json().data
        .order,
    ).toBeNull()
  })

  it.each([
    ['no line', []],
    ['quantity 0', [{ product: 'Product:1', quantity: 0 }]],
    ['a negative quantity', [{ product: 'Product:1', quantity: -1 }]],
    [
      'a product twice',
      [
        { product: 'Product:1', quantity: 1 },
        { product: 'Product:1', quantity: 1 },
      ],
    ],
    ['an id of another type', [{ product: 'User:1', quantity: 1 }]],
    [
      'too many lines',
      Array.from({ length: 51 }, (_, index) => ({ product: `Product:${index + 1}`, quantity: 1 })),
    ],
  ])('with %s are refused', async (_case, lines) => {
    const place = 'mutation ($lines: [OrderLineInput!]!) { placeOrder(lines: $lines) { id } }'
    expect(codes(await shop.graphql(place, { lines }, customer))).toEqual(['BAD_USER_INPUT'])
  })
})

describe('signing in', () => {
  const login =
    'mutation ($email: String!, $password: String!) { login(email: $email, password: $password) { token user { name email } } }'

  it('answers a wrong password and an unknown account alike, in REST and GraphQL', async () => {
    const wrong = { email: DEMO_ACCOUNTS.customer, password: 'wrong' }
    const unknown = { email: 'nobody@example.com', password: DEMO_PASSWORD }
    const [one, other] = await Promise.all(
      [wrong, unknown].map((payload) => shop.app.inject({ method: 'POST', url: '/auth/login', payload })),
    )
    expect(one?.statusCode).toBe(401)
    expect(one?.json()).toMatchObject({ code: 'UNAUTHENTICATED', message: 'Email or password is wrong' })
    expect(other?.json()).toEqual(one?.json())
    const [first, second] = await Promise.all(
      [wrong, unknown].map((variables) => shop.graphql(login, variables)),
    )
    expect(first && codes(first)).toEqual(['UNAUTHENTICATED'])
    expect(second?.json()).toEqual(first?.json())
    expect(first?.body).not.toMatch(/"wrong"|ada@example/)
  })

  it('gives a token in GraphQL too, with which the person is seen', async () => {
    const reply = await shop.graphql(login, { email: DEMO_ACCOUNTS.customer, password: DEMO_PASSWORD })
    const { token } = reply.json().data.login
    const me = await shop.graphql(
      '{ me { name email } cart { items { quantity product { name } } } }',
      {},
      { authorization: `Bearer ${token}` },
    )
    expect(me.json().data.me).toEqual({ name: 'Ada Holm', email: DEMO_ACCOUNTS.customer })
    expect(me.json().data.cart.items.length).toBeGreaterThan(0)
  })

  it('opens an account once, and changes its profile', async () => {
    const register =
      'mutation ($email: String!, $password: String!) { register(name: "Ida", email: $email, password: $password) { token user { role } } }'
    const person = { email: 'Ida@example.com', password: 'a long enough one' }
    const reply = await shop.graphql(register, person)
    expect(reply.json().data.register.user.role).toBe('CUSTOMER')
    expect(codes(await shop.graphql(register, person))).toEqual(['CONFLICT'])
    expect(codes(await shop.graphql(register, { ...person, password: 'short' }))).toEqual(['BAD_USER_INPUT'])
    const headers = await shop.app
      .inject({ method: 'POST', url: '/auth/login', payload: { ...person, email: 'ida@example.com' } })
      .then((answer) => ({ authorization: `Bearer ${answer.json().token}` }))
    const change = 'mutation ($profile: ProfileInput!) { updateProfile(profile: $profile) { name phone } }'
    const changed = await shop.graphql(change, { profile: { phone: '+1-212-555-0100' } }, headers)
    expect(changed.json().data.updateProfile).toEqual({ name: 'Ida', phone: '+1-212-555-0100' })
  })

  it.each(['Bearer nonsense', 'Bearer a.b.c', 'Basic YTpi', ''])(
    'refuses the header %j',
    async (authorization) => {
      const rest = await shop.app.inject({ url: '/orders', headers: { authorization } })
      expect([400, 401]).toContain(rest.statusCode)
      const reply = await shop.graphql('{ me { id } }', {}, { authorization })
      expect(reply.statusCode).toBe(rest.statusCode)
    },
  )
})

describe('REST', () => {
  it('shows a user to the person and to staff', async () => {
    const read = (id: number, headers: Record<string, string>): Promise<number> =>
      shop.app.inject({ url: `/users/${id}`, headers }).then((reply) => reply.statusCode)
    expect(await read(1, customer)).toBe(200)
    expect(await read(1, support)).toBe(200)
    expect(await read(2, customer)).toBe(404)
    expect(await read(4, admin)).toBe(404)
    expect(await read(1, {})).toBe(401)
    const body = (await shop.app.inject({ url: '/users/1', headers: customer })).json()
    expect(Object.keys(body).toSorted()).toEqual(['createdAt', 'email', 'id', 'name', 'phone', 'role', 'ssn'])
  })

  it('lists own orders page by page', async () => {
    const first = (await shop.app.inject({ url: '/orders?first=2', headers: customer })).json().orders
    expect(first).toHaveLength(2)
    const second = (
      await shop.app.inject({ url: `/orders?first=2&after=${first[1].id}`, headers: customer })
    ).json().orders
    expect(second[0].id).toBeLessThan(first[1].id)
    expect(new Set([...first, ...second].map((order) => order.userId))).toEqual(new Set([1]))
  })

  it('changes a user for an admin alone', async () => {
    const change = (headers: Record<string, string>, payload: object, id = 1) =>
      shop.app.inject({ method: 'PATCH', url: `/admin/users/${id}`, headers, payload })
    expect((await change(customer, { role: 'admin' })).statusCode).toBe(403)
    expect((await change(support, { role: 'admin' })).statusCode).toBe(403)
    expect((await change({}, { role: 'admin' })).statusCode).toBe(401)
    expect((await change(admin, { role: 'owner' })).statusCode).toBe(400)
    expect((await change(admin, {})).statusCode).toBe(400)
    expect((await change(admin, { name: 'x' }, 4)).statusCode).toBe(404)
    expect((await change(admin, { phone: '+1-212-555-0199' })).json()).toMatchObject({
      id: 1,
      name: 'Ada Holm',
      phone: '+1-212-555-0199',
    })
  })

  it.each([
    ['GET', '/nowhere', undefined, 404],
    ['GET', '/users/one', undefined, 400],
    ['GET', '/users/99999999999', undefined, 400],
    ['GET', '/orders?first=-1', undefined, 400],
    ['GET', '/orders?first=1000000', undefined, 400],
    ['GET', '/%', undefined, 400],
    ['POST', '/auth/login', '{"email":', 400],
    ['POST', '/auth/login', '[]', 400],
    ['POST', '/auth/login', '{"email":{"$ne":1},"password":"x"}', 400],
    ['POST', '/graphql', '{"query":', 400],
    ['POST', '/graphql', '{"query":"{ nope }"}', 400],
    ['POST', '/graphql', '{"query":"{{{"}', 400],
    ['POST', '/graphql', '[]', 400],
    ['POST', '/graphql', '"text"', 400],
  ] as const)('%s %s with %s stays a %d', async (method, url, payload, status) => {
    const reply = await shop.app.inject({
      method,
      url,
      headers: { ...customer, ...(payload && { 'content-type': 'application/json' }) },
      ...(payload && { payload }),
    })
    expect(reply.statusCode).toBe(status)
  })
})

describe('a failure inside', () => {
  it('tells the client nothing but that it happened', async () => {
    await shop.owner.query('ALTER TABLE reviews RENAME TO reviews_away')
    const reply = await shop.graphql('{ product(id: "Product:1") { name reviews { nodes { id } } } }')
    await shop.owner.query('ALTER TABLE reviews_away RENAME TO reviews')
    expect(reply.json().errors).toMatchObject([
      { message: 'Something failed on our side', extensions: { code: 'INTERNAL_SERVER_ERROR' } },
    ])
    expect(reply.body).not.toMatch(/relation|reviews_away|SELECT/)
  })

  it('answers within seconds when the database is gone, and recovers with it', async () => {
    shop.postgres.kill('SIGKILL')
    const reply = await shop.graphql('{ shop { name } }')
    expect(codes(reply)).toEqual(['DATABASE_UNAVAILABLE'])
    expect(reply.body).not.toMatch(/ECONN|127\.0\.0\.1|postgres/)
    const rest = await shop.app.inject({ url: '/orders', headers: customer })
    expect(rest.statusCode).toBe(503)
    expect(rest.headers['retry-after']).toBeDefined()
    expect(rest.body).not.toMatch(/ECONN|127\.0\.0\.1|postgres/)
    await shop.postgres.restart()
    expect((await shop.graphql('{ shop { name } }')).json().data.shop.name).toBe('Harbor Goods')
  })
})
