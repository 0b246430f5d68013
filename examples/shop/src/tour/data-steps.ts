import { DEMO_ACCOUNTS } from '../database/seed/generate.ts'
import { attacker } from './attacker.ts'
import { at, type Answer } from './client.ts'
import { allPass, refusedWith, type Step } from './step.ts'

const SSN_OF_ADA = '{ node(id: "User:1") { ... on User { ssn } } }'
const RENAMED = `{ node(id: "User:1") { ... on User { shoeSize: ssn ...Harmless } } }
  fragment Harmless on User { favouriteColour: ssn }`
/** Ends the text that the filter looks for, and asks another table as if it were products. */
const INJECTION = "x') IN name) > 0 UNION SELECT id, 1, name, ssn, 1, 1 FROM users --"
const CARD = '4242 4242 4242 4242'
const VICTIM = 'kaya.lindqvist@example.com'

/** A text or number of an answer, as it was shown. */
function text(answer: Answer | undefined, ...path: (string | number)[]): string {
  const value = at(answer?.body, ...path)
  return typeof value === 'string' || typeof value === 'number' ? String(value) : 'nothing'
}
const ssnIn = ([answer]: readonly Answer[]): string => text(answer, 'data', 'node', 'ssn')

const RAW = /^9\d\d-\d\d-\d{4}$/
const PARTIAL = /^\*\*\*-\*\*-\d{4}$/

/** What attackers try to read: other people's rows, and more of a person than is theirs to see. */
export const dataSteps: readonly Step[] = [
  {
    name: 'SQL in a product filter',
    kind: 'hostile',
    provenBy: ['safe-db'],
    send: async (client) => [
      await client.graphql(
        attacker(20),
        'query ($name: String) { products(name: $name) { nodes { name description } } }',
        { name: INJECTION },
      ),
    ],
    expect: (answers) =>
      allPass(answers) && at(answers[0]?.body, 'data', 'products', 'nodes', 'length') === 0,
    shows: ([answer]) => text(answer, 'data', 'products', 'nodes', 0, 'description'),
  },
  {
    name: "another tenant's order, REST",
    kind: 'hostile',
    provenBy: ['safe-db'],
    send: async (client) => [
      await client.send(await client.signIn(DEMO_ACCOUNTS.customer), { method: 'GET', path: '/orders/2' }),
    ],
    expect: refusedWith(404, 'NOT_FOUND'),
    shows: ([answer]) => answer?.code ?? `cents: ${text(answer, 'totalCents')}`,
  },
  {
    name: "another tenant's by support",
    kind: 'hostile',
    provenBy: ['safe-db'],
    send: async (client) => [
      await client.graphql(
        await client.signIn(DEMO_ACCOUNTS.support),
        '{ node(id: "Order:2") { id } order(id: "Order:2") { customer { name } } }',
      ),
    ],
    expect: (answers) =>
      allPass(answers) &&
      at(answers[0]?.body, 'data', 'node') === null &&
      at(answers[0]?.body, 'data', 'order') === null,
    shows: ([answer]) => text(answer, 'data', 'order', 'customer', 'name'),
  },
  {
    name: 'SSN of a customer, by admin',
    kind: 'honest',
    provenBy: [],
    send: async (client) => [await client.graphql(await client.signIn(DEMO_ACCOUNTS.admin), SSN_OF_ADA)],
    expect: (answers) => allPass(answers) && RAW.test(ssnIn(answers)),
    shows: ssnIn,
  },
  {
    name: 'the same, by support',
    kind: 'hostile',
    provenBy: ['pii-masking'],
    send: async (client) => [await client.graphql(await client.signIn(DEMO_ACCOUNTS.support), SSN_OF_ADA)],
    expect: (answers) => allPass(answers) && PARTIAL.test(ssnIn(answers)),
    shows: ssnIn,
  },
  {
    name: 'the same, by strangers',
    kind: 'hostile',
    provenBy: ['pii-masking'],
    send: async (client) => [
      await client.graphql(attacker(21), SSN_OF_ADA),
      await client.graphql(await client.signIn(DEMO_ACCOUNTS.other), SSN_OF_ADA),
    ],
    expect: (answers) =>
      allPass(answers) && answers.every(({ body }) => at(body, 'data', 'node', 'ssn') === null),
    shows: ssnIn,
  },
  {
    name: 'the same under other names',
    kind: 'hostile',
    provenBy: ['pii-masking'],
    send: async (client) => [await client.graphql(await client.signIn(DEMO_ACCOUNTS.support), RENAMED)],
    expect: (answers) =>
      allPass(answers) &&
      ['shoeSize', 'favouriteColour'].every((alias) => PARTIAL.test(text(answers[0], 'data', 'node', alias))),
    shows: ([answer]) => text(answer, 'data', 'node', 'shoeSize'),
  },
  {
    name: 'the same over REST',
    kind: 'hostile',
    provenBy: ['pii-masking'],
    send: async (client) => [
      await client.send(await client.signIn(DEMO_ACCOUNTS.support), { method: 'GET', path: '/users/1' }),
    ],
    expect: (answers) => allPass(answers) && PARTIAL.test(text(answers[0], 'ssn')),
    shows: ([answer]) => text(answer, 'ssn'),
  },
  {
    name: 'a card number as a quantity',
    kind: 'hostile',
    // GraphQL's own messages repeat a wrong value; graphql-gate, on which the GraphQL gates stand, leaves it out.
    provenBy: [],
    send: async (client) => [
      await client.graphql(
        await client.signIn(DEMO_ACCOUNTS.customer),
        'mutation ($lines: [OrderLineInput!]!) { placeOrder(lines: $lines) { id } }',
        { lines: [{ product: 'Product:1', quantity: CARD }] },
      ),
    ],
    expect: (answers) => answers[0]?.status === 400 && !JSON.stringify(answers[0].body).includes(CARD),
    shows: ([answer]) => text(answer, 'errors', 0, 'message'),
  },
  {
    name: 'an address in an error',
    kind: 'hostile',
    provenBy: ['pii-masking'],
    send: async (client) => [
      await client.graphql(
        attacker(23),
        'mutation ($email: String!) { register(name: "Kaya", email: $email, password: "") { token } }',
        // A blank at the end makes it none.
        { email: `${VICTIM} ` },
      ),
    ],
    expect: ([answer]) =>
      text(answer, 'errors', 0, 'message').startsWith('No email address: ') &&
      !text(answer, 'errors', 0, 'message').includes(VICTIM),
    shows: ([answer]) => text(answer, 'errors', 0, 'message').replace('No email address: ', ''),
  },
  {
    name: 'an address in a REST error',
    kind: 'hostile',
    provenBy: ['pii-masking'],
    send: async (client) => [
      await client.send(attacker(24), {
        method: 'POST',
        path: '/auth/register',
        body: { name: 'Kaya', email: `${VICTIM} `, password: '' },
      }),
    ],
    expect: ([answer]) =>
      answer?.status === 400 &&
      text(answer, 'message').startsWith('No email address: ') &&
      !text(answer, 'message').includes(VICTIM),
    shows: ([answer]) => text(answer, 'message').replace('No email address: ', ''),
  },
  {
    name: 'an address in the log',
    kind: 'hostile',
    provenBy: ['pii-masking'],
    send: async (client, backstage) => {
      const body = { email: VICTIM, password: 'a guess' }
      const answer = await client.send(attacker(22), { method: 'POST', path: '/auth/login', body })
      return [{ ...answer, body: backstage.logLines(answer.requestId ?? '') }]
    },
    expect: ([answer]) => {
      const log = JSON.stringify(answer?.body)
      return log.includes('A login was refused') && !log.includes(VICTIM)
    },
    shows: ([answer]) => /\\"email\\":\\"([^\\]+)/.exec(JSON.stringify(answer?.body))?.[1] ?? 'nothing',
  },
]
