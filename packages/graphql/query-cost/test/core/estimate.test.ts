import { buildSchema, getIntrospectionQuery, Kind, parse } from 'graphql'
import { describe, expect, it } from 'vitest'
import { createCostModel, estimateCost } from '../../src/core/index.ts'
import { DIRECTIVES, pricing } from './price.ts'

const USERS = `
  type Query { users(first: Int, last: Int): [User] me: User node: Node any: Any }
  type Mutation { rename(name: String): User }
  type Subscription { renamed: User }
  interface Node { id: ID }
  type User implements Node { id: ID name: String friends(first: Int = 3): [User] posts(limit: Int): Posts }
  type Posts { edges: [Edge] nodes: [Post] total: Int }
  type Edge { node: Post }
  type Post implements Node { id: ID author: User likes: Int @cost(weight: "7") }
  union Any = User | Post
`
const price = pricing(USERS)

/** A list of n users without anything below: the root object, one resolver call, n objects. */
const usersCost = (n: number) => 1 + 1 + n

describe('F10: cost = fieldCost + typeCost', () => {
  it('counts the root object, one per composite, nothing per scalar', () => {
    expect(price('{ me { id name } }')).toMatchObject({
      typeCost: 2,
      fieldCost: 1,
      cost: 3,
      approximate: false,
    })
    expect(price('{ __typename }').cost).toBe(1)
  })

  it('is that of one concrete type, where the most objects are those of one and the most calls those of another', () => {
    const heavyOrBusy = pricing(`
      type Query { thing: Thing things(first: Int): [Thing] }
      union Thing = Heavy | Busy
      type Heavy @cost(weight: "22") { a: Int @cost(weight: "1") }
      type Busy { b: Int @cost(weight: "13") below: Thing }
    `)
    const both = '... on Heavy { a } ... on Busy { b }'
    expect(heavyOrBusy(`{ thing { ${both} } }`)).toMatchObject({
      typeCost: 1 + 22,
      fieldCost: 1 + 13,
      cost: 1 + 1 + 22 + 1,
    })
    const list = 'query ($n: Int) { things(first: $n) { ... on Heavy { a } ... on Busy { b } } }'
    expect(heavyOrBusy(list, { n: 10 })).toMatchObject({
      typeCost: 1 + 10 * 22,
      fieldCost: 1 + 10 * 13,
      cost: 1 + 1 + 10 * (22 + 1),
    })
    expect(heavyOrBusy(`{ thing { ${both} ... on Busy { below { ${both} } } } }`)).toMatchObject({
      typeCost: 1 + 1 + 22,
      fieldCost: 1 + 13 + 1 + 13,
      cost: 1 + 1 + (1 + 13 + 1 + (22 + 1)),
    })
    // Without its merging, too: the bound is coarser, but never below.
    const coarse = pricing(
      'type Query { thing: Thing } union Thing = A | B type A { a: Int } type B { b: B }',
      { budget: 0, weights: { A: { cost: 22 }, 'B.b': { cost: 13 } } },
    )('{ thing { ... on A { a } ... on B { b { __typename } } } }')
    expect(coarse.approximate).toBe(true)
    expect(coarse.cost).toBeGreaterThanOrEqual(1 + 1 + 22)
    expect(coarse.cost).toBeLessThanOrEqual(coarse.typeCost + coarse.fieldCost)
  })

  it('is that of one operation, where nobody says which of several will run', () => {
    const weights = { User: { cost: 50 }, 'Query.me': { cost: 0 }, 'Query.slow': { cost: 40 } }
    const two = pricing('type Query { me: User slow: Int } type User { id: ID }', { weights })
    expect(two('query A { me { id } } query B { slow }')).toMatchObject({
      typeCost: 51,
      fieldCost: 40,
      cost: 51,
    })
  })

  it('adds a flat cost per kind of operation', () => {
    const flat = pricing(USERS, { operationCost: { mutation: 10, subscription: 5 } })
    expect(flat('{ me { id } }').cost).toBe(3)
    expect(flat('mutation { rename(name: "x") { id } }')).toMatchObject({ fieldCost: 11, typeCost: 2 })
    expect(flat('subscription { renamed { id } }').fieldCost).toBe(6)
  })
})

describe('F12: list sizes', () => {
  it.each([
    ['a literal', '{ users(first: 4) { id } }', {}, usersCost(4)],
    ['a variable', 'query ($n: Int) { users(first: $n) { id } }', { n: 1_000_000 }, usersCost(1_000_000)],
    [
      'an operation default',
      'query ($n: Int = 1000000) { users(first: $n) { id } }',
      {},
      usersCost(1_000_000),
    ],
    [
      'a variable that beats its default',
      'query ($n: Int = 9) { users(first: $n) { id } }',
      { n: 2 },
      usersCost(2),
    ],
    [
      'an explicit null that beats its default',
      'query ($n: Int = 9) { users(first: $n) { id } }',
      { n: null },
      usersCost(10),
    ],
    ['a schema default', '{ me { friends { id } } }', {}, 3 + 1 + 3],
    [
      'an explicit null that suppresses a schema default',
      '{ me { friends(first: null) { id } } }',
      {},
      3 + 1 + 10,
    ],
    [
      'an absent variable, so the schema default',
      'query ($n: Int) { me { friends(first: $n) { id } } }',
      {},
      3 + 1 + 3,
    ],
    ['nothing at all', '{ users { id } }', {}, usersCost(10)],
    ['the larger of two', '{ users(first: 2, last: 8) { id } }', {}, usersCost(8)],
    ['zero', '{ users(first: 0) { friends(first: 1000000) { id } } }', {}, usersCost(0)],
    ['nested lists', '{ users(first: 3) { friends(first: 4) { id } } }', {}, 1 + 1 + 3 * (1 + 1 + 4)],
    ['an undeclared variable', '{ users(first: $n) { id } }', { n: 0 }, usersCost(10)],
  ])('%s', (_name, source, variables, cost) => {
    expect(price(source, variables)).toMatchObject({ cost, problems: [] })
  })

  it('saturates instead of overflowing, and nothing times infinitely much is nothing', () => {
    const deep = `{ users(first: 1e300) { friends(first: 1e300) { friends(first: 0) { id } id } } }`
    expect(price(deep).cost).toBe(Infinity)
    expect(
      price('query ($n: Int) { users(first: 0) { friends(first: $n) { id } } }', { n: Infinity }).cost,
    ).toBe(2)
  })

  it.each([
    ['{ users(first: -5) { id } }', {}],
    ['query ($n: Int) { users(first: $n) { id } }', { n: -1_000_000 }],
    ['{ a: users(first: 1000) { id } b: users(first: -1000) { id } }', {}],
  ])('refuses a negative size, which lowers no price (%s)', (source, variables) => {
    expect(price(source, variables)).toMatchObject({
      cost: Infinity,
      problems: [{ code: 'invalid-slicing-value', coordinate: 'Query.users', slicingArguments: ['first'] }],
    })
  })

  it.each(['ten', '', '-1', -1, -0.5, '1e9', '0x10', true, {}, [], [5], { first: 1 }, Number.NaN, () => 5])(
    'reports a value that is no size (%j) and counts it as infinite',
    (n) => {
      const estimate = price('query ($n: Int) { users(first: $n) { id } }', { n })
      expect(estimate.cost).toBe(Infinity)
      expect(estimate.problems).toMatchObject([
        { code: 'invalid-slicing-value', coordinate: 'Query.users', slicingArguments: ['first'] },
      ])
    },
  )

  it('takes whole numbers in strings, as scalars for long integers send them', () => {
    expect(price('query ($n: Int) { users(first: $n) { id } }', { n: '12' }).cost).toBe(usersCost(12))
    expect(price('query ($n: Int) { users(first: $n) { id } }', { n: 12n }).cost).toBe(usersCost(12))
  })

  it('uses defaultListSize, also as infinity', () => {
    expect(pricing(USERS, { defaultListSize: 2 })('{ users { id } }').cost).toBe(usersCost(2))
    expect(pricing(USERS, { defaultListSize: Infinity })('{ users { id } }').cost).toBe(Infinity)
  })

  it('infers connections: the size is that of edges and nodes', () => {
    const model = createCostModel(buildSchema(DIRECTIVES + USERS))
    expect(model.inferred).toEqual([
      { coordinate: 'Query.users', slicingArguments: ['first', 'last'], sizedFields: [] },
      { coordinate: 'User.friends', slicingArguments: ['first'], sizedFields: [] },
      { coordinate: 'User.posts', slicingArguments: ['limit'], sizedFields: ['edges', 'nodes'] },
    ])
    // root, me, posts, 5 edges, 5 nodes: 1+1+1+5+5 objects; me, posts, edges, 5 x node calls.
    expect(price('{ me { posts(limit: 5) { total edges { node { id } } } } }')).toMatchObject({
      typeCost: 13,
      fieldCost: 8,
    })
    expect(price('{ me { posts { nodes { id } } } }').typeCost).toBe(13)
  })

  it('does not guess lists from names and reads no size from other arguments', () => {
    const guess = pricing(
      'type Query { address(count: Int): Address } type Address { status: Status } type Status { id: ID }',
    )
    expect(guess('{ address(count: 1000) { status { id } } }').cost).toBe(5)
  })
})

describe('@listSize', () => {
  const sized = pricing(`
    input Page { first: Int size: Size } input Size { most: Int = 6 } scalar Long
    type Query {
      assumed: [T] @listSize(assumedSize: 4)
      both(n: Int): [T] @listSize(assumedSize: 4, slicingArguments: ["n"])
      one(a: Int, b: Int): [T] @listSize(slicingArguments: ["a", "b"])
      defaulted(a: Int = 2, b: Int): [T] @listSize(slicingArguments: ["a", "b"])
      nested(page: Page): [T] @listSize(slicingArguments: ["page.first", "page.size.most"], requireOneSlicingArgument: false)
      byIds(ids: [ID!]): [T] @listSize(slicingArguments: ["ids"])
      long(n: Long): [T] @listSize(slicingArguments: ["n"])
      deep(n: Int): Outer @listSize(slicingArguments: ["n"], sizedFields: ["inner.items"])
      matrix(n: Int): [[T]] @listSize(slicingArguments: ["n"])
      two(n: Int): Two @listSize(slicingArguments: ["n"], sizedFields: ["a"]) @listSize(assumedSize: 5, sizedFields: ["b"])
      listOf(n: Int): [Two] @listSize(slicingArguments: ["n"], sizedFields: ["a"])
    }
    type T { id: ID } type Outer { inner: Inner other: Inner } type Inner { items(first: Int): [T] }
    type Two { a: [T] b: [T] }
  `)
  it.each([
    ['assumedSize', '{ assumed { id } }', 1 + 1 + 4],
    ['a slicing argument beats assumedSize', '{ both(n: 1000000) { id } }', 1 + 1 + 1_000_000],
    ['assumedSize is used without it', '{ both { id } }', 1 + 1 + 4],
    ['a nested path', '{ nested(page: {first: 9}) { id } }', 1 + 1 + 1 + 9],
    ['an input field default on the path', '{ nested(page: {size: {}}) { id } }', 1 + 1 + 2 + 6],
    ['null on the path', '{ nested(page: {size: null}) { id } }', 1 + 1 + 2 + 10],
    ['the length of a list', '{ byIds(ids: ["a", "b", "c"]) { id } }', 1 + 1 + 3],
    ['a single value is a list of one', '{ byIds(ids: 1000) { id } }', 1 + 1 + 1],
    ['a custom scalar', '{ long(n: "7") { id } }', 1 + 1 + 7],
    ['a sized field further down', '{ deep(n: 7) { inner { items { id } } } }', 1 + 2 + 2 + 1 + 7],
    ['only the named path is sized', '{ deep(n: 7) { other { items { id } } } }', 1 + 2 + 2 + 1 + 10],
    [
      'an own argument larger than the size from above',
      '{ deep(n: 7) { inner { items(first: 9) { id } } } }',
      1 + 2 + 2 + 1 + 9,
    ],
    [
      'an own argument smaller than the size from above',
      '{ deep(n: 7) { inner { items(first: 1) { id } } } }',
      1 + 2 + 2 + 1 + 7,
    ],
    ['lists in lists multiply', '{ matrix(n: 3) { id } }', 1 + 1 + 30],
    ['repeated directives', '{ two(n: 3) { a { id } b { id } } }', 1 + 2 + 2 + 3 + 5],
    [
      'sizedFields turn the size away from the own list',
      '{ listOf(n: 3) { a { id } } }',
      1 + 1 + 10 * (1 + 1 + 3),
    ],
  ])('%s', (_name, source, cost) => {
    expect(sized(source)).toMatchObject({ cost, problems: [] })
  })

  it('keeps apart the sizes that two parents hand to the same selections', () => {
    const source =
      '{ a: deep(n: 3) { ...O } b: deep(n: 50) { ...O } } fragment O on Outer { inner { items { id } } }'
    expect(sized(source).typeCost).toBe(1 + 2 * 2 + 3 + 50)
  })

  it('demands exactly one slicing argument where the directive does', () => {
    expect(sized('{ one { id } }').problems).toMatchObject([
      { code: 'missing-slicing-argument', coordinate: 'Query.one', slicingArguments: ['a', 'b'] },
    ])
    expect(sized('{ one(a: null) { id } }').problems).toHaveLength(1)
    expect(sized('{ one(a: 1, b: 2) { id } }').problems).toMatchObject([
      { code: 'several-slicing-arguments' },
    ])
    expect(sized('{ one(a: 1) { id } }').problems).toEqual([])
    expect(sized('{ defaulted { id } }').problems).toEqual([])
    expect(sized('{ defaulted(b: 5) { id } }')).toMatchObject({ cost: 1 + 1 + 5, problems: [] })
    expect(sized('{ x: one { id } y: one { id } }').problems).toHaveLength(1)
    expect(sized('{ one @skip(if: true) { id } }').problems).toEqual([])
  })

  it('reads only own properties of variables', () => {
    const source =
      'query ($__proto__: Page, $constructor: Int) { nested(page: $__proto__) { id } both(n: $constructor) { id } }'
    expect(sized(source, {})).toMatchObject({ cost: 1 + 1 + 10 + 1 + 4, problems: [] })
    const sent = JSON.parse('{"__proto__": {"first": 2}}') as Record<string, unknown>
    expect(sized(source, sent).cost).toBe(1 + 1 + 1 + 2 + 1 + 4)
    expect(
      sized('query ($p: Page) { nested(page: $p) { id } }', { p: JSON.parse('{"__proto__": {"first": 2}}') })
        .cost,
    ).toBe(1 + 1 + 1 + 10)
  })

  it('does not take JSON for a piece of the document', () => {
    const forged = { kind: Kind.LIST, values: [] }
    expect(sized('query ($ids: [ID!]) { byIds(ids: $ids) { id } }', { ids: forged }).cost).toBe(1 + 1 + 1)
    expect(
      sized('query ($n: Int) { both(n: $n) { id } }', { n: { kind: Kind.INT, value: '0' } }).problems,
    ).toHaveLength(1)
  })

  it('is inherited from an interface by fields that have none', () => {
    const inherited = pricing(
      'type Query { i: I } interface I { l(n: Int): [A] @listSize(slicingArguments: ["n"]) } type A implements I { l(n: Int): [A] }',
    )
    expect(inherited('{ i { l(n: 50) { __typename } } }').typeCost).toBe(1 + 1 + 50)
  })
})

describe('@cost', () => {
  const costed = pricing(`
    directive @slow(by: Int @cost(weight: "4")) repeatable on FIELD
    directive @cheap(by: Int @cost(weight: "-3")) repeatable on FIELD
    scalar Big @cost(weight: "2") enum Mood @cost(weight: "3") { FINE }
    input Filter { text: String @cost(weight: "6") and: [Filter!] not: Filter @cost(weight: "-20") }
    type Query {
      a: Int @cost(weight: "5") big: Big bigs(first: Int): [Big] mood: Mood dear: Dear
      search(filter: Filter, exact: Boolean @cost(weight: "-4")): Int @cost(weight: "10")
    }
    type Dear @cost(weight: "20") { id: ID }
    type Mutation { m: Int }
    extend type Mutation @cost(weight: "-1")
  `)
  it.each([
    ['fields', '{ a }', { fieldCost: 5, typeCost: 1 }],
    ['aliases of a field', '{ a b: a }', { fieldCost: 10, typeCost: 1 }],
    ['object types', '{ dear { id } }', { fieldCost: 1, typeCost: 21 }],
    ['scalars and enums', '{ big mood }', { fieldCost: 0, typeCost: 6 }],
    ['lists of scalars', '{ bigs(first: 4) }', { fieldCost: 0, typeCost: 9 }],
    ['arguments of input object types', '{ search(filter: {}) }', { fieldCost: 11, typeCost: 1 }],
    [
      'input fields',
      '{ search(filter: {text: "x", and: [{text: "y"}, {}]}) }',
      { fieldCost: 10 + 1 + 6 + 1 + 6, typeCost: 1 },
    ],
    ['a negative argument', '{ search(exact: true) }', { fieldCost: 6, typeCost: 1 }],
    ['a null argument earns no discount', '{ search(exact: null) }', { fieldCost: 10, typeCost: 1 }],
    ['a field never costs less than 0', '{ search(filter: {not: {}}) a }', { fieldCost: 5, typeCost: 1 }],
    ['directives', '{ a @slow(by: 1) @slow(by: 2) }', { fieldCost: 13, typeCost: 1 }],
    ['a directive is no discount', '{ a @cheap(by: 1) @cheap(by: 1) }', { fieldCost: 5, typeCost: 1 }],
    ['negative type weights cost 0', 'mutation { m }', { fieldCost: 0, typeCost: 0 }],
  ])('%s', (_name, source, expected) => {
    expect(costed(source)).toMatchObject(expected)
  })

  it('prices input objects in variables like those in the document', () => {
    const source = 'query ($f: Filter) { search(filter: $f) }'
    expect(costed(source, { f: { text: 'x', and: [{ text: 'y' }, {}] } }).fieldCost).toBe(24)
    expect(costed(source).fieldCost).toBe(10)
    expect(costed(source, { f: null }).fieldCost).toBe(11)
    expect(costed(source, { f: 'garbage' }).fieldCost).toBe(11)
    expect(
      costed('query ($f: [Filter!]) { search(filter: {and: $f}) }', { f: [{ text: 'x' }] }).fieldCost,
    ).toBe(10 + 1 + 1 + 6)
  })
})

describe('F13: weights by coordinate', () => {
  it('multiplies the subtree of a field', () => {
    const weighed = pricing(USERS, { weights: { 'Query.users': { multiplier: 3 } } })
    expect(weighed('{ users(first: 2) { friends(first: 1) { id } } me { id } }')).toMatchObject({
      fieldCost: 3 * (1 + 2) + 1,
      typeCost: 1 + 3 * (2 + 2) + 1,
    })
  })

  // An argument with a default is given to the resolver, so it counts like one that is written.
  it('takes a number as the own cost, and wins over the directive', () => {
    const weighed = pricing(USERS, {
      weights: { 'Post.likes': 1, 'Query.me': 4, User: 0, 'User.friends(first:)': 2, String: 3 },
    })
    expect(weighed('{ me { name friends { id } } }')).toMatchObject({ fieldCost: 4 + 1 + 2, typeCost: 1 + 3 })
    expect(weighed('{ me { friends(first: 3) { id } } }').fieldCost).toBe(4 + 1 + 2)
    expect(weighed('{ me { friends(first: null) { id } } }').fieldCost).toBe(4 + 1 + 2)
    expect(weighed('{ any { ... on Post { likes } } }').fieldCost).toBe(2)
  })

  it('sets list sizes for schemas that cannot be annotated', () => {
    const weighed = pricing(USERS, {
      weights: { 'Query.users': { listSize: { assumedSize: 50 } }, 'Posts.nodes': { listSize: 2 } },
    })
    expect(weighed('{ users { id } }').cost).toBe(usersCost(50))
    expect(weighed('{ me { posts { nodes { id } } } }').typeCost).toBe(13)
  })
})

describe('F17: what is counted', () => {
  it('counts inside inline and named fragments, spread or not', () => {
    expect(price('{ ... { me { id } } ... on Query { users(first: 2) { id } } }').cost).toBe(1 + 2 + 3)
    expect(
      price('{ ...F } fragment F on Query { me { id } } fragment G on Query { users { id } }').cost,
    ).toBe(3)
  })

  it('counts the operation asked for, and the dearest when that is not known', () => {
    const source = 'query Cheap { me { id } } query Dear { users(first: 100) { id } }'
    expect(price(source, {}, 'Cheap').cost).toBe(3)
    expect(price(source, {}, 'Dear').cost).toBe(102)
    for (const unknown of ['Nobody', '', '__proto__', null]) expect(price(source, {}, unknown).cost).toBe(102)
    expect(price('{ me { id } }', {}, 'Nobody').cost).toBe(3)
    const document = parse(source)
    const [cheap] = document.definitions
    if (cheap?.kind !== Kind.OPERATION_DEFINITION) throw new Error('expected an operation')
    expect(
      estimateCost(createCostModel(buildSchema(DIRECTIVES + USERS)), document, { operation: cheap }).cost,
    ).toBe(3)
  })

  it('leaves out what @skip and @include surely leave out', () => {
    const source = `query ($yes: Boolean = true, $no: Boolean!) {
      a: me @skip(if: $yes) { id } ...F @include(if: $no) ... @skip(if: true) { b: me { id } } c: me @include(if: $yes) { id }
    } fragment F on Query { d: me { id } }`
    expect(price(source, { no: false }).cost).toBe(3)
    expect(price(source, { no: true }).cost).toBe(5)
    expect(price(source, { no: true, yes: false }).cost).toBe(5)
    expect(price(source, { no: 'false' }).cost, 'no boolean: counted').toBe(5)
    expect(price('{ ...F @skip(if: true) ...F } fragment F on Query { me { id } }').cost).toBe(3)
  })

  it('merges response names', () => {
    expect(
      price(
        '{ me { id } me { name } ...F } fragment F on Query { me { friends { id } } me { friends { name } } }',
      ).cost,
    ).toBe(3 + 4)
    // The same selection set, alone and merged with another.
    const shared =
      '{ a: me { ...F } b: me { ...F friends { id friends { id } } } } fragment F on User { friends { id } }'
    expect(price(shared)).toMatchObject({ typeCost: 1 + (1 + 3) + (1 + 3 + 9), fieldCost: 2 + 1 + 1 + 3 })
    const sub =
      '{ a: me { ...F } b: me { ...F ...G } } fragment F on User { friends { id } } fragment G on User { friends { friends { id } } }'
    expect(price(sub)).toMatchObject({ typeCost: 1 + (1 + 3) + (1 + 3 + 9), fieldCost: 2 + 1 + 1 + 3 })
  })

  it('keeps apart what was merged of different selections', () => {
    const levels = (n: number) =>
      `friends(first: 1) { ${'friends(first: 1) { '.repeat(n)} id ${'}'.repeat(n)} }`
    const fragments = [1, 2, 3].map((n) => `fragment F${n} on User { ${levels(n)} }`).join(' ')
    const source = `{ a: me { ...F1 ...F2 } b: me { ...F1 ...F3 } c: me { ...F2 ...F3 } } ${fragments}`
    expect(price(source).typeCost).toBe(1 + (1 + 3) + (1 + 4) + (1 + 4))
  })

  it('does not let two fields under one name hide each other, though validation refuses them', () => {
    expect(
      price('{ x: me { id } x: users(first: 100) { id } x: users(first: 7) { id } }').cost,
    ).toBeGreaterThanOrEqual(102)
  })

  it('takes the dearest concrete type of interfaces and unions, never the sum', () => {
    expect(price('{ any { ... on User { friends(first: 5) { id } } ... on Post { likes } } }')).toMatchObject(
      { typeCost: 1 + 1 + 5, fieldCost: 1 + 7 },
    )
    expect(
      price('{ node { id ... on Post { likes author { id } } ... on Any { ... on User { name } } } }'),
    ).toMatchObject({ typeCost: 3, fieldCost: 1 + 8 })
    expect(
      price('{ any { ... on Node { id } ... on Post { likes } ... on Node { ... on Post { l: likes } } } }')
        .fieldCost,
    ).toBe(15)
  })
})

describe('introspection', () => {
  const nested = (levels: number) =>
    `{ __schema { types { ${'fields { type { '.repeat(levels)} name ${'} }'.repeat(levels)} } } }`

  it('prices the standard query the same on every schema, and below the default limit', () => {
    const large = Array.from(
      { length: 200 },
      (_, i) =>
        `type T${i} { ${Array.from({ length: 30 }, (_each, j) => `f${j}(a: Int, b: Int): T${i}`).join(' ')} }`,
    ).join(' ')
    for (const sdl of ['type Query { a: Int }', USERS, `type Query { t: T0 } ${large}`]) {
      const run = pricing(sdl, { defaultListSize: 100, weights: { String: 50 } })
      expect(run(getIntrospectionQuery())).toMatchObject({
        introspectionCost: 500,
        typeCost: 1,
        fieldCost: 0,
        cost: 501,
      })
      expect(run('{ __type(name: "Query") { fields { name } } }').introspectionCost).toBeLessThanOrEqual(5)
      expect(run(nested(4)).cost).toBeGreaterThan(1000)
      expect(run(nested(12)).cost).toBeGreaterThan(1e9)
    }
  })

  it('cannot be hidden by aliases, fragments or nesting', () => {
    const three = Array.from({ length: 3 }, (_, i) =>
      getIntrospectionQuery()
        .replace(/query IntrospectionQuery|fragment[^]*/g, '')
        .replace('__schema', `s${i}: __schema`)
        .trim()
        .slice(1, -1),
    )
    const fragments = getIntrospectionQuery().match(/fragment[^]*/)?.[0] ?? ''
    expect(price(`{ ${three.join(' ')} } ${fragments}`).introspectionCost).toBeGreaterThan(1400)
    expect(price('{ ...__schema } fragment __schema on Query { users(first: 5000) { id } }').cost).toBe(
      usersCost(5000),
    )
    expect(price('query __schema { users(first: 5000) { id } }').cost).toBe(usersCost(5000))
    const relay = pricing(
      'type Query { a: Int } type Mutation { all(first: Int): [Payload] } type Payload { query: Query }',
    )
    const cost = relay(
      `mutation { all(first: 10) { query { ${three[0] ?? ''} } } } ${fragments}`,
    ).introspectionCost
    expect(cost).toBeGreaterThan(4000)
  })
})
