import { getIntrospectionQuery } from 'graphql'
import { describe, expect, it } from 'vitest'
import { COST_MODEL } from '../../src/core/index.ts'
import { pricing } from './price.ts'

const price = pricing(
  `
  directive @slow(by: Int @cost(weight: "2")) repeatable on FIELD
  type Query {
    users(first: Int, last: Int): [User!]! all(first: Int = 25): [User] me: User logs: [Log] tags: [String]
    search(text: String @cost(weight: "4"), filter: Filter @cost(weight: "-2")): [Hit] @cost(weight: "6") @listSize(assumedSize: 5)
    page(by: Page): UserPage @listSize(slicingArguments: ["by.first"], sizedFields: ["items"], requireOneSlicingArgument: false)
    byIds(ids: [ID!]!): [User] @listSize(slicingArguments: ["ids"]) one(a: Int, b: Int): [User] @listSize(slicingArguments: ["a", "b"])
    node: Node report: Report analytics: User matrix(first: Int): [[Log]]
  }
  type Mutation { rename(input: Rename): User } type Subscription { ticks: Log }
  input Page { first: Int = 7 } input Filter { deep: Boolean @cost(weight: "3") not: Filter } input Rename { name: String }
  interface Node { id: ID }
  type User implements Node { id: ID name: String friends(first: Int): [User] posts(first: Int, last: Int): Posts mood: Mood }
  type Post implements Node { id: ID title: String author: User } type Posts { edges: [Edge] nodes: [Post] total: Int }
  type Edge { cursor: ID node: Post } type UserPage { items: [User] } type Log { line: Line } type Report @cost(weight: "2.5") { id: ID }
  union Hit = User | Post enum Mood @cost(weight: "1") { GOOD BAD } scalar Line @cost(weight: "0.5")
  `,
  {
    weights: { 'Query.report': 50, 'Query.analytics': { multiplier: 10 }, 'Query.tags': { listSize: 200 } },
    operationCost: { mutation: 10, subscription: 5 },
  },
)

const DOCUMENTS: readonly (readonly [string, Record<string, unknown>?])[] = [
  ['{ me { id } }'],
  ['{ __typename }'],
  ['{ users { id } }'],
  ['{ users(first: 4) { id name } }'],
  ['{ users(first: 4, last: 9) { id } }'],
  ['{ users(first: 0) { friends { id } } }'],
  ['{ users(first: -1) { id } }'],
  ['query ($n: Int) { users(first: $n) { id } }', { n: 30 }],
  ['query ($n: Int = 12) { users(first: $n) { id } }'],
  ['query ($n: Int = 12) { users(first: $n) { id } }', { n: null }],
  ['{ all { id } }'],
  ['{ logs { line } tags }'],
  ['{ search(text: "a") { ... on User { mood } ... on Post { author { id } } } }'],
  ['query ($f: Filter) { search(filter: $f) { __typename } }', { f: { deep: true, not: { deep: false } } }],
  ['{ page { items { id } } }'],
  ['{ page(by: { first: 3 }) { items { friends(first: 2) { id } } } }'],
  ['query ($ids: [ID!]!) { byIds(ids: $ids) { id } }', { ids: ['a', 'b', 'c'] }],
  ['{ one { id } }'],
  ['{ one(a: 2, b: 3) { id } }'],
  ['{ node { id ... on User { friends(first: 5) { id } } ... on Post { author { id } } } }'],
  ['{ report { id } r: report { id } }'],
  ['{ analytics { friends(first: 3) { id } } }'],
  ['{ matrix(first: 3) { line } }'],
  ['mutation { rename(input: { name: "a" }) { id } }'],
  ['subscription { ticks { line } }'],
  ['{ me { posts(first: 6) { edges { node { title } } nodes { id } } } }'],
  ['{ me { id @slow(by: 1) name @slow(by: 1) @slow } }'],
  ['{ me { ...A ...A } } fragment A on User { friends(first: 2) { id } friends(first: 2) { name } }'],
  ['query ($x: Boolean!) { me @include(if: $x) { id } users(first: 3) @skip(if: $x) { id } }', { x: true }],
  ['query ($x: Boolean!) { me @include(if: $x) { id } users(first: 3) @skip(if: $x) { id } }', { x: false }],
  ['query A { me { id } } query B { users(first: 50) { id } }'],
  ['{ users(first: 20) { posts(last: 20) { nodes { author { friends(first: 20) { id } } } } } }'],
  [getIntrospectionQuery()],
  ['{ node { ... on User { a: mood b: mood c: mood } ... on Post { author { id } } } }'],
]

/**
 * `fieldCost typeCost introspectionCost` of each document, by version of the cost model; where `cost` is not the sum, it
 * follows. Since 2 it is that of one concrete type and one operation.
 */
const PRICES: Readonly<Record<number, readonly string[]>> = {
  1: [
    '1 2 0',
    '0 1 0',
    '1 11 0',
    '1 5 0',
    '1 10 0',
    '1 1 0',
    '1 Infinity 0',
    '1 31 0',
    '1 13 0',
    '1 11 0',
    '1 26 0',
    '1 16 0',
    '15 11 0',
    '11 6 0',
    '2 12 0',
    '6 11 0',
    '1 4 0',
    '1 11 0',
    '1 4 0',
    '2 7 0',
    '100 6 0',
    '20 41 0',
    '1 46 0',
    '12 2 0',
    '6 2.5 0',
    '10 21 0',
    '5 2 0',
    '2 4 0',
    '1 2 0',
    '1 4 0',
    '1 51 0',
    '841 8841 0',
    '0 1 500',
  ],
  2: [
    '1 2 0',
    '0 1 0',
    '1 11 0',
    '1 5 0',
    '1 10 0',
    '1 1 0',
    '1 Infinity 0',
    '1 31 0',
    '1 13 0',
    '1 11 0',
    '1 26 0',
    '1 16 0',
    '15 11 0',
    '11 6 0',
    '2 12 0',
    '6 11 0',
    '1 4 0',
    '1 11 0',
    '1 4 0',
    '2 7 0',
    '100 6 0',
    '20 41 0',
    '1 46 0',
    '12 2 0',
    '6 2.5 0',
    '10 21 0',
    '5 2 0',
    '2 4 0',
    '1 2 0',
    '1 4 0',
    '1 51 0',
    '841 8841 0',
    '0 1 500',
    '2 5 0 6',
  ],
}

describe('the version of the cost model', () => {
  it('stands for these prices', () => {
    const found = DOCUMENTS.map(([source, variables]) => {
      const { fieldCost, typeCost, introspectionCost, cost } = price(source, variables)
      const three = `${fieldCost} ${typeCost} ${introspectionCost}`
      return cost === fieldCost + typeCost + introspectionCost ? three : `${three} ${cost}`
    })
    expect(
      found,
      'A price has changed. Raise COST_MODEL by one and add its prices here; leave those of earlier versions alone, and release no patch.',
    ).toEqual(PRICES[COST_MODEL])
  })

  it('is the latest', () => {
    expect(Math.max(...Object.keys(PRICES).map(Number))).toBe(COST_MODEL)
  })
})
