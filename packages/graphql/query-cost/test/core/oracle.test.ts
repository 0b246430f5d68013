import { buildSchema, parse } from 'graphql'
import { describe, expect, it } from 'vitest'
import { oracle } from './oracle.ts'

const DIRECTIVES = `
  directive @cost(weight: String!) on FIELD_DEFINITION | OBJECT | SCALAR | ENUM | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION
  directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], requireOneSlicingArgument: Boolean = true) repeatable on FIELD_DEFINITION
`

/** Prices worked out by hand, so that the oracle itself is checked before the engine is compared with it. */
describe('the oracle agrees with prices worked out by hand', () => {
  const cases: [string, string, string, Record<string, unknown>, { type: number; field: number }][] = [
    [
      'the example of the specification, section 3',
      'type User { name: String age: Int @cost(weight: "2.0") } type Query { users(max: Int): [User] @listSize(slicingArguments: ["max"]) }',
      '{ users(max: 5) { age } }',
      {},
      { type: 6, field: 11 },
    ],
    [
      'argument weights, section 5.3.2.2',
      'input Filter { field: String } type Query { topProducts(filter: Filter @cost(weight: "15.0")): [String] @cost(weight: "5.0") @listSize(assumedSize: 10) }',
      '{ topProducts(filter: {}) }',
      {},
      { type: 1, field: 20 },
    ],
    [
      'input field weights, section 5.3.2.2',
      'enum A { YES } input Filter { approx: A @cost(weight: "-12.0") } type Query { topProducts(filter: Filter @cost(weight: "15.0")): [String] @cost(weight: "5.0") @listSize(assumedSize: 10) }',
      '{ topProducts(filter: {approx: YES}) }',
      {},
      { type: 1, field: 8 },
    ],
    [
      'negative sums cost nothing',
      'type Query { a(x: Int @cost(weight: "-9")): Int @cost(weight: "5") b: Int @cost(weight: "2") }',
      '{ a(x: 1) b }',
      {},
      { type: 1, field: 2 },
    ],
    [
      'the dearest type of a union',
      'type A { x: Int @cost(weight: "4") } type B { y: Int @cost(weight: "1") z: Int @cost(weight: "1") } union U = A | B type Query { u: U }',
      '{ u { ... on A { x } ... on B { y z } } }',
      {},
      { type: 2, field: 5 },
    ],
    [
      'sized fields of a connection',
      'type C { nodes: [N] } type N { n: N } type Query { c(first: Int): C @listSize(slicingArguments: ["first"], sizedFields: ["nodes"]) }',
      'query ($k: Int = 3) { c(first: $k) { nodes { n { __typename } } } }',
      {},
      { type: 8, field: 5 },
    ],
    [
      'response names are merged',
      'type N { n: N a: Int @cost(weight: "1") } type Query { n: N }',
      '{ n { a } n { a } ...F } fragment F on Query { n { a b: a } }',
      {},
      { type: 2, field: 3 },
    ],
    [
      'skipped and included',
      'type Query { a: Int @cost(weight: "1") b: Int @cost(weight: "2") }',
      'query ($y: Boolean = true) { a @skip(if: $y) b @include(if: $y) }',
      {},
      { type: 1, field: 2 },
    ],
    [
      'lists in lists',
      'type N { id: ID } type Query { n(first: Int): [[N]] }',
      '{ n(first: 3) { id } }',
      {},
      { type: 31, field: 1 },
    ],
    [
      'a list slices by its length',
      'type N { id: ID } type Query { n(ids: [ID!]): [N] @listSize(slicingArguments: ["ids"]) }',
      'query ($ids: [ID!]) { n(ids: $ids) { id } }',
      { ids: ['a', 'b'] },
      { type: 3, field: 1 },
    ],
  ]
  it('introspection: 1 for each call and each value', () => {
    const schema = buildSchema('type Query { a(x: Int, y: Int): Int b: Int }')
    const meta = (source: string) => oracle({ schema, document: parse(source) }).meta
    expect(meta('{ __schema { queryType { name } } }')).toBe(1 + 1 + 1 + 1)
    // The most fields are those of __Type: 10; the most arguments those of Query.a: 2.
    expect(Object.keys(schema.getType('__Type')?.toConfig() ?? {})).toContain('fields')
    expect(meta('{ __type(name: "Query") { fields { args { name } } } }')).toBe(1 + 1 + 1 + 11 * (1 + 1 + 2))
  })

  it.each(cases)('%s', (_name, sdl, source, variables, expected) => {
    expect(
      oracle({ schema: buildSchema(DIRECTIVES + sdl), document: parse(source), variables }),
    ).toMatchObject(expected)
  })
})
