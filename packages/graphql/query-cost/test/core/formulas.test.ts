import { buildSchema, parse, type DocumentNode } from 'graphql'
import { describe, expect, it } from 'vitest'
import { createCostModel, estimateCost, type CostModelOptions } from '../../src/core/index.ts'
import { DIRECTIVES } from './price.ts'

const SDL = `
  input Page { first: Int size: Int = 4 } input Filter { text: String @cost(weight: "2") and: [Filter!] }
  type Query {
    users(first: Int = 6): [User] search(filter: Filter): Int any: Any
    one(a: Int, b: Int): [User] @listSize(slicingArguments: ["a", "b"])
    paged(page: Page): [User] @listSize(slicingArguments: ["page.first", "page.size"], requireOneSlicingArgument: false)
  }
  type User { id: ID friends(first: Int): [User] posts(first: Int): Posts }
  type Posts { nodes: [Post] } type Post { id: ID author: User likes: Int @cost(weight: "3") }
  union Any = User | Post
`

/** Prices one document with one set of variables after the other, and each beside a document that is seen first. */
function both(source: string, options?: CostModelOptions) {
  const model = createCostModel(buildSchema(DIRECTIVES + SDL), options)
  const document = parse(source)
  return (variables: Record<string, unknown>, operation: string | null = null) => {
    const known = estimateCost(model, document, { variables, operation })
    const fresh = estimateCost(model, parse(source), { variables, operation })
    expect({ ...known, steps: 0, problems: known.problems.map((one) => ({ ...one, node: 0 })) }).toEqual({
      ...fresh,
      steps: 0,
      problems: fresh.problems.map((one) => ({ ...one, node: 0 })),
    })
    return known
  }
}

describe('a document that was seen before', () => {
  it('costs what its variables say now: nothing of earlier ones stays', () => {
    const price = both('query ($n: Int = 3) { users(first: $n) { friends(first: 2) { id } } }')
    expect(price({ n: 10 }).cost).toBe(1 + 1 + 10 * (1 + 1 + 2))
    expect(price({ n: 1_000_000 }).cost).toBe(2 + 4_000_000)
    expect(price({ n: 1 }).cost).toBe(6)
    expect(price({}).cost).toBe(2 + 12)
    expect(price({ n: null }).cost).toBe(2 + 40)
    expect(price({ n: 'x' })).toMatchObject({ cost: Infinity, problems: [{ code: 'invalid-slicing-value' }] })
    expect(price({ n: -1 })).toMatchObject({ cost: Infinity, problems: [{ code: 'invalid-slicing-value' }] })
    expect(price({ n: 0 })).toMatchObject({ cost: 2, problems: [] })
  })

  it('keeps problems that no variable can mend, and finds those of others', () => {
    const price = both('query ($a: Int, $b: Int) { x: one(a: 1, b: 2) { id } one(a: $a, b: $b) { id } }')
    expect(price({ a: 1 }).problems.map(({ code }) => code)).toEqual(['several-slicing-arguments'])
    expect(price({}).problems.map(({ code }) => code)).toEqual([
      'several-slicing-arguments',
      'missing-slicing-argument',
    ])
    expect(price({ a: 1, b: 1 }).problems).toHaveLength(1)
  })

  it('reads booleans anew, in every combination', () => {
    const price = both(
      'query ($x: Boolean = true, $y: Boolean = false) { a: users(first: 1) @skip(if: $x) { id } ...F @include(if: $y) } fragment F on Query { b: users(first: 5) { id } c: users(first: 9) @include(if: $x) { id } }',
    )
    const cost = (x?: unknown, y?: unknown) => price({ x, y }).cost
    for (let round = 0; round < 3; round++) {
      expect([cost(), cost(false), cost(true, true), cost(false, true)]).toEqual([1, 3, 1 + 6 + 10, 3 + 6])
      expect([cost('yes', 'no'), cost(null, null)]).toEqual([3 + 6 + 10, 3 + 6 + 10])
    }
  })

  it('reads nested values, their defaults and null anew', () => {
    const price = both('query ($p: Page = { first: 7 }) { paged(page: $p) { id } }')
    const size = (p?: unknown) => price(p === undefined ? {} : { p }).typeCost - 1
    expect([size(), size({}), size({ first: 2, size: 1 }), size({ size: null }), size(null)]).toEqual([
      7, 4, 2, 10, 10,
    ])
    expect(price({ p: 'garbage' }).problems).toHaveLength(1)
  })

  it('prices input objects anew', () => {
    const price = both(
      'query ($f: Filter = { text: "a" }) { search(filter: $f) b: search(filter: { and: [$f, { text: "x" }] }) }',
    )
    expect(price({}).fieldCost).toBe(3 + (1 + 1 + 2 + 2))
    expect(price({ f: {} }).fieldCost).toBe(1 + (1 + 1 + 2))
    expect(price({ f: null }).fieldCost).toBe(1 + (1 + 1 + 2))
    expect(price({ f: { and: [{ text: 'a' }, { text: 'b' }] } }).fieldCost).toBe(
      1 + 1 + 4 + (1 + 1 + 1 + 4 + 2),
    )
  })

  it('takes the dearest type anew', () => {
    const price = both(
      'query ($n: Int, $m: Int) { any { ... on User { friends(first: $n) { id } } ... on Post { author { friends(first: $m) { id } } likes } } }',
    )
    expect(price({ n: 10, m: 1 })).toMatchObject({ typeCost: 1 + 1 + 10, fieldCost: 1 + 5 })
    expect(price({ n: 1, m: 10 })).toMatchObject({ typeCost: 1 + 1 + 1 + 10, fieldCost: 1 + 5 })
  })

  it('hands sizes down anew, apart for each parent', () => {
    const price = both(
      'query ($n: Int, $m: Int) { users(first: 1) { a: posts(first: $n) { ...P } b: posts(first: $m) { ...P } c: posts(first: 2) { ...P } } } fragment P on Posts { nodes { id } }',
    )
    expect(price({ n: 3, m: 50 }).typeCost).toBe(2 + 3 + 3 + 50 + 2)
    expect(price({ n: 50, m: null }).typeCost).toBe(2 + 3 + 50 + 10 + 2)
  })

  it('prices each of its operations, by name, by definition, and the dearest where none is known', () => {
    const price = both(
      'query A($n: Int = 2) { users(first: $n) { id } } query B($n: Int = 30) { users(first: $n) { id } }',
    )
    for (let round = 0; round < 2; round++) {
      expect(price({}, 'A').typeCost).toBe(3)
      expect(price({}, 'B').typeCost).toBe(31)
      expect(price({}, 'C').typeCost).toBe(31)
      expect(price({}).typeCost).toBe(31)
      expect(price({ n: 5 }).typeCost).toBe(6)
    }
  })

  it('keeps a coarse bound as it is', () => {
    const price = both(
      'query ($n: Int) { a: users(first: $n) { ...F } b: users(first: 2) { ...F } } fragment F on User { friends { id } }',
      { budget: 4 },
    )
    expect(price({ n: 1 })).toMatchObject({ approximate: true })
    // The exact analysis reads F for each alias, the fallback once: only the former spends its budget.
    const aliases = [1, 2, 3, 4, 5].map((i) => `u${i}: users(first: $n) { id${i}: id ...F }`).join(' ')
    const limited = both(`query ($n: Int) { ${aliases} } fragment F on User { ${'id '.repeat(12)} }`, {
      budget: 60,
    })
    expect(limited({ n: 1 })).toMatchObject({ approximate: true, typeCost: 1 + 5 })
    expect(limited({ n: 3 })).toMatchObject({ approximate: true, typeCost: 1 + 15 })
  })
})

it('a bound that came from a spent budget is not kept for booleans that leave the budget', () => {
  // The fallback gives up among the leaves, before it sees $x, which decided that the exact analysis spent its budget.
  const source = `query ($x: Boolean!) { users(first: 1) { ${'id '.repeat(12)} } ...F @include(if: $x) } fragment F on Query { ${'search '.repeat(30)} }`
  const price = both(source, { budget: 20 })
  expect(price({ x: true })).toMatchObject({ cost: Infinity, approximate: true })
  expect(price({ x: false })).toMatchObject({ cost: 3, approximate: false })
})

describe('the work of a document that was seen before', () => {
  const model = createCostModel(buildSchema(DIRECTIVES + SDL))
  const steps = (document: DocumentNode, variables: Record<string, unknown>) =>
    estimateCost(model, document, { variables }).steps

  it('depends on its variables alone', () => {
    const body = Array.from({ length: 1000 }, (_, i) => `f${i}: users(first: 3) { id }`).join(' ')
    const document = parse(`query ($n: Int) { users(first: $n) { id } ${body} }`)
    expect(steps(document, { n: 1 })).toBeGreaterThan(2000)
    expect(steps(document, { n: 2 })).toBeLessThan(10)
  })

  it('stays bounded when operations and booleans are asked for in turns', () => {
    const operations = Array.from(
      { length: 100 },
      (_, i) => `query Q${i}($n: Int) { users(first: $n) { id } }`,
    )
    const document = parse(operations.join(' '))
    for (let i = 0; i < 300; i++) {
      const estimate = estimateCost(model, document, { variables: { n: i }, operation: `Q${i % 100}` })
      expect(estimate.typeCost).toBe(1 + i)
    }
    expect(estimateCost(model, document, { variables: { n: 1 }, operation: 'Q99' }).steps).toBeLessThan(10)
    expect(estimateCost(model, document, { variables: { n: 1 }, operation: 'Q5' }).steps).toBeLessThan(20)
  })

  it('keeps no formula that is larger than its document', () => {
    const names = Array.from({ length: 40 }, (_, i) => `$v${i}: Int`).join(' ')
    const inner = Array.from({ length: 40 }, (_, i) => `f${i}: friends(first: $v${i}) { id }`).join(' ')
    const outer = Array.from(
      { length: 40 },
      (_, i) => `u${i}: users(first: $v${i}) { posts(first: $v${i}) { nodes { author { ...F } } } }`,
    )
    const document = parse(`query (${names}) { ${outer.join(' ')} } fragment F on User { ${inner} }`)
    const first = steps(document, { v0: 1 })
    const again = steps(document, { v0: 2 })
    expect(again).toBeLessThanOrEqual(first)
    expect(estimateCost(model, document, { variables: { v3: 4 } })).toMatchObject({ approximate: false })
  })
})
