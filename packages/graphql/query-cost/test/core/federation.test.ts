import { buildSubgraphSchema } from '@apollo/subgraph'
import federation from '@mercuriusjs/federation'
import { buildSchema, parse } from 'graphql'
import type { GraphQLSchema } from 'graphql'
import { describe, expect, it } from 'vitest'
import { createCostModel, estimateCost } from '../../src/core/index.ts'
import type { CostModelOptions } from '../../src/core/index.ts'

const types = `
  type Query { users(n: Int): [User] }
  type User @key(fields: "id") { id: ID! name: String friends(first: Int!): [User] }
  type Dear @key(fields: "id") { id: ID! }
`
const weights = { Dear: 7 }

function apollo(link = 'import: ["@key"]', body = types): GraphQLSchema {
  const url = 'https://specs.apollo.dev/federation/v2.9'
  const typeDefs = parse(`extend schema @link(url: "${url}", ${link}) ${body}`)
  return buildSubgraphSchema([{ typeDefs }])
}

const builders = [
  ['@apollo/subgraph', () => apollo()],
  ['@mercuriusjs/federation', () => federation.buildFederationSchema(types)],
] as const

const query =
  'query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on User { id } } }'
const representationsOf = (count: number): object[] =>
  Array.from({ length: count }, (_, id) => ({ __typename: 'User', id }))

function priced(
  schema: GraphQLSchema,
  source: string,
  variables = {},
  options: CostModelOptions = {},
): number {
  return estimateCost(createCostModel(schema, options), parse(source), { variables }).cost
}

describe.each(builders)('a subgraph of %s', (_name, build) => {
  it('asks for as many entities as it is sent representations, each as dear as the dearest type', () => {
    for (const count of [0, 1, 30, 5000]) {
      const price = priced(build(), query, { representations: representationsOf(count) }, { weights })
      // Query 1, its field 1, and entities that may all be of the type that weighs 7.
      expect(price).toBe(2 + 7 * count)
    }
  })

  it('counts representations in the document too, and what each of them asks for', () => {
    const inline = `{ _entities(representations: [{ __typename: "User", id: 1 }, { __typename: "User", id: 2 }]) {
      ... on User { friends(first: 10) { id } } } }`
    // Per entity: itself 1, the field friends 1, ten friends 10.
    expect(priced(build(), inline)).toBe(2 + 2 * 12)
  })

  it('takes a price for the look-up itself, and keeps counting', () => {
    const options = { weights: { 'Query._entities': 100 } }
    expect(priced(build(), query, { representations: representationsOf(3) }, options)).toBe(1 + 100 + 3)
  })

  it('tells its own schema for nothing', () => {
    expect(priced(build(), '{ _service { sdl } }')).toBe(1)
    expect(priced(build(), '{ _service { sdl } }', {}, { weights: { 'Query._service': 5 } })).toBe(6)
  })
})

it('fields of other schemas that have these names are priced like any', () => {
  const schema = buildSchema('type Query { _entities: [Int] _service: Service } type Service { sdl: String }')
  expect(priced(schema, '{ _entities }')).toBe(1)
  expect(priced(schema, '{ _service { sdl } }')).toBe(3)
})

describe('the directives that a schema links to', () => {
  const said = (cost: string, listSize: string): string => `
    type Query { users(n: Int): [User] @${listSize}(assumedSize: 3) }
    type User @key(fields: "id") @${cost}(weight: "5") { id: ID! }
  `

  it.each([
    ['imported', 'import: ["@key", "@cost", "@listSize"]', 'cost', 'listSize'],
    [
      'imported under other names',
      'import: ["@key", { name: "@cost", as: "@price" }, { name: "@listSize", as: "@size" }]',
      'price',
      'size',
    ],
    ['not imported', 'import: ["@key"]', 'federation__cost', 'federation__listSize'],
  ])('are read where they are %s', (_name, link, costName, sizeName) => {
    const schema = apollo(link, said(costName, sizeName))
    // Query 1, its field 1, three users of weight 5.
    expect(priced(schema, '{ users { id } }')).toBe(2 + 3 * 5)
  })

  const definitions = (cost: string, listSize: string): string => `
    directive @link(url: String!, as: String, import: [Import]) repeatable on SCHEMA
    scalar Import
    directive @${cost}(weight: String!) on OBJECT
    directive @${listSize}(assumedSize: Int) on FIELD_DEFINITION
    type Query { users: [User] @${listSize}(assumedSize: 3) }
    type User @${cost}(weight: "5") { id: ID! }
  `

  it.each([
    ['url: "https://specs.apollo.dev/cost/v0.1", import: ["@cost", "@listSize"]', 'cost', 'listSize'],
    [
      'url: "https://specs.apollo.dev/cost/v0.1", import: [{ name: "@listSize", as: "@size" }]',
      'cost',
      'size',
    ],
    ['url: "https://specs.apollo.dev/cost/v0.1"', 'cost', 'cost__listSize'],
    ['url: "https://specs.apollo.dev/cost/v0.1", as: "ibm"', 'ibm', 'ibm__listSize'],
    ['url: "https://specs.apollo.dev/cost/v0.1/"', 'cost', 'cost__listSize'],
    [
      'url: "https://specs.apollo.dev/tag/v0.1", import: [{ name: "@cost", as: "@other" }]',
      'cost',
      'listSize',
    ],
    ['url: "no url", import: [5]', 'cost', 'listSize'],
  ])('are read with @link(%s)', (link, costName, sizeName) => {
    const schema = buildSchema(`schema @link(${link}) { query: Query } ${definitions(costName, sizeName)}`)
    expect(priced(schema, '{ users { id } }')).toBe(2 + 3 * 5)
  })

  it('leave a @cost that is none of theirs alone, where they have another name', () => {
    const link = 'url: "https://specs.apollo.dev/cost/v0.1", import: [{ name: "@cost", as: "@price" }]'
    const schema = buildSchema(`
      schema @link(${link}) { query: Query }
      directive @link(url: String!, import: [Import]) repeatable on SCHEMA
      scalar Import
      directive @price(weight: String!) on OBJECT
      directive @cost(euro: Int) on OBJECT
      type Query { user: User }
      type User @cost(euro: 3) @price(weight: "5") { id: ID! }
    `)
    expect(priced(schema, '{ user { id } }')).toBe(2 + 5)
  })

  it('are named by the options in any case', () => {
    const schema = apollo(
      'import: ["@key", { name: "@cost", as: "@price" }]',
      said('price', 'federation__listSize'),
    )
    const options = { directives: { cost: 'key' } }
    expect(() => priced(schema, '{ users { id } }', {}, options)).toThrow('@key needs a weight')
  })
})
