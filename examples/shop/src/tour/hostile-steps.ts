import { parse } from 'graphql'
import { DEMO_ACCOUNTS } from '../database/seed/generate.ts'
import { storedQueries } from '../stored-queries.ts'
import { attacker } from './attacker.ts'
import { REPORT } from './honest-steps.ts'
import { allRefusedWith, limitedAfter, refusedWith, type Step } from './step.ts'

/** Sizes keep an unprotected shop alive. */
const DEPTH = 50
const ALIASES = 1_000
const BOMB_LEVELS = 30
const BATCH = 500
const FLOOD = 60
const GUESSES = 40
const LOGIN =
  'mutation ($email: String!, $password: String!) { login(email: $email, password: $password) { token } }'

/** What attackers try against the server: with the gates each is refused, without them each is answered. */
export const hostileSteps: readonly Step[] = [
  {
    name: `query of 3 × ${DEPTH} levels`,
    kind: 'hostile',
    provenBy: ['depth-limit'],
    send: async (client) => [await client.graphql(attacker(1), deepQuery(DEPTH))],
    expect: refusedWith(400, 'MAX_DEPTH_EXCEEDED'),
  },
  {
    name: 'the same query over GET',
    kind: 'hostile',
    provenBy: ['depth-limit'],
    send: async (client) => {
      const search = new URLSearchParams({ query: deepQuery(DEPTH) })
      return [await client.send(attacker(9), { method: 'GET', path: `/graphql?${search.toString()}` })]
    },
    expect: refusedWith(400, 'MAX_DEPTH_EXCEEDED'),
  },
  {
    name: `one field, ${ALIASES.toLocaleString('en')} aliases`,
    kind: 'hostile',
    provenBy: ['depth-limit'],
    send: async (client) => {
      const fields = Array.from({ length: ALIASES }, (_, index) => `a${index}: __typename`)
      return [await client.graphql(attacker(2), `{ ${fields.join(' ')} }`)]
    },
    expect: refusedWith(400, 'MAX_ALIASES_EXCEEDED', 'MAX_ROOT_FIELDS_EXCEEDED', 'MAX_TOKENS_EXCEEDED'),
  },
  {
    name: 'lists of $n, n = 1,000,000',
    kind: 'hostile',
    provenBy: ['query-cost'],
    send: async (client) => [
      await client.graphql(attacker(3), storedQueries['products-with-reviews'], { n: 1_000_000 }),
    ],
    expect: refusedWith(400, 'QUERY_TOO_EXPENSIVE'),
  },
  {
    name: 'the same as a stored query',
    kind: 'hostile',
    provenBy: ['query-cost'],
    send: async (client) => [await client.stored(attacker(10), 'products-with-reviews', { n: 1_000_000 })],
    expect: refusedWith(400, 'QUERY_TOO_EXPENSIVE'),
  },
  {
    name: `fragment bomb of ${BOMB_LEVELS} levels`,
    kind: 'hostile',
    provenBy: ['depth-limit'],
    send: async (client) => [await client.graphql(attacker(4), fragmentBomb(BOMB_LEVELS))],
    expect: refusedWith(400, 'MAX_DEPTH_EXCEEDED'),
  },
  {
    name: `batch of ${BATCH} operations`,
    kind: 'hostile',
    // Refused by graphql-gate, on which the GraphQL gates stand: it stays when any of them is left out.
    provenBy: [],
    send: async (client) => [
      await client.send(attacker(5), {
        method: 'POST',
        path: '/graphql',
        body: Array.from({ length: BATCH }, () => ({ query: '{ shop { name } }' })),
      }),
    ],
    expect: refusedWith(400, 'MAX_BATCH_EXCEEDED'),
  },
  {
    name: 'syntax trees instead of text',
    kind: 'hostile',
    // graphql-gate again: a document that was parsed by the sender would walk past every bound on its text.
    provenBy: [],
    send: async (client) => {
      const trees = ['{"query":"1"}', JSON.stringify(parse('{ shop { name } }', { noLocation: true }))]
      const bodies = trees.map((query) => JSON.stringify({ query }))
      return Promise.all(
        bodies.map((body) => client.send(attacker(11), { method: 'POST', path: '/graphql', body })),
      )
    },
    expect: allRefusedWith(400, 'AST_NOT_ALLOWED'),
  },
  {
    name: 'same report, by a customer',
    kind: 'hostile',
    provenBy: ['query-cost'],
    send: async (client) => [await client.graphql(await client.signIn(DEMO_ACCOUNTS.customer), REPORT)],
    expect: refusedWith(400, 'QUERY_TOO_EXPENSIVE'),
  },
  {
    name: `flood of ${FLOOD} GET /orders`,
    kind: 'hostile',
    provenBy: ['user-rate-limit'],
    send: async (client) => {
      // Another customer than the one of the honest steps: a limit per user is used up for that user alone.
      const customer = await client.signIn(DEMO_ACCOUNTS.neighbour)
      return Promise.all(
        Array.from({ length: FLOOD }, () =>
          client.send(customer, { method: 'GET', path: '/orders?first=1' }),
        ),
      )
    },
    expect: limitedAfter(200, { status: 429, code: 'USER_RATE_LIMIT_EXCEEDED' }),
  },
  {
    name: `${GUESSES} passwords in one request`,
    kind: 'hostile',
    provenBy: ['depth-limit'],
    send: async (client) => {
      const guesses = Array.from(
        { length: GUESSES },
        (_, index) =>
          `g${index}: login(email: "${DEMO_ACCOUNTS.admin}", password: "guess ${index}") { token }`,
      )
      return [await client.graphql(attacker(6), `mutation { ${guesses.join(' ')} }`)]
    },
    expect: refusedWith(400, 'MAX_ALIASES_EXCEEDED', 'MAX_ROOT_FIELDS_EXCEEDED'),
  },
  {
    name: '10 passwords in 10 requests',
    kind: 'hostile',
    provenBy: ['user-rate-limit'],
    send: async (client) => {
      const answers = []
      for (let guess = 0; guess < 10; guess++) {
        const body = { email: 'sam@example.com', password: `guess ${guess}` }
        answers.push(await client.send(attacker(7), { method: 'POST', path: '/auth/login', body }))
      }
      return answers
    },
    expect: limitedAfter(401, { status: 429, code: 'USER_RATE_LIMIT_EXCEEDED' }),
  },
  {
    name: '8 passwords by REST, GraphQL',
    kind: 'hostile',
    provenBy: ['user-rate-limit'],
    send: async (client) => {
      const answers = []
      for (let guess = 0; guess < 4; guess++) {
        const credentials = { email: 'sam@example.com', password: `guess ${guess}` }
        answers.push(
          await client.send(attacker(12), { method: 'POST', path: '/auth/login', body: credentials }),
          await client.graphql(attacker(12), LOGIN, credentials),
        )
      }
      return answers
    },
    // REST says 401 to a wrong password, GraphQL 200 with an error; the sixth attempt is one too many for both.
    expect: (answers) =>
      answers.slice(0, 5).every(({ code }) => code === 'UNAUTHENTICATED') &&
      allRefusedWith(429, 'USER_RATE_LIMIT_EXCEEDED')(answers.slice(5)),
  },
  {
    name: 'unknown route, broken JSON',
    kind: 'hostile',
    provenBy: [],
    send: async (client) => [
      await client.send(attacker(8), { method: 'GET', path: '/wp-admin.php' }),
      await client.send(attacker(8), { method: 'POST', path: '/graphql', body: '{"query": "{ shop' }),
    ],
    expect: ([missing, malformed]) => missing?.status === 404 && malformed?.status === 400,
  },
]

/** Category, its first product, that product's category, and so on: one row per level, so that it is slow and no more. */
function deepQuery(levels: number): string {
  const open = 'category { products(first: 1) { nodes { '
  return `{ product(id: "Product:1") { ${open.repeat(levels)} name ${' } } }'.repeat(levels)} } }`
}

/** Each fragment spreads the next one twice: who counts by expanding visits 2^levels selections. */
function fragmentBomb(levels: number): string {
  const fragments = Array.from({ length: levels }, (_, level) => {
    const next = level + 1 < levels ? `...F${level + 1} ...F${level + 1}` : 'name'
    return `fragment F${level} on Product { category { products(first: 1) { nodes { ${next} } } } }`
  })
  return `{ product(id: "Product:1") { ...F0 ...F0 } } ${fragments.join(' ')}`
}
