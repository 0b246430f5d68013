import fc from 'fast-check'
import { buildSchema, parse, valueFromASTUntyped, type OperationDefinitionNode } from 'graphql'
import { describe, expect, it } from 'vitest'
import { createCostModel, estimateCost } from '../../src/core/index.ts'
import { formulaText } from '../../src/core/formula/print.ts'
import { scenario, type Choose, type Scenario } from './generate.ts'
import { DIRECTIVES } from './price.ts'
import { valueOfFormula } from './read-formula.ts'

const model = createCostModel(
  buildSchema(`${DIRECTIVES}
    type Query {
      users(first: Int, last: Int): [User] all(first: Int = 25): [User] me: User
      page(by: Page): [User] @listSize(slicingArguments: ["by.first"], requireOneSlicingArgument: false)
      byIds(ids: [ID!]!): [User] @listSize(slicingArguments: ["ids"]) either: Either logs: [User]
      find(filter: Filter @cost(weight: "-2"), text: String @cost(weight: "4")): User @cost(weight: "10")
    }
    input Page { first: Int } input Filter { deep: Boolean @cost(weight: "3") }
    type User { id: ID friends(first: Int, last: Int): [User] posts(first: Int, last: Int): [Post] }
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

  it('is the price, on generated operations', () => {
    const seed = Number(process.env['PORTCULLIS_SEED'] ?? 20_261_122)
    const runs = Number(process.env['PORTCULLIS_RUNS'] ?? 1)
    const choices = fc.gen().map(
      (g): Choose =>
        (max) =>
          g(fc.nat, { max }),
    )
    let compared = 0
    fc.assert(
      fc.property(choices, (choose) => {
        compared += compareText(scenario(choose, { documents: 2, variables: 3 }))
      }),
      { seed, numRuns: 200 * runs, endOnFailure: true },
    )
    console.log(`${compared} formulas, seed ${seed}`)
    // Most ask for sizes that are refused, or weigh input.
    expect(compared).toBeGreaterThan(40 * runs)
  })

  it('is the price, for any sizes that may or may not be sent', () => {
    const runs = Number(process.env['PORTCULLIS_RUNS'] ?? 1)
    const seed = Number(process.env['PORTCULLIS_SEED'] ?? 20_261_122)
    const size = fc.constantFrom(
      'first: $a',
      'first: $b',
      'first: $c',
      'first: 3',
      'first: $a, last: $b',
      'last: $c',
    )
    const { users } = fc.letrec<{ users: string; user: string }>((tie) => ({
      user: fc
        .array(
          fc.oneof(
            { depthSize: 'small', withCrossShrink: true },
            fc.constant(['id', '']),
            fc.tuple(fc.constantFrom('friends', 'posts'), size, tie('user')).map(([name, given, below]) => {
              return [name, `(${given}) { ${name === 'posts' ? 'title' : below} }`]
            }),
          ),
          { minLength: 1, maxLength: 3 },
        )
        .map((all) => all.map(([name, rest], index) => `x${index}: ${name}${rest}`).join(' ')),
      users: fc
        .tuple(size, tie('user'), tie('user'))
        .map(
          ([given, all, one]) =>
            `users(${given}) { ${all} } either { ... on User { ${one} } ... on Post { y: id } }`,
        ),
    }))
    const value = fc.option(fc.nat(30), { nil: undefined })
    let compared = 0
    fc.assert(
      fc.property(users, fc.nat(30), value, value, (selections, a, b, c) => {
        const source = `query ($a: Int!, $b: Int, $c: Int = 4) { ${selections} }`
        const written = text(source)
        if (written === undefined) return
        const { cost } = estimateCost(model, parse(source), { variables: { a, b, c } })
        expect(valueOfFormula(written, { a, b, c: c ?? 4 })).toBe(cost)
        compared++
      }),
      { seed, numRuns: 500 * runs, endOnFailure: true },
    )
    expect(compared).toBeGreaterThan(350 * runs)
  })
})

/** The generated variables are mostly such as are refused. */
const PLAIN_VARIABLES = [
  {},
  { n: 3, m: 0, tags: ['a', 'b'] },
  { n: 7, m: 2, tags: 'single', page: { first: 4, tags: ['x'], inner: { first: 9 } }, absent: 5 },
]

/** Compares the texts of a scenario's operations with their prices. Answers how many could be compared. */
function compareText({ sdl, multipliers, defaultListSize, documents }: Scenario): number {
  const weights = Object.fromEntries(
    Object.entries(multipliers).map(([name, multiplier]) => [name, { multiplier }]),
  )
  const generated = createCostModel(buildSchema(sdl), { weights, defaultListSize })
  let compared = 0
  for (const { source } of documents) {
    const document = parse(source)
    for (const definition of document.definitions) {
      if (definition.kind !== 'OperationDefinition') continue
      for (const sent of PLAIN_VARIABLES) {
        const request = { operation: definition, variables: sent }
        const { cost, introspectionCost, problems } = estimateCost(generated, document, request)
        const values = { ...defaultsOf(definition), ...sent }
        const formula = generated.formulas.of(document, definition, sent, { steps: 0 })
        const written = formulaText(formula, () => false)
        // The text tells nothing of null, of what is refused, nor what input costs.
        if (written?.includes('cost(') !== false || problems.length > 0 || holdsNull(values)) continue
        const value = valueOfFormula(written, values)
        const price = cost - introspectionCost
        const right = value === price || Math.abs(value - price) <= 1e-9 * price
        if (!right) throw new Error(JSON.stringify({ sdl, source, sent, written, value, price }, null, 2))
        if (written.includes('$')) compared++
      }
    }
  }
  return compared
}

const defaultsOf = ({ variableDefinitions = [] }: OperationDefinitionNode): Record<string, unknown> =>
  Object.fromEntries(
    variableDefinitions.flatMap(({ variable, defaultValue }): [string, unknown][] =>
      defaultValue === undefined ? [] : [[variable.name.value, valueFromASTUntyped(defaultValue)]],
    ),
  )

function holdsNull(value: unknown): boolean {
  if (typeof value !== 'object') return false
  return value === null || Object.values(value).some(holdsNull)
}
