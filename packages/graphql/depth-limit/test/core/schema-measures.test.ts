import { buildSchema, getIntrospectionQuery, Kind, parse } from 'graphql'
import type { GraphQLSchema, OperationDefinitionNode } from 'graphql'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { measureShape } from '../../src/core/measure-shape.ts'
import type { Shape } from '../../src/core/shape.ts'

const schema = buildSchema(`
  interface Node { id: ID children: [Node] parent: Node }
  type User implements Node { id: ID children: [Node] parent: Node friends: [User!]! matrix: [[Cell]] best: User }
  type Group implements Node { id: ID children: [Node] parent: Node members: [User] }
  type Cell { id: ID owner: User }
  union Anything = User | Group | Cell
  type Query { me: User users: [User] node: Node anything: [Anything] names: [String] }
  type Mutation { invite: [User] }
`)

function shapeOf(source: string, on: GraphQLSchema | undefined = schema): Shape {
  const { definitions } = parse(source)
  const fragments = definitions.filter((one) => one.kind === Kind.FRAGMENT_DEFINITION)
  const operation = definitions.find((one) => one.kind === Kind.OPERATION_DEFINITION)
  if (operation === undefined) throw new Error('the sample has no operation')
  const byName = new Map(fragments.map((one) => [one.name.value, one]))
  const shape = measureShape(operation, byName, {}, on)
  if (shape === 'cycle') throw new Error('the sample is cyclic')
  return shape
}

describe('list depth', () => {
  it.each([
    ['{ me { id } }', 0],
    ['{ names }', 0],
    ['{ users { id } }', 1],
    ['{ users { friends { friends { id } } } me { friends { id } } }', 3],
    ['{ users { best { friends { id } } } }', 2],
    ['{ me { matrix { id } } }', 2],
    ['{ node { ... on User { friends { ... on User { friends { id } } } } } }', 2],
    ['{ users { ...F } } fragment F on User { friends { ...G } } fragment G on Node { children { id } }', 3],
    ['{ anything { ... on Group { members { ... { friends { id } } } } } }', 3],
    ['mutation { invite { friends { id } } }', 2],
    ['{ a: users { b: friends { id } } }', 2],
    ['{ missing { users { id } } ... on Missing { users { id } } }', 0],
  ])('%s nests %i', (source, listDepth) => {
    expect(shapeOf(source).listDepth).toBe(listDepth)
  })

  it('is not known without a schema', () => {
    const shape = shapeOf('{ users { friends { friends { id } } } }', buildSchema('type Query { a: Int }'))
    expect(shape).toMatchObject({ depth: 4, listDepth: 0, selfReferentialDepth: 0 })
  })

  it('is measured anew where another schema is meant', () => {
    const operation = parse('{ users { id } }').definitions[0] as OperationDefinitionNode
    const other = buildSchema('type Query { users: [[[User]]] } type User { id: ID }')
    expect(measureShape(operation, new Map(), {}, schema)).toMatchObject({ listDepth: 1 })
    expect(measureShape(operation, new Map(), {}, other)).toMatchObject({ listDepth: 3 })
  })
})

describe('self-referential depth', () => {
  it.each([
    ['{ names }', 0],
    ['{ me { friends { id } } users { friends { id } } }', 1],
    ['{ me { friends { friends { friends { id } } } } }', 3],
    ['{ me { friends { best { friends { best { id } } } } } }', 2],
    ['{ me { ...F } } fragment F on User { friends { ...G } } fragment G on User { friends { id } }', 2],
    ['{ me { friends { ...G } } me { ...G } } fragment G on User { friends { friends { id } } }', 3],
    ['{ me { ...A best { ...A } } } fragment A on User { friends { id } }', 1],
  ])('%s comes back %i times', (source, times) => {
    expect(shapeOf(source).selfReferentialDepth).toBe(times)
  })

  it('is not halved by going through an interface and its implementations in turn', () => {
    const turn = (inner: string): string =>
      `... on User { children { ... on Group { children { ... on Node { children { ${inner} } } } } } }`
    expect(shapeOf(`{ node { ${turn(turn('id'))} } }`).selfReferentialDepth).toBe(6)
  })
})

describe('introspection', () => {
  it('has measures of its own, and the standard query stays within the defaults', () => {
    const standard = shapeOf(getIntrospectionQuery({ inputValueDeprecation: true, specifiedByUrl: true }))
    expect(standard).toMatchObject({ depth: 0, listDepth: 0, selfReferentialDepth: 0 })
    expect(standard.introspectionListDepth).toBe(3)
    expect(standard.introspectionDepth).toBeLessThanOrEqual(20)
  })

  it('shows the lists that are nested in it, also through fragments', () => {
    const source = `{ users { id } __schema { types { ...T } } }
      fragment T on __Type { fields { type { fields { args { type { possibleTypes { name } } } } } } }`
    expect(shapeOf(source)).toMatchObject({ introspectionListDepth: 5, listDepth: 1 })
    expect(
      shapeOf('{ ...Q } fragment Q on Query { __type(name: "A") { fields { args { name } } } }'),
    ).toMatchObject({
      introspectionListDepth: 2,
      selfReferentialDepth: 0,
    })
  })
})

describe('counters', () => {
  it('counts fields once for each set they are spread into, and the fragments of the document', () => {
    const source =
      '{ me { ...F best { ...F } } } fragment F on User { id friends { id } } fragment Unused on User { id }'
    expect(shapeOf(source)).toMatchObject({ selections: 8, fragments: 2 })
  })

  it('counts a doubling chain without unfolding it', () => {
    const chain = Array.from(
      { length: 60 },
      (_, i) => `fragment F${i} on User { best { ...F${i + 1} } best { ...F${i + 1} } }`,
    )
    const shape = shapeOf(`{ me { ...F0 } } ${chain.join(' ')} fragment F60 on User { friends { id } }`)
    expect(shape).toMatchObject({
      selections: Number.MAX_SAFE_INTEGER,
      selfReferentialDepth: 60,
      listDepth: 1,
    })
  })
})

describe('documents made to be hard', () => {
  /** Each fragment has a field of its own and spreads the next, so that what is kept for each of them grows. */
  function staircase(steps: number): string {
    const fragments = Array.from(
      { length: steps },
      (_, i) => `fragment F${i} on T { f${i} { id } f${i} { ...F${i + 1} } }`,
    )
    return `{ a { ...F0 } } ${fragments.join(' ')} fragment F${steps} on T { id }`
  }
  const fields = Array.from({ length: 4000 }, (_, i) => `f${i}: T`)
  const wide = buildSchema(`type Query { a: T } type T { id: ID ${fields.join(' ')} }`)

  it('gives a bound that is never less where counting exactly would take too long', () => {
    expect(shapeOf(staircase(50), wide).selfReferentialDepth).toBe(1)
    const long = shapeOf(staircase(4000), wide)
    expect(long.depth).toBe(4002)
    expect(long.selfReferentialDepth).toBe(4002)
  })
})

describe('against a walk that expands every fragment', () => {
  interface Choice {
    readonly field: number
    readonly spread: number | null
    readonly below: readonly Choice[]
  }
  const { set } = fc.letrec<{ set: readonly Choice[]; one: Choice }>((tie) => ({
    set: fc.array(tie('one'), { minLength: 1, maxLength: 3, size: 'small' }),
    one: fc.record({
      field: fc.nat(20),
      spread: fc.option(fc.nat(3), { freq: 2 }),
      below: fc.oneof({ maxDepth: 4 }, fc.constant<readonly Choice[]>([]), tie('set')),
    }),
  }))
  const COMPOSITE = ['children', 'parent', 'friends', 'matrix', 'best'] as const
  const LISTS = { children: 1, parent: 0, friends: 1, matrix: 2, best: 0 } as const
  // On a user, all of these fields answer users again, so that every spread fits.
  const users = buildSchema(
    'type Query { me: User } type User { id: ID children: [User] parent: User friends: [User!] matrix: [[User]] best: User }',
  )

  function print(choices: readonly Choice[], floor: number): string {
    return choices
      .map(({ field, spread, below }) => {
        if (spread !== null && spread > floor) return `...F${spread}`
        return below.length === 0 ? 'id' : `${COMPOSITE[field % 5]} { ${print(below, floor)} }`
      })
      .join(' ')
  }

  function naive(
    choices: readonly Choice[],
    floor: number,
    fragments: readonly (readonly Choice[])[],
    path: readonly string[],
    lists: number,
    visited = new Set<number>(),
  ): { lists: number; times: number; selections: number } {
    const found = {
      lists,
      times: Math.max(0, ...path.map((one) => path.filter((other) => other === one).length)),
      selections: 0,
    }
    for (const { field, spread, below } of choices) {
      let inner = { lists: 0, times: 0, selections: 1 }
      const name = COMPOSITE[field % 5] ?? 'best'
      if (spread !== null && spread > floor) {
        if (visited.has(spread)) continue
        visited.add(spread)
        inner = naive(fragments[spread] ?? [], spread, fragments, path, lists, visited)
      } else if (below.length > 0) {
        inner = naive(below, floor, fragments, [...path, name], lists + LISTS[name])
        inner.selections += 1
      }
      found.lists = Math.max(found.lists, inner.lists)
      found.times = Math.max(found.times, inner.times)
      found.selections += inner.selections
    }
    return found
  }

  it('agrees on lists, repeats and fields', () => {
    const numRuns = 2000 * Number(process.env['PORTCULLIS_RUNS'] ?? 1)
    const seed = Number(process.env['PORTCULLIS_SEED'] ?? 20261122)
    fc.assert(
      fc.property(set, fc.array(set, { minLength: 4, maxLength: 4 }), (root, fragments) => {
        const texts = fragments.map((one, i) => `fragment F${i} on User { ${print(one, i)} }`).join(' ')
        const measured = shapeOf(`{ me { ${print(root, -1)} } } ${texts}`, users)
        const expected = naive(root, -1, fragments, ['me'], 0)
        expect({
          lists: measured.listDepth,
          times: measured.selfReferentialDepth,
          selections: measured.selections - 1,
        }).toEqual(expected)
      }),
      { numRuns, seed },
    )
  })
})
