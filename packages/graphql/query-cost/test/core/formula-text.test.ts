import fc from 'fast-check'
import { buildSchema, parse } from 'graphql'
import { describe, expect, it } from 'vitest'
import { createCostModel, estimateCost } from '../../src/core/index.ts'
import { formulaText } from '../../src/core/formula/print.ts'
import { DIRECTIVES } from './price.ts'

const model = createCostModel(
  buildSchema(`${DIRECTIVES}
    type Query {
      users(first: Int, last: Int): [User] all(first: Int = 25): [User] me: User
      page(by: Page): [User] @listSize(slicingArguments: ["by.first"], requireOneSlicingArgument: false)
      byIds(ids: [ID!]!): [User] @listSize(slicingArguments: ["ids"]) either: Either logs: [User]
      find(filter: Filter @cost(weight: "-2"), text: String @cost(weight: "4")): User @cost(weight: "10")
    }
    input Page { first: Int } input Filter { deep: Boolean @cost(weight: "3") }
    type User { id: ID friends(first: Int): [User] posts(first: Int): [Post] }
    type Post { id: ID title: String } union Either = User | Post
  `),
)

/** The price as text; a variable always has a value where its type says so. */
function text(source: string): string | undefined {
  const document = parse(source)
  const formula = model.formulas.of(document, null, {}, { steps: 0 })
  const required = new Set(/\((.*?)\) \{/.exec(source)?.[1]?.match(/\w+(?=: [^,]*!(?:,|$))/g))
  return formulaText(formula, ({ name }) => required.has(name))
}

describe('the price of an operation as text', () => {
  it.each([
    ['nothing to read', '{ me { id } }', '3'],
    ['a size', 'query ($n: Int!) { users(first: $n) { id } }', '2 + $n'],
    ['a size that may be missing', 'query ($n: Int) { users(first: $n) { id } }', '2 + ($n or 10)'],
    ['a default of the operation', 'query ($n: Int = 5) { users(first: $n) { id } }', '2 + $n'],
    ['a default of the schema', 'query ($n: Int) { all(first: $n) { id } }', '2 + ($n or 25)'],
    [
      'several of one size',
      'query ($n: Int!) { a: users(first: $n) { id } b: users(first: $n) { id } }',
      '3 + 2·$n',
    ],
    [
      'sizes that multiply',
      'query ($n: Int!, $m: Int!) { users(first: $n) { friends(first: $m) { id } posts(first: 3) { id } } }',
      '2 + 6·$n + $m·$n',
    ],
    ['a square', 'query ($n: Int!) { users(first: $n) { friends(first: $n) { id } } }', '2 + 2·$n + $n·$n'],
    [
      'two arguments',
      'query ($a: Int, $b: Int) { users(first: $a, last: $b) { id } }',
      '2 + (max($a, $b) or 10)',
    ],
    ['an argument and a number', 'query ($a: Int) { users(first: $a, last: 7) { id } }', '2 + max($a, 7)'],
    ['inside of an input object', 'query ($p: Page!) { page(by: $p) { id } }', '3 + ($p.first or 10)'],
    ['a count', 'query ($ids: [ID!]!) { byIds(ids: $ids) { id } }', '2 + count($ids)'],
    [
      'the dearest of two types that cannot be known',
      'query ($n: Int!, $m: Int!) { either { ... on User { friends(first: $n) { id } b: friends(first: $m) { id } } ... on Post { id } } }',
      '5 + $m + $n',
    ],
    [
      'costs of input',
      'query ($f: Filter, $t: String) { find(filter: $f, text: $t) { id } }',
      '2 + max(10 + cost($f) + cost($t) + cost(in $f), 0)',
    ],
  ])('%s', (_name, source, expected) => {
    expect(text(source)).toBe(expected)
  })

  it('is left out where nobody could read it', () => {
    const variables = Array.from({ length: 30 }, (_, i) => `$n${i}: Int!`).join(', ')
    const fields = Array.from({ length: 30 }, (_, i) => `a${i}: users(first: $n${i}) { id }`).join(' ')
    expect(text(`query (${variables}) { ${fields} }`)).toBeUndefined()
  })

  it('is the price, for any sizes', () => {
    const fields = fc.letrec<{ set: string }>((tie) => ({
      set: fc
        .array(
          fc.oneof(
            { depthSize: 'small', withCrossShrink: true },
            fc.constant('id'),
            fc.tuple(fc.constantFrom('a', 'b', '3'), tie('set')).map(([n, set]) => ({ n, set })),
          ),
          { minLength: 1, maxLength: 3 },
        )
        .map((selections) =>
          selections
            .map((one, i) =>
              typeof one === 'string'
                ? one
                : `f${i}: friends(first: ${one.n === '3' ? '3' : `$${one.n}`}) { ${one.set} }`,
            )
            .join(' '),
        ),
    })).set
    fc.assert(
      fc.property(fields, fc.nat(50), fc.nat(50), (set, a, b) => {
        const source = `query ($a: Int!, $b: Int!) { me { ${set} } }`
        const written = text(source)
        fc.pre(written !== undefined)
        const { cost } = estimateCost(model, parse(source), { variables: { a, b } })
        expect(valueOf(written, { a, b })).toBe(cost)
      }),
    )
  })
})

/** Computes a sum of products. */
function valueOf(polynomial: string, variables: Readonly<Record<string, number>>): number {
  const factor = (name: string): number => variables[name.slice(1)] ?? Number(name)
  return polynomial
    .split(' + ')
    .map((term) =>
      term
        .split('·')
        .map(factor)
        .reduce((a, b) => a * b, 1),
    )
    .reduce((a, b) => a + b, 0)
}
