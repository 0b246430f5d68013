import { buildSchema } from 'graphql'
import { describe, expect, it } from 'vitest'
import { createCostModel, InvalidCostModelError, type CostModelOptions } from '../../src/core/index.ts'
import { DIRECTIVES } from './price.ts'

function departures(sdl: string, options?: CostModelOptions): string[] {
  return createCostModel(buildSchema(sdl), options).departures.map(
    ({ coordinate, message }) => `${coordinate}: ${message}`,
  )
}

function refused(sdl: string): string {
  try {
    createCostModel(buildSchema(DIRECTIVES + sdl))
  } catch (error) {
    if (error instanceof InvalidCostModelError) return error.message
  }
  return ''
}

describe('section 9 of the specification: what cannot be used', () => {
  it.each([
    [
      '9.1: on an interface field',
      'type Query { a: I } interface I { b: Int @cost(weight: "1") } type T implements I { b: Int }',
      'I.b: @cost does not belong here',
    ],
    ['9.2.1: on no list', 'type Query { a: Int @listSize(assumedSize: 2) }', 'Query.a: has a list size, but'],
    [
      '9.2.2: a sized field that does not exist',
      'type Query { a: P @listSize(assumedSize: 2, sizedFields: ["edge"]) } type P { edges: [Int] }',
      'Query.a: has no sized field "edge"; did you mean "edges"?',
    ],
    [
      '9.2.2: a sized field that is no list',
      'type Query { a: P @listSize(assumedSize: 2, sizedFields: ["total"]) } type P { edges: [Int] total: Int }',
      'Query.a: sized field "total" returns no list',
    ],
    [
      '9.2.3: a slicing argument that does not exist',
      'type Query { a(first: Int): [Int] @listSize(slicingArguments: ["frist"]) }',
      'Query.a: has no slicing argument "frist"; did you mean "first"?',
    ],
    [
      '9.2.3: a slicing argument that holds no number',
      'type Query { a(name: String): [Int] @listSize(slicingArguments: ["name"]) }',
      'Query.a: slicing argument "name" is neither a number nor a list',
    ],
  ])('%s', (_name, sdl, message) => {
    expect(refused(sdl)).toContain(message)
  })
})

describe('section 9 of the specification: what departs from it', () => {
  it('a schema that follows it departs nowhere', () => {
    const sdl = `
      type Query {
        a(first: Int, last: Int): [Int] @listSize(slicingArguments: ["first", "last"])
        b(first: Int = 5): [Int] @listSize(slicingArguments: ["first"])
        c(first: Int!): [Int] @listSize(slicingArguments: ["first"], assumedSize: 9, requireOneSlicingArgument: false)
        d(by: Page, ids: [ID!]!): [Int] @listSize(slicingArguments: ["by.first", "ids"])
        e: P @listSize(assumedSize: 2, sizedFields: ["edges"])
        f: Int @cost(weight: "-2.5")
      }
      input Page { first: Int @cost(weight: "1") } type P { edges: [Int] }
    `
    expect(departures(DIRECTIVES + sdl)).toEqual([])
  })

  it.each([
    [
      '9.2.3: a slicing argument of another scalar',
      'scalar Long type Query { a(n: Long): [Int] @listSize(slicingArguments: ["n"]) }',
      ['Query.a: slicing argument "n" is a Long, and should be an Int'],
    ],
    [
      '9.2.4: an assumed size beside arguments that are demanded',
      'type Query { a(n: Int): [Int] @listSize(slicingArguments: ["n"], assumedSize: 5) }',
      ['Query.a: assumedSize beside slicingArguments should have requireOneSlicingArgument: false'],
    ],
    [
      '9.2.4: an assumed size beside a default',
      'type Query { a(n: Int = 3): [Int] @listSize(slicingArguments: ["n"], assumedSize: 5, requireOneSlicingArgument: false) }',
      ['Query.a: assumedSize is in vain: slicing argument "n" has a default'],
    ],
    [
      '9.2.4: on an interface field, once',
      `type Query { a: I } interface I { b(n: Int): [Int] @listSize(slicingArguments: ["n"], assumedSize: 5) }
       type T implements I { b(n: Int): [Int] }`,
      ['I.b: assumedSize beside slicingArguments should have requireOneSlicingArgument: false'],
    ],
  ])('%s', (_name, sdl, found) => {
    expect(departures(DIRECTIVES + sdl)).toEqual(found)
  })

  it('9.1 and 9.2: other definitions', () => {
    const sdl = `
      directive @cost(weight: Int!, complexity: Int) repeatable on FIELD_DEFINITION | INTERFACE
      directive @listSize(assumedSize: Int, slicingArguments: [String!], requireOneSlicingArgument: Boolean = false) on FIELD_DEFINITION | OBJECT
      type Query { a: Int }`
    expect(departures(sdl)).toEqual([
      '@cost: its argument "weight" is a Int!, and should be a String!',
      '@cost: has an argument "complexity" that the specification does not know',
      '@cost: should not be possible on INTERFACE',
      '@cost: should not be repeatable',
      '@listSize: its argument "requireOneSlicingArgument" should have the default true',
      '@listSize: should not be possible on OBJECT',
    ])
  })

  it('fewer arguments and places are fine, and names can be others', () => {
    const sdl =
      'directive @price(weight: Int!) on OBJECT directive @cost(weight: String!) on OBJECT directive @listSize(assumedSize: Int) on FIELD_DEFINITION type Query { a: Int }'
    expect(departures(sdl)).toEqual([])
    expect(departures(sdl, { directives: { cost: 'price' } })).toEqual([
      '@price: its argument "weight" is a Int!, and should be a String!',
    ])
  })

  it('what the options say is nobody else’s to read', () => {
    const weights = { 'Query.a': { listSize: { slicingArguments: ['n'], assumedSize: 5 } } }
    const sdl = 'type Query { a(n: Int): [Int] @listSize(slicingArguments: ["n"], assumedSize: 5) }'
    expect(departures(DIRECTIVES + sdl, { weights })).toEqual([])
  })
})
