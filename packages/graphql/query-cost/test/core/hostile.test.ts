import { buildSchema, Kind, parse, type DocumentNode } from 'graphql'
import { describe, expect, it } from 'vitest'
import { createCostModel, estimateCost } from '../../src/core/index.ts'
import { pricing } from './price.ts'

const SDL = `
  type Query { me: User users(first: Int): [User] search(filter: Filter): Int node: Node }
  input Filter { text: String and: [Filter!] }
  interface Node { id: ID node: Node }
  type User implements Node { id: ID a: User b: User node: Node users(first: Int): [User] }
  ${Array.from({ length: 30 }, (_, i) => `type N${i} implements Node { id: ID node: Node }`).join('\n')}
`
const price = pricing(SDL)

/** Fragments that each use the next one, written by `body`. */
function chain(length: number, body: (next: string) => string, start = '{ me { ...F0 } }'): string {
  const fragments = Array.from({ length }, (_, i) => `fragment F${i} on User { ${body(`...F${i + 1}`)} }`)
  return `${start} ${fragments.join(' ')} fragment F${length} on User { id }`
}

/** Steps for two sizes: an analysis that takes time linear in the document takes about twice as many for twice the size. */
function growth(document: (size: number) => string, size: number): number {
  return price(document(size * 2)).steps / price(document(size)).steps
}

describe('fragments made to explode', () => {
  it('takes a flat bomb for what it is', () => {
    expect(price(chain(30, (next) => `${next} ${next}`))).toMatchObject({ cost: 3, approximate: false })
    expect(growth((size) => chain(size, (next) => `${next} ${next}`), 200)).toBeLessThan(2.2)
  })

  it('prices a bomb of fields exactly', () => {
    const bomb = price(chain(30, (next) => `a { ${next} } b { ${next} }`))
    expect(bomb).toMatchObject({ typeCost: 2 ** 31, approximate: false })
    expect(growth((size) => chain(size, (next) => `a { ${next} } b { ${next} }`), 100)).toBeLessThan(2.2)
    expect(price(chain(400, (next) => `a { ${next} } b { ${next} }`)).steps).toBeLessThan(10_000)
  })

  it('merges a bomb whose halves overlap', () => {
    expect(price(chain(30, (next) => `a { ${next} } a { ${next} id }`))).toMatchObject({
      typeCost: 32,
      approximate: false,
    })
  })

  it('bounds interfaces nested in interfaces', () => {
    const nested = `{ ${'node { id '.repeat(50)} ${'}'.repeat(50)} }`
    expect(price(nested)).toMatchObject({ typeCost: 51, approximate: false })
    expect(price(nested).steps).toBeLessThan(20_000)
  })

  it('gives a sound answer within its budget where sets overlap in ever new ways', () => {
    const spreads = Array.from({ length: 400 }, (_, i) => `x${i}: users(first: ${i}) { id ...Big }`).join(' ')
    const big = Array.from({ length: 2000 }, (_, i) => `f${i}: users(first: 1) { id }`).join(' ')
    const estimate = price(`{ ${spreads} } fragment Big on User { ${big} }`)
    const count = (400 * 399) / 2
    expect(estimate.approximate).toBe(true)
    expect(estimate.steps).toBeLessThan(110_000)
    expect(estimate.typeCost).toBeGreaterThanOrEqual(1 + count + count * 2000)
    expect(estimate.typeCost).toBeLessThan(Infinity)
  })

  it('bounds many operations that share one large fragment', () => {
    const big = Array.from({ length: 2000 }, (_, i) => `f${i}: me { id }`).join(' ')
    const operations = Array.from({ length: 1000 }, (_, i) => `query Q${i} { ...Big }`).join(' ')
    const estimate = price(`${operations} fragment Big on Query { ${big} }`)
    expect(estimate.steps).toBeLessThan(110_000)
    expect(estimate.typeCost).toBeGreaterThanOrEqual(2001)
    expect(price(`${operations} fragment Big on Query { ${big} }`, {}, 'Q7')).toMatchObject({
      typeCost: 2001,
      approximate: false,
    })
  })

  it('bounds interfaces and unions by their dearest type in the fallback too', () => {
    const sdl = `type Query { i: I u: U } interface I { x: Int } union U = A | B
      type A implements I { x: Int a: Int } type B implements I { x: Int @cost(weight: "30") b: Int @cost(weight: "40") }`
    const small = pricing(sdl, { budget: 2 })
    expect(small('{ i { x } u { __typename ... on B { b } ... on I { x } } }')).toMatchObject({
      approximate: true,
      fieldCost: Infinity,
    })
    // The exact analysis reads F for each alias and type, the fallback once: only the former spends its budget.
    const aliases = [1, 2, 3, 4, 5].map((n) => `u${n}: u { id${n}: __typename ...F }`).join(' ')
    const filler = '__typename '.repeat(12)
    const shared = `{ i { x } ${aliases} } fragment F on U { ... on B { b } ${filler} }`
    const between = pricing(sdl, { budget: 80 })
    expect(between(shared)).toMatchObject({ approximate: true, fieldCost: 6 + 30 + 5 * 40 })
  })

  it('does not hang on cycles and costs nothing for what is missing', () => {
    expect(price('{ me { ...A } } fragment A on User { ...B } fragment B on User { ...A id }').cost).toBe(3)
    expect(price('{ me { ...A } } fragment A on User { a { ...A } }').cost).toBe(Infinity)
    expect(price('{ me { ...A ...Missing unknown { id } } nothing(a: 1) }').cost).toBe(3)
    expect(price('{ me }').cost).toBe(3)
    expect(price('mutation { anything }').cost).toBe(0)
    expect(price('fragment A on User { id }').cost).toBe(0)
  })
})

describe('size and depth', () => {
  it('has no recursion for inline fragments or fragments', () => {
    expect(price(`{ me { ${'... on User { '.repeat(1000)} id ${'}'.repeat(1000)} } }`)).toMatchObject({
      cost: 3,
      approximate: false,
    })
    expect(price(chain(5000, (next) => next))).toMatchObject({ cost: 3, approximate: false })
  })

  it('takes a nesting nobody executes for unbounded', () => {
    expect(price(`{ me { ${'a { '.repeat(400)} id ${'}'.repeat(400)} } }`)).toMatchObject({
      typeCost: 402,
      approximate: false,
    })
    expect(price(`{ me { ${'a { '.repeat(700)} id ${'}'.repeat(700)} } }`)).toMatchObject({
      cost: Infinity,
      approximate: true,
    })
    expect(price(chain(5000, (next) => `a { ${next} }`))).toMatchObject({ cost: Infinity, approximate: true })
  })

  it('survives its own fallback on deep documents', () => {
    const small = pricing(SDL, { budget: 10 })
    for (const source of [
      `{ me { ${'... on User { '.repeat(1000)} id ${'}'.repeat(1000)} } }`,
      `{ me { ${'a { '.repeat(700)} id ${'}'.repeat(700)} } }`,
      chain(5000, (next) => next),
      chain(5000, (next) => `a { ${next} } b { ${next} }`),
      '{ me { a { b { a { b { ...A } } } } ...A } } fragment A on User { a { ...A } b { id } }',
    ]) {
      expect(small(source)).toMatchObject({ cost: Infinity, approximate: true })
    }
  })

  it('counts duplicates once, in linear time', () => {
    expect(price(`{ me { ${'id '.repeat(5000)} } }`)).toMatchObject({ cost: 3, approximate: false })
    expect(price(`{ ${'me { id } '.repeat(5000)} }`)).toMatchObject({ cost: 3, approximate: false })
    expect(growth((size) => `{ ${'me { a { id } } '.repeat(size)} }`, 500)).toBeLessThan(2.2)
    expect(
      growth((size) => `{ ${Array.from({ length: size }, (_, i) => `x${i}: me { id }`).join(' ')} }`, 500),
    ).toBeLessThan(2.2)
  })

  it('counts aliases each', () => {
    const aliases = Array.from({ length: 1000 }, (_, i) => `x${i}: users { id }`).join(' ')
    expect(price(`{ ${aliases} }`).cost).toBe(1 + 1000 * 11)
  })

  it('walks large variables once, however often they are used', () => {
    const filter = { and: Array.from({ length: 1000 }, () => ({ text: 'x', and: [{}] })) }
    const uses = Array.from(
      { length: 1000 },
      (_, i) => `x${i}: search(filter: $f) y${i}: search(filter: {and: [$f, $f]})`,
    ).join(' ')
    const estimate = price(`query ($f: Filter) { ${uses} }`, { f: filter })
    expect(estimate.steps).toBeLessThan(20_000)
    // Per use: the argument and `and` weigh 1 each, and 1000 entries have one more `and`.
    expect(estimate.fieldCost).toBe(1000 * (1 + 1001) + 1000 * (2 + 2 * 1001))
  })

  it('walks deep variables without a stack', () => {
    const filter = JSON.parse(`${'{"and":['.repeat(5000)}${']}'.repeat(5000)}`) as unknown
    expect(price('query ($f: Filter) { search(filter: $f) }', { f: filter }).fieldCost).toBe(1 + 5000)
  })
})

describe('garbage', () => {
  it('never throws and never returns NaN', () => {
    const sources = [
      '{ users(first: $n) { id } search(filter: $f) me @skip(if: $b) { id } }',
      'query ($n: Int, $f: Filter, $b: Boolean) { users(first: $n) { id } search(filter: $f) me @skip(if: $b) { id } }',
    ]
    const values = [
      undefined,
      null,
      0,
      -0,
      NaN,
      Infinity,
      -Infinity,
      '',
      'x',
      true,
      [],
      [[]],
      {},
      { and: 5 },
      Symbol('s'),
      5n,
      () => 1,
      new Date(0),
    ]
    for (const source of sources) {
      for (const n of values) {
        for (const variables of [{ n, f: n, b: n }, n]) {
          const estimate = estimateCost(createCostModel(buildSchema(SDL)), parse(source), {
            variables: variables as Record<string, unknown>,
          })
          expect(estimate.cost).toBeGreaterThanOrEqual(0)
        }
      }
    }
  })

  it('prices hand-made documents without locations, directives or arguments', () => {
    const document = {
      kind: Kind.DOCUMENT,
      definitions: [
        {
          kind: Kind.OPERATION_DEFINITION,
          operation: 'query',
          selectionSet: {
            kind: Kind.SELECTION_SET,
            selections: [
              {
                kind: Kind.FIELD,
                name: { kind: Kind.NAME, value: 'users' },
                selectionSet: { kind: Kind.SELECTION_SET, selections: [] },
              },
            ],
          },
        },
      ],
    } as unknown as DocumentNode
    expect(estimateCost(createCostModel(buildSchema(SDL)), document).cost).toBe(12)
  })

  it('takes names of prototypes for names', () => {
    const proto = pricing(
      'type Query { __proto__: T constructor: T toString(first: Int): [T] } type T { id: ID }'.replace(
        '__proto__',
        'hasOwnProperty',
      ),
    )
    const source =
      '{ __proto__: constructor { id } constructor: hasOwnProperty { id } toString(first: 3) { id } ...valueOf ...__proto__ ... on __proto__ { id } } fragment __proto__ on Query { hasOwnProperty { id } }'
    expect(proto(source).cost).toBe(1 + 2 + 2 + 4 + 2)
    expect(
      price(
        '{ __proto__ constructor ...toString }',
        JSON.parse('{"__proto__": 1}') as Record<string, unknown>,
      ).cost,
    ).toBe(1)
  })
})
