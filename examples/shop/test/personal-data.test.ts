import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DEMO_ACCOUNTS } from '../src/database/seed/generate.ts'
import { startShop, type TestShop } from './shop.ts'

let shop: TestShop
let app: FastifyInstance
/** The row of User:1, as it is stored. */
let ada: { email: string; phone: string; ssn: string }
/** How many addresses are hers. */
let addresses: number
type Reader = 'visitor' | keyof typeof DEMO_ACCOUNTS
const headers = new Map<Reader, Record<string, string>>([['visitor', {}]])

beforeAll(async () => {
  shop = await startShop()
  app = await shop.build()
  const { rows } = await shop.owner.query<typeof ada>('SELECT email, phone, ssn FROM users WHERE id = 1')
  if (rows[0]) ada = rows[0]
  const own = await shop.owner.query('SELECT FROM addresses WHERE user_id = 1')
  addresses = own.rows.length
  for (const reader of ['customer', 'other', 'support', 'admin', 'neighbour'] as const)
    headers.set(reader, await shop.login(DEMO_ACCOUNTS[reader], app))
})

afterAll(() => shop.close())

/** A list of the same length as Ada's addresses, whose members all hold this. */
const everyOne = (member: object): unknown[] => Array.from({ length: addresses }, () => member)

const FIELDS =
  'email phone ssn addresses { street postalCode city } paymentMethods { holder cardNumber expires }'

async function asks(reader: Reader, query: string): Promise<{ body: string; node: unknown }> {
  const reply = await app.inject({
    method: 'POST',
    url: '/graphql',
    headers: headers.get(reader) ?? {},
    payload: { query },
  })
  return { body: reply.body, node: reply.json().data.node }
}

describe('personal data in GraphQL', () => {
  const query = `{ node(id: "User:1") { ... on User { ${FIELDS} } } }`
  const card = [{ cardNumber: expect.stringMatching(/^\*{4}-\*{4}-\*{4}-\d{4}$/) }]

  it('is raw for an admin, but for cards, of which nobody needs more than the last digits', async () => {
    const { node } = await asks('admin', query)
    expect(node).toMatchObject({
      ...ada,
      addresses: everyOne({ street: expect.stringMatching(/^\d/) }),
      paymentMethods: card,
    })
  })

  it('is partial for support', async () => {
    const { body, node } = await asks('support', query)
    expect(node).toMatchObject({
      email: '***@example.com',
      phone: `***-***-${ada.phone.slice(-4)}`,
      ssn: `***-**-${ada.ssn.slice(-4)}`,
      addresses: everyOne({ street: '***', postalCode: '***' }),
      paymentMethods: card,
    })
    for (const value of Object.values(ada)) expect(body).not.toContain(value)
  })

  it("is a customer's own, but for the social security number", async () => {
    const { node } = await asks('customer', query)
    expect(node).toMatchObject({ email: ada.email, phone: ada.phone, ssn: null, paymentMethods: card })
  })

  it.each(['visitor', 'other', 'neighbour'] as const)('is nothing for %s', async (reader) => {
    const { body, node } = await asks(reader, query)
    for (const value of Object.values(ada)) expect(body).not.toContain(value.slice(-4))
    const nothing = { email: null, phone: null, ssn: null, addresses: null, paymentMethods: null }
    expect(node).toEqual(reader === 'neighbour' ? null : nothing)
  })

  it.each([
    ['an alias', '{ node(id: "User:1") { ... on User { a: ssn b: email } } }'],
    ['a fragment', '{ node(id: "User:1") { ...F } } fragment F on User { a: ssn b: email }'],
    ['a list', '{ users(first: 1) { nodes { a: ssn b: email } } }'],
    ['an edge of a list', '{ users(first: 1) { edges { node { a: ssn b: email } } } }'],
    ['a search', '{ search(text: "Ada Holm") { ... on User { a: ssn b: email } } }'],
    ['an order', '{ node(id: "Order:1") { ... on Order { customer { a: ssn b: email } } } }'],
    [
      'a directive',
      '{ node(id: "User:1") { ... on User @include(if: true) { a: ssn @skip(if: false) b: email } } }',
    ],
  ])('is masked by whichever way support reaches it: %s', async (_way, document) => {
    const { body } = await asks('support', document)
    expect(body).toContain(`***-**-${ada.ssn.slice(-4)}`)
    expect(body).not.toContain(ada.ssn)
    expect(body).not.toContain(ada.email)
  })
})

describe('personal data in REST', () => {
  it.each([
    ['admin', { email: true, phone: true, ssn: true }],
    ['support', { email: false, phone: false, ssn: false }],
    ['customer', { email: true, phone: true, ssn: false }],
  ] as const)('for %s', async (reader, shown) => {
    const reply = await app.inject({ url: '/users/1', headers: headers.get(reader) ?? {} })
    const body = reply.json()
    for (const name of ['email', 'phone', 'ssn'] as const) {
      if (shown[name]) expect(body[name]).toBe(ada[name])
      else expect(body[name]).not.toBe(ada[name])
    }
    expect(reply.headers['cache-control']).toBe('private, no-store')
  })
})

describe('the log', () => {
  it('names no address that somebody tried to sign in with, and neither password nor token', async () => {
    const fresh = await shop.build()
    const email = 'someone.unknown@example.org'
    for (const password of ['wrong pass phrase', 'another']) {
      const payload = { email, password }
      await fresh.inject({ method: 'POST', url: '/auth/login', payload })
      const query = `mutation { login(email: "${email}", password: "${password}") { token } }`
      await fresh.inject({ method: 'POST', url: '/graphql', payload: { query } })
    }
    const lines = shop.backstage(fresh).logLines('')
    expect(lines.filter((line) => line.includes('A login was refused')).length).toBe(4)
    const log = lines.join('\n')
    expect(log).not.toContain(email)
    expect(log).not.toMatch(/pass phrase|another|Bearer/)
  })
})
