import { buildSchema } from 'graphql'
import { describe, expect, it } from 'vitest'
import { createCostModel, InvalidCostModelError, type CostModelOptions } from '../../src/core/index.ts'
import { DIRECTIVES } from './price.ts'

const SDL = `
  type Query { users(first: Int, page: Page, pages: [Page], name: String): [User] me: User node: Node address: Address }
  input Page { first: Int name: String } interface Node { id: ID all(first: Int): [User] }
  type User implements Node { id: ID all(first: Int): [User] posts(first: Int): Posts }
  type Posts { nodes: [User] total: Int } type Address { street: String }
`

/** All that is wrong, as `coordinate: message`. */
function problems(options: CostModelOptions | Record<string, unknown>, sdl = DIRECTIVES + SDL): string[] {
  try {
    createCostModel(buildSchema(sdl), options)
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidCostModelError)
    return (error as InvalidCostModelError).problems.map(
      ({ coordinate, message }) => `${coordinate}: ${message}`,
    )
  }
  return []
}

describe('F13: weights that cannot be meant', () => {
  it.each<[string, CostModelOptions['weights'] | Record<string, unknown>, RegExp]>([
    [
      'an unknown field',
      { 'Query.user': 1 },
      /weights\["Query\.user"\]: the schema has no such coordinate; did you mean "Query\.users"\?/,
    ],
    ['a bare field name', { users: 2 }, /no such coordinate/],
    ['an unknown type', { Usr: 2 }, /did you mean "User"\?/],
    ['NaN', { 'Query.users': NaN }, /cost takes a finite number, got NaN/],
    ['an infinite cost', { 'Query.users': { cost: Infinity } }, /cost takes a finite number/],
    [
      'a negative multiplier',
      { 'Query.users': { multiplier: -1 } },
      /multiplier takes a finite number of at least 0, got -1/,
    ],
    ['a multiplier on a type', { User: { multiplier: 2 } }, /takes no multiplier: that belongs to fields/],
    ['a string', { 'Query.users': '5' }, /takes a number or \{ cost, multiplier, listSize \}/],
    ['an unknown setting', { 'Query.users': { costs: 1 } }, /has no setting "costs"; did you mean "cost"\?/],
    ['a cost on an interface', { Node: 5 }, /has no cost of its own/],
    ['a cost on an interface field', { 'Node.id': 5 }, /takes no cost here/],
    ['a cost on an input object type', { Page: 5 }, /has no cost of its own/],
    [
      'a negative list size',
      { 'Query.users': { listSize: -1 } },
      /assumedSize takes a whole number of at least 0, got -1/,
    ],
    ['a list size that is no number', { 'Query.users': { listSize: { assumedSize: '5' } } }, /got "5"/],
    [
      'an unknown list size setting',
      { 'Query.users': { listSize: { slicingArgument: ['first'] } } },
      /has no argument "slicingArgument"; did you mean "slicingArguments"\?/,
    ],
    [
      'a list size on no list',
      { 'Query.me': { listSize: 5 } },
      /Query\.me: has a list size, but returns no list/,
    ],
    [
      'an unknown slicing argument',
      { 'Query.users': { listSize: { slicingArguments: ['frist'] } } },
      /has no slicing argument "frist"; did you mean "first"\?/,
    ],
    [
      'an unknown nested slicing argument',
      { 'Query.users': { listSize: { slicingArguments: ['page.frist'] } } },
      /"page\.frist"; did you mean "first"\?/,
    ],
    [
      'a path through a list',
      { 'Query.users': { listSize: { slicingArguments: ['pages.first'] } } },
      /has no slicing argument "pages\.first"/,
    ],
    [
      'a slicing argument that is no number',
      { 'Query.users': { listSize: { slicingArguments: ['name'] } } },
      /neither a number nor a list/,
    ],
    [
      'an unknown sized field',
      { 'User.posts': { listSize: { sizedFields: ['node'] } } },
      /has no sized field "node"; did you mean "nodes"\?/,
    ],
    [
      'a sized field that is no list',
      { 'User.posts': { listSize: { sizedFields: ['total'] } } },
      /sized field "total" returns no list/,
    ],
  ])('%s', (_name, weights, message) => {
    const found = problems({ weights })
    expect(found).toHaveLength(1)
    expect(found[0]).toMatch(message)
  })
})

describe('options', () => {
  it.each<[Record<string, unknown>, RegExp]>([
    [{ defaultListSize: NaN }, /defaultListSize: takes a number of at least 0, got NaN/],
    [{ defaultListSize: -1 }, /got -1/],
    [{ defaultListSize: '10' }, /got string/],
    [{ budget: -5 }, /budget/],
    [{ operationCost: { mutation: -1 } }, /operationCost\.mutation/],
    [
      { operationCost: { mutations: 1 } },
      /operationCost\.mutations: is no option; did you mean "mutation"\?/,
    ],
    [{ weight: {} }, /weight: is no option; did you mean "weights"\?/],
    [{ directives: { cost: 'prize' } }, /directives: the schema has no directive "prize"/],
    [{ directives: { costs: 'cost' } }, /directives\.costs: is no option/],
  ])('%j', (options, message) => {
    expect(problems(options).join('\n')).toMatch(message)
  })

  it('takes other names of the directives', () => {
    const sdl = `directive @price(weight: String!) on FIELD_DEFINITION type Query { a: Int @price(weight: "3") }`
    expect(problems({ directives: { cost: 'price' } }, sdl)).toEqual([])
  })
})

describe('directives in the schema that cannot be meant', () => {
  it('lists all of them with their coordinates', () => {
    const sdl = `${DIRECTIVES}
      type Query {
        a: Int @cost(weight: "dear")
        b: Int @cost(weight: "")
        c: Int @listSize(assumedSize: 5)
        d(n: Int): [Int] @listSize(slicingArguments: ["m"])
        e: [Int] @listSize(assumedSize: -5)
      }
      interface I { f: Int @cost(weight: "1") }
      type T implements I { f: Int @cost(weight: "NaN") }
    `
    const found = problems({ weights: { 'Query.z': 1 } }, sdl)
    expect(found.map((line) => line.split(': ')[0])).toEqual(
      expect.arrayContaining([
        'Query.a',
        'Query.b',
        'Query.c',
        'Query.d',
        'Query.e',
        'I.f',
        'T.f',
        'weights["Query.z"]',
      ]),
    )
    expect(found).toHaveLength(8)
  })

  it('refuses the @cost of another package rather than reading it as nothing', () => {
    const sdl =
      'directive @cost(complexity: Int) on FIELD_DEFINITION type Query { a: Int @cost(complexity: 5) }'
    expect(problems({}, sdl)).toEqual([
      'Query.a: @cost needs a weight that is a number in a string, such as "2.5"',
    ])
  })

  it('has a code and one line per problem', () => {
    const error = new InvalidCostModelError([{ coordinate: 'Query.a', message: 'is wrong' }])
    expect(error).toMatchObject({
      name: 'InvalidCostModelError',
      code: 'PORTCULLIS_QUERY_COST_INVALID_MODEL',
    })
    expect(error.message).toBe('The query costs cannot be used:\n  Query.a: is wrong')
  })
})
