import { getIntrospectionQuery } from 'graphql'
import { describe, expect, it } from 'vitest'
import { pricing } from './price.ts'

/**
 * What got past cost limiters, or stopped the servers they were to protect, as it was published: each by the pattern
 * that was flawed.
 */
const price = pricing(`
  directive @defer(if: Boolean! = true, label: String) on FRAGMENT_SPREAD | INLINE_FRAGMENT
  directive @stream(if: Boolean! = true, label: String, initialCount: Int! = 0) on FIELD
  type Query { users(first: Int, last: Int): [User] all(first: Int = 1000000): [User] page(by: Page): [User] @listSize(slicingArguments: ["by.amount"], requireOneSlicingArgument: false) hit: Hit node: Node me: User }
  input Page { amount: Int = 1000000 }
  interface Node { id: ID node: Node }
  type User implements Node { id: ID node: Node friends(first: Int): [User] }
  type Post implements Node { id: ID node: Node comments(first: Int): [Post] }
  union Hit = User | Post
`)
const MILLION = 1_000_000
const repeat = (count: number, text: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => text(index)).join(' ')

describe('sizes that were not seen', () => {
  it.each([
    ['a literal', '{ users(first: 1000000) { id } }', {}],
    ['a variable', 'query ($n: Int) { users(first: $n) { id } }', { n: MILLION }],
    ['a default of the operation', 'query ($n: Int = 1000000) { users(first: $n) { id } }', {}],
    ['a default of the schema', '{ all { id } }', {}],
    ['a default inside of an input object', '{ page(by: {}) { id } }', {}],
    ['the second of two arguments', '{ users(first: 1, last: 1000000) { id } }', {}],
    ['the first of two arguments', '{ users(first: 1000000, last: 1) { id } }', {}],
    ['another name, nested in an input object', '{ page(by: { amount: 1000000 }) { id } }', {}],
    ['the same in a variable', 'query ($p: Page) { page(by: $p) { id } }', { p: { amount: MILLION } }],
    ['a number in a string', 'query ($n: Int) { users(first: $n) { id } }', { n: '1000000' }],
  ])('%s', (_name, source, variables) => {
    expect(price(source, variables).typeCost).toBe(1 + MILLION)
  })

  it('two sizes are no product', () => {
    expect(price('{ users(first: 10, last: 10) { id } }').typeCost).toBe(11)
  })
})

describe('prices that cancelled each other', () => {
  it.each([
    '{ a: users(first: 1000000) { id } b: users(first: -1000000) { id } }',
    '{ me { a: friends(first: 1000000) { id } b: friends(first: -1000000) { id } } }',
    '{ users(first: -1) { friends(first: 1000000) { id } } }',
    '{ users(first: -1) { friends(first: -1000000) { id } } }',
  ])('%s', (source) => {
    const { cost, problems } = price(source)
    expect(cost).toBe(Infinity)
    expect(problems[0]?.code).toBe('invalid-slicing-value')
  })
})

describe('fragments that were counted wrongly', () => {
  it('four hundred on one type all count', () => {
    const fragments = repeat(400, (i) => `fragment F${i} on Query { f${i}: users(first: 100) { id } }`)
    expect(price(`{ ${repeat(400, (i) => `...F${i}`)} } ${fragments}`).cost).toBe(1 + 400 * 101)
  })

  it('one that was reached cheaply first is not cheap elsewhere', () => {
    const fragment = 'fragment F on User { friends(first: 100) { friends(first: 100) { id } } }'
    const once = 1 + 100 + 100 * 100
    for (const source of [
      `{ users(first: 0) { ...F } me { ...F } } ${fragment}`,
      `{ x: me @skip(if: true) { ...F } me { ...F } } ${fragment}`,
      `{ me { ...F } users(first: 0) { ...F } } ${fragment}`,
    ]) {
      expect(price(source).typeCost).toBe(1 + once)
    }
  })

  it('a name that looks like introspection exempts nothing', () => {
    const dear = 'users(first: 5000) { id }'
    expect(price(`{ ...__schema } fragment __schema on Query { ${dear} }`).cost).toBe(2 + 5000)
    expect(price(`query __schema { ${dear} }`).cost).toBe(2 + 5000)
    expect(price(`query IntrospectionQuery { __schema: users(first: 5000) { id } }`).cost).toBe(2 + 5000)
  })

  it('spread thirty levels deep they take no time, and cost what they ask for', () => {
    const bomb = (body: (next: string) => string) =>
      `{ me { ...F0 } } ${repeat(30, (i) => `fragment F${i} on User { ${body(`...F${i + 1}`)} }`)} fragment F30 on User { id }`
    expect(price(bomb((next) => `${next} ${next} ${next}`))).toMatchObject({ cost: 3, approximate: false })
    const fields = price(bomb((next) => `a: friends(first: 1) { ${next} } b: friends(first: 1) { ${next} }`))
    expect(fields).toMatchObject({ typeCost: 2 ** 31, approximate: false })
    expect(fields.steps).toBeLessThan(2000)
  })
})

describe('operations that were mixed up', () => {
  const document = 'query Cheap { me { id } } query Dear { users(first: 5000) { id } }'

  it('a cheap one beside a dear one costs what it costs', () => {
    expect(price(document, {}, 'Cheap').cost).toBe(3)
    expect(price(document, {}, 'Dear').cost).toBe(2 + 5000)
  })

  it('a name that no operation has neither crashes nor helps', () => {
    expect(price('{ users(first: 5000) { id } }', {}, 'Missing').cost).toBe(2 + 5000)
    expect(price(document, {}, 'Missing').cost).toBe(2 + 5000)
    expect(price('{ me { id } } { users(first: 5000) { id } }').cost).toBe(2 + 5000)
  })
})

describe('honest operations that were refused', () => {
  it('duplicates are one field', () => {
    expect(price(`{ ${repeat(3000, () => 'me { id }')} }`).cost).toBe(3)
  })

  it('exclusive branches are not summed', () => {
    const branches = '... on User { friends(first: 10) { id } } ... on Post { comments(first: 10) { id } }'
    expect(price(`{ hit { ${branches} } }`).typeCost).toBe(1 + 1 + 10)
  })

  it('what is skipped costs nothing', () => {
    const source =
      'query ($x: Boolean!) { users(first: 5000) @include(if: $x) { id } ...F @skip(if: true) } fragment F on Query { all { id } }'
    expect(price(source, { x: false }).cost).toBe(1)
  })

  it('an empty list is empty, whatever is below', () => {
    expect(price('{ users(first: 0) { friends(first: 1000000) { id } } }').cost).toBe(2)
  })

  it('the standard introspection query passes, and twelve levels do not', () => {
    expect(price(getIntrospectionQuery()).cost).toBeLessThan(1000)
    const levels = `{ __schema { types { ${'fields { type { '.repeat(12)} name ${'} }'.repeat(12)} } } }`
    expect(price(levels).cost).toBeGreaterThan(MILLION)
  })
})

describe('documents that took the time of the server', () => {
  it.each([
    ['inline fragments in inline fragments', `{ me { ${'... { '.repeat(1500)} id ${'}'.repeat(1500)} } }`],
    [
      'hundreds of kilobytes of inline fragments',
      `{ ${repeat(8000, () => '... on Query { me { id } me { id } }')} }`,
    ],
    ['a thousand aliases', `{ ${repeat(1000, (i) => `a${i}: node { id node { id } }`)} }`],
    ['interfaces forty levels deep', `{ ${'node { id '.repeat(40)} ${'}'.repeat(40)} }`],
    ['five thousand leaves of one name', `{ me { ${repeat(5000, () => 'id')} } }`],
    ['one thousand five hundred fields of one name', `{ ${repeat(1500, () => 'me { id }')} }`],
  ])('%s', (_name, source) => {
    const estimate = price(source)
    expect(estimate.approximate).toBe(false)
    expect(estimate.cost).toBeLessThan(Infinity)
    expect(estimate.steps).toBeLessThan(source.length)
  })
})

describe('payloads that come later', () => {
  it('@defer is charged in full before the first', () => {
    const fragment = 'fragment F on Query { users(first: 50) { id } }'
    expect(price(`{ ...F @defer(label: "later") } ${fragment}`).cost).toBe(1 + 1 + 50)
    expect(price('{ ... @defer { users(first: 50) { id } } }').cost).toBe(1 + 1 + 50)
    expect(
      price('query ($d: Boolean!) { ... @defer(if: $d) { users(first: 50) { id } } }', { d: true }).cost,
    ).toBe(52)
  })

  it('@stream is charged for the whole list, whatever its first part', () => {
    expect(price('{ users(first: 50) @stream(initialCount: 1) { id } }').cost).toBe(1 + 1 + 50)
    expect(price('{ users(first: 50) @stream(initialCount: 0, if: false) { id } }').cost).toBe(1 + 1 + 50)
    expect(price('{ users @stream(initialCount: 0) { id } }').cost).toBe(1 + 1 + 10)
  })
})
