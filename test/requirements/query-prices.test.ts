import { Kind, parse } from 'graphql'
import type { SelectionNode } from 'graphql'
import { describe, expect, it } from 'vitest'
import { accept, acceptRefusalToBoot, operation, verdictOf } from './acceptance.ts'
import { priceByName } from './flawed/guess-lists-by-name.ts'
import { priceFirstOperation } from './flawed/price-first-operation.ts'
import { weighByFieldName } from './flawed/weigh-by-field-name.ts'
import { pricedApp, priceTold } from './priced-app.ts'

/** The only root field of a query. */
function rootField(query: string): SelectionNode {
  const definition = parse(query).definitions[0]
  const field =
    definition?.kind === Kind.OPERATION_DEFINITION ? definition.selectionSet.selections[0] : undefined
  if (field === undefined) throw new Error('the query has no root field')
  return field
}

describe('F12: a default list size, and sizes from literals, variables and defaults', () => {
  const schema = `
    directive @listSize(
      assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], requireOneSlicingArgument: Boolean = true
    ) on FIELD_DEFINITION
    type Query {
      person: Person
      people(first: Int, last: Int): [Person]
      staff(limit: Int = 7): [Person]
      crowd: [Person]
      chosen: [Person] @listSize(assumedSize: 3)
      page(size: Int): [Person] @listSize(slicingArguments: ["size"])
      found(first: Int): PersonConnection
    }
    type PersonConnection { edges: [PersonEdge] nodes: [Person] }
    type PersonEdge { node: Person }
    type Person { id: ID address: Address status: Status addresses(first: Int): [Address] }
    type Address { street: String }
    type Status { text: String }
  `
  const honest = operation('{ person { id } }')
  const build = pricedApp({ schema, options: { maxCost: 1_000 } })

  it('the flawed pattern takes address and status for lists, people for one, and pays for a negative limit', () => {
    expect(priceByName(rootField('{ address { street } }'))).toBeGreaterThan(
      priceByName(rootField('{ person { id } }')),
    )
    expect(priceByName(rootField('{ status { text } }'))).toBe(priceByName(rootField('{ users { id } }')))
    expect(priceByName(rootField('{ people(first: 100000) { id } }'))).toBe(2)
    expect(priceByName(rootField('{ users(limit: -100000) { id } }'))).toBeLessThan(0)
  })

  // Query 1, the root field 1, and each object 1.
  const prices: [string, string, Record<string, unknown> | undefined, number][] = [
    [
      'one object is one, whatever its name',
      '{ person { address { street } status { text } } }',
      undefined,
      7,
    ],
    ['a list of unknown size has the default size', '{ crowd { id } }', undefined, 12],
    ['a literal', '{ people(first: 40) { id } }', undefined, 42],
    ['from the end', '{ people(last: 40) { id } }', undefined, 42],
    ['the larger of two', '{ people(first: 4, last: 40) { id } }', undefined, 42],
    ['a variable', 'query ($n: Int) { people(first: $n) { id } }', { n: 40 }, 42],
    ['the default of a variable', 'query ($n: Int = 40) { people(first: $n) { id } }', {}, 42],
    ['the default of an argument', '{ staff { id } }', undefined, 9],
    ['limit as well', '{ staff(limit: 40) { id } }', undefined, 42],
    ['nothing is left without its size', 'query ($n: Int) { people(first: $n) { id } }', {}, 12],
    ['null is no size', '{ people(first: null) { id } }', undefined, 12],
    ['a size that the schema assumes', '{ chosen { id } }', undefined, 5],
    ['an argument that the schema names', '{ page(size: 40) { id } }', undefined, 42],
    ['the edges of a connection', '{ found(first: 40) { edges { node { id } } } }', undefined, 124],
    ['lists in lists', '{ people(first: 5) { addresses(first: 6) { street } } }', undefined, 42],
  ]
  for (const [title, query, variables, price] of prices) {
    accept(title, {
      build,
      honest,
      assert: async (app) => expect(await priceTold(app, query, variables)).toBe(price),
    })
  }

  accept('a negative size buys nothing: it is refused, alone and beside an honest one', {
    build,
    honest,
    async assert(app) {
      const query = 'query ($n: Int) { people(first: $n) { id } }'
      for (const n of [-1, -100_000, -2_147_483_648]) {
        const requests = [
          operation(query, { n }),
          operation(`{ people(first: ${n}) { id } }`),
          operation(`{ staff(limit: ${n}) { id } }`),
          operation(`{ a: people(first: ${n}) { id } b: people(first: 4000) { id } }`),
        ]
        for (const request of requests) {
          expect(verdictOf(await app.inject(request))).toEqual([400, 'INVALID_SLICING_VALUE'])
        }
      }
    },
  })

  accept('a huge size is refused, as a literal, a variable and a variable’s default', {
    build,
    honest,
    async assert(app) {
      const n = 2_147_483_647
      const requests = [
        operation(`{ people(first: ${n}) { id } }`),
        operation('query ($n: Int) { people(first: $n) { id } }', { n }),
        operation(`query ($n: Int = ${n}) { people(first: $n) { id } }`),
        operation(`{ people(first: ${'9'.repeat(400)}) { id } }`),
      ]
      for (const request of requests) {
        expect(verdictOf(await app.inject(request))).toEqual([400, 'QUERY_TOO_EXPENSIVE'])
      }
    },
  })

  accept('the default size is an option', {
    build: pricedApp({ schema, options: { defaultListSize: 25 } }),
    honest,
    assert: async (app) => expect(await priceTold(app, '{ crowd { id } }')).toBe(27),
  })
})

describe('F13: weights and multipliers go by schema coordinate', () => {
  const schema = `
    type Query { users(first: Int): [User] team: Team analytics: Report top: [User] }
    type Team { users: Int members(first: Int): [User] }
    type User { id: ID orders(first: Int): [Order] }
    type Order { id: ID }
    type Report { id: ID total: Int }
  `
  const honest = operation('{ users(first: 1) { id } }')
  const weights = {
    'Query.users': { multiplier: 2 },
    'User.orders': { multiplier: 3 },
    'Query.analytics': { cost: 10 },
    'Query.top': { listSize: 3 },
    Report: 5,
  }

  it('the flawed pattern weighs every field of a name', () => {
    const query = '{ team { users } }'
    expect(weighByFieldName(rootField(query), { users: 50 })).toBe(51)
    expect(weighByFieldName(rootField(query), { 'Query.users': 50 })).toBe(2)
  })

  const prices: [string, string, number][] = [
    ['without a weight', '{ team { members(first: 4) { id } } }', 8],
    ['a field of the same name on another type keeps its own price', '{ team { users } }', 3],
    ['a multiplier holds for everything below', '{ users(first: 4) { id } }', 11],
    ['multipliers multiply', '{ users(first: 4) { orders(first: 2) { id } } }', 83],
    ['a cost is that of the field alone, and of the type', '{ analytics { total } }', 16],
    ['a list size', '{ top { id } }', 5],
  ]
  for (const [title, query, price] of prices) {
    accept(title, {
      build: pricedApp({ schema, options: { weights } }),
      honest,
      assert: async (app) => expect(await priceTold(app, query)).toBe(price),
    })
  }

  for (const [name, hint] of [
    ['users', 'users'],
    ['Query.usrs', 'Query.users'],
    ['Quary.users', 'Quary'],
  ] as const) {
    acceptRefusalToBoot(
      `a weight for ${name} is no coordinate of the schema`,
      pricedApp({ schema, options: { weights: { [name]: 2 } } }),
      name,
      hint,
    )
  }
})

describe('F17: a cost analysis knows variables, the chosen operation and inline fragments', () => {
  const schema = `
    type Query { node: Node users(first: Int): [User] }
    interface Node { id: ID }
    type User implements Node { id: ID friends(first: Int): [User] }
  `
  const honest = operation('{ node { id } }')
  const build = pricedApp({ schema })
  const sized = 'query ($n: Int) { users(first: $n) { id } }'
  const several = 'query Cheap { node { id } } query Dear { users(first: 400) { id } }'
  const inline = '{ node { ... on User { friends(first: 400) { id } } } }'
  const unnamed = '{ ... { users(first: 400) { id } } }'
  const named = '{ ...Everybody } fragment Everybody on Query { users(first: 400) { id } }'

  it('the flawed pattern sees neither variables, nor the chosen operation, nor fragments', () => {
    expect(priceFirstOperation(parse(sized))).toBe(2)
    expect(priceFirstOperation(parse(several))).toBe(2)
    expect(priceFirstOperation(parse(inline))).toBe(1)
    expect(priceFirstOperation(parse(unnamed))).toBe(0)
  })

  accept('as the decorator', {
    build,
    honest,
    async assert(app) {
      expect(app.hasDecorator('queryCost')).toBe(true)
      const price = (query: string, request = {}): number => app.queryCost.analyze(parse(query), request).cost
      expect(price(sized, { variables: { n: 400 } })).toBe(402)
      expect(price(sized, { variables: { n: 3 } })).toBe(5)
      expect(price(several, { operationName: 'Cheap' })).toBe(3)
      expect(price(several, { operationName: 'Dear' })).toBe(402)
      expect(price(several)).toBe(402)
      expect(price(inline)).toBe(404)
      expect(price(unnamed)).toBe(402)
      expect(price(named)).toBe(402)
    },
  })

  accept('as the gate', {
    build,
    honest,
    async assert(app) {
      expect(await priceTold(app, sized, { n: 400 })).toBe(402)
      expect(await priceTold(app, sized, { n: 3 })).toBe(5)
      expect(await priceTold(app, several, undefined, 'Cheap')).toBe(3)
      expect(await priceTold(app, several, undefined, 'Dear')).toBe(402)
      expect(await priceTold(app, inline)).toBe(404)
      expect(await priceTold(app, unnamed)).toBe(402)
      expect(await priceTold(app, named)).toBe(402)
    },
  })
})
