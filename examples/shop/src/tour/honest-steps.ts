import { getIntrospectionQuery } from 'graphql'
import { DEMO_ACCOUNTS } from '../database/seed/generate.ts'
import { at } from './client.ts'
import { allPass, type Step } from './step.ts'

const VISITOR = { address: '192.0.2.100' }

/** What people do in a shop: every gate has to let it pass. */
export const honestSteps: readonly Step[] = [
  {
    name: 'catalogue with reviews',
    kind: 'honest',
    provenBy: [],
    send: async (client) => [
      await client.graphql(
        VISITOR,
        '{ products(first: 10) { nodes { name price { amount } category { name } reviews(first: 3) { nodes { rating } } } } }',
      ),
    ],
    expect: (answers) =>
      allPass(answers) && at(answers[0]?.body, 'data', 'products', 'nodes', 9) !== undefined,
  },
  {
    name: 'stored query by its id',
    kind: 'honest',
    provenBy: [],
    send: async (client) => [await client.stored(VISITOR, 'products-with-reviews', { n: 5 })],
    expect: (answers) =>
      allPass(answers) && at(answers[0]?.body, 'data', 'products', 'nodes', 4) !== undefined,
  },
  {
    name: 'own account over REST',
    kind: 'honest',
    provenBy: [],
    send: async (client) => {
      const customer = await client.signIn(DEMO_ACCOUNTS.customer)
      return [
        await client.send(customer, { method: 'GET', path: '/users/1' }),
        await client.send(customer, { method: 'GET', path: '/orders?first=5' }),
      ]
    },
    expect: (answers) =>
      allPass(answers) &&
      at(answers[0]?.body, 'email') === DEMO_ACCOUNTS.customer &&
      at(answers[1]?.body, 'orders', 0, 'userId') === 1,
  },
  {
    name: 'own orders over GraphQL',
    kind: 'honest',
    provenBy: [],
    send: async (client) => [
      await client.graphql(
        await client.signIn(DEMO_ACCOUNTS.customer),
        '{ me { name orders(first: 5) { nodes { status price { amount } lines { quantity product { name } } } } } }',
      ),
    ],
    expect: (answers) =>
      allPass(answers) && at(answers[0]?.body, 'data', 'me', 'orders', 'nodes', 0) !== undefined,
  },
  {
    name: 'placing an order',
    kind: 'honest',
    provenBy: [],
    send: async (client) => [
      await client.graphql(
        await client.signIn(DEMO_ACCOUNTS.customer),
        'mutation ($lines: [OrderLineInput!]!) { placeOrder(lines: $lines) { id status } }',
        { lines: [{ product: 'Product:1', quantity: 1 }] },
      ),
    ],
    expect: (answers) =>
      allPass(answers) && at(answers[0]?.body, 'data', 'placeOrder', 'status') === 'PENDING',
  },
  {
    name: 'standard introspection',
    kind: 'honest',
    provenBy: [],
    send: async (client) => [await client.graphql(VISITOR, getIntrospectionQuery())],
    expect: (answers) =>
      allPass(answers) && at(answers[0]?.body, 'data', '__schema', 'types', 0) !== undefined,
  },
  {
    name: 'costly report, by an admin',
    kind: 'honest',
    provenBy: [],
    send: async (client) => [await client.graphql(await client.signIn(DEMO_ACCOUNTS.admin), REPORT)],
    expect: allPass,
  },
]

/** A list of lists, about 4,000 objects: fine for who runs the shop, too much for anyone else. */
export const REPORT =
  '{ products(first: 100) { nodes { name reviews(first: 20) { nodes { rating author { name } } } } } }'
