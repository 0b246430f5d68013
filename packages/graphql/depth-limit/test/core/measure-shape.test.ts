import { Kind, parse } from 'graphql'
import type { FragmentDefinitionNode, OperationDefinitionNode } from 'graphql'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { measureShape } from '../../src/core/measure-shape.ts'
import type { Shape } from '../../src/core/shape.ts'

function measure(source: string, variables: Record<string, unknown> = {}): Shape | 'cycle' {
  const document = parse(source)
  const fragments = new Map<string, FragmentDefinitionNode>()
  let operation: OperationDefinitionNode | undefined
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition)
    else if (definition.kind === Kind.OPERATION_DEFINITION) operation ??= definition
  }
  if (operation === undefined) throw new Error('the sample has no operation')
  return measureShape(operation, fragments, variables)
}

function shape(source: string, variables?: Record<string, unknown>): Shape {
  const measured = measure(source, variables)
  if (measured === 'cycle') throw new Error('the sample is cyclic')
  return measured
}

function nested(levels: number, leaf = 'id'): string {
  return `${'a { '.repeat(levels)}${leaf}${' }'.repeat(levels)}`
}

describe('depth', () => {
  it.each([
    ['{ a }', 1],
    ['{ a { b } c }', 2],
    ['{ ... { ... { a } } }', 1],
    ['{ ...F } fragment F on Query { a { ...G } } fragment G on A { b { c } }', 3],
    [`{ ${nested(9)} }`, 10],
    ['mutation { a { b } }', 2],
    ['{ a { __typename } }', 2],
  ])('%s is %i deep', (source, depth) => {
    expect(shape(source).depth).toBe(depth)
  })

  it('F14: depth counts through 60 chained fragments', () => {
    const chain = Array.from({ length: 60 }, (_, i) => `fragment F${i} on T { a { ...F${i + 1} } }`).join(' ')
    expect(shape(`{ ...F0 } ${chain} fragment F60 on T { id }`).depth).toBe(61)
  })

  it('takes the deeper of two ways to one fragment, whichever comes first', () => {
    const fragment = 'fragment F on T { b { c } }'
    expect(shape(`{ ...F a { a { ...F } } } ${fragment}`).depth).toBe(4)
    expect(shape(`{ a { a { ...F } } ...F } ${fragment}`).depth).toBe(4)
  })

  it('does not follow what @skip and @include leave out', () => {
    const deep = nested(20)
    expect(shape(`{ id a @skip(if: true) { ${deep} } }`).depth).toBe(1)
    expect(shape(`{ id ... @include(if: false) { ${deep} } }`).depth).toBe(1)
    expect(
      shape(`query ($x: Boolean!) { id ...F @skip(if: $x) } fragment F on T { ${deep} }`, { x: true }).depth,
    ).toBe(1)
    expect(shape(`query ($x: Boolean = true) { id a @skip(if: $x) { ${deep} } }`).depth).toBe(1)
  })

  it('follows what is left out only by a condition that is unknown or false, for each request anew', () => {
    const source = `query ($x: Boolean!) { id a @skip(if: $x) { ${nested(20)} } }`
    const document = parse(source)
    const operation = document.definitions[0] as OperationDefinitionNode
    expect(measureShape(operation, new Map(), { x: true })).toMatchObject({ depth: 1 })
    expect(measureShape(operation, new Map(), { x: false })).toMatchObject({ depth: 22 })
    expect(measureShape(operation, new Map(), { x: 'true' })).toMatchObject({ depth: 22 })
    expect(measureShape(operation, new Map(), JSON.parse('{"__proto__":{"x":true}}') as never)).toMatchObject(
      { depth: 22 },
    )
  })

  it('does not stumble over fragments that do not exist', () => {
    expect(shape('{ a { ...Missing } }').depth).toBe(1)
  })
})

describe('introspection', () => {
  it('is measured apart from the rest', () => {
    const measured = shape('{ a { b } __schema { types { name } } }')
    expect(measured).toMatchObject({ depth: 2, introspectionDepth: 3 })
  })

  it('is recognised by the field, not by the name of a fragment or an alias', () => {
    expect(shape(`query __schema { ...__type } fragment __type on Query { ${nested(30)} }`).depth).toBe(31)
    expect(shape(`{ __schema: a { ${nested(30)} } }`).depth).toBe(32)
    expect(shape('{ x: __schema { types { name } } }').introspectionDepth).toBe(3)
  })

  it('is measured through fragments', () => {
    const source = '{ __schema { types { ...T } } } fragment T on __Type { fields { type { name } } }'
    expect(shape(source).introspectionDepth).toBe(5)
  })
})

describe('counters', () => {
  it('counts aliases that rename, once for each selection set they are spread into', () => {
    expect(shape('{ a: a b: a c: a { d: e } }').aliases).toBe(3)
    const fragments = 'fragment F on T { p: q ...G } fragment G on T { r: s { t: u } }'
    expect(shape(`{ ...F ...F ... { ...G ...F } } ${fragments}`).aliases).toBe(3)
    expect(shape(`{ a { ...F ...G } a { ...G } } ${fragments}`).aliases).toBe(5)
    expect(shape('{ x { ...F } y { ...F } } fragment F on T { p: q r: s }').aliases).toBe(4)
  })

  it('counts root fields by response name, each fragment once', () => {
    expect(shape('{ a a a b: a ...F ...F } fragment F on Query { c a }').rootFields).toBe(3)
  })

  it('counts what is deferred each time it is spread, as it is collected each time', () => {
    const deferred = '...F @defer(label: "1") ...F @defer(label: "2") ...F @include(if: true)'
    expect(shape(`{ ${deferred} } fragment F on T { p: q }`).aliases).toBe(3)
    const bomb = Array.from(
      { length: 30 },
      (_, i) => `fragment F${i} on T { ...F${i + 1} @defer(label: "a") ...F${i + 1} @defer(label: "b") }`,
    )
    expect(shape(`{ ...F0 } ${bomb.join(' ')} fragment F30 on T { id }`).selections).toBe(2 ** 30)
  })

  it('counts directives wherever they stand', () => {
    const source = 'query @a { x @b ... @c { y } ...F @d } fragment F on T { z @e @f }'
    expect(shape(source).directives).toBe(6)
  })
})

describe('hostile documents', () => {
  it('measures a bomb of 30 fragments that double each other', () => {
    const flat = Array.from(
      { length: 30 },
      (_, i) => `fragment F${i} on T { ...F${i + 1} ...F${i + 1} }`,
    ).join(' ')
    expect(shape(`{ ...F0 } ${flat} fragment F30 on T { id }`)).toMatchObject({ depth: 1, selections: 1 })
    const crossed = Array.from(
      { length: 30 },
      (_, i) =>
        `fragment F${i} on T { ...F${i + 1} ...G${i + 1} } fragment G${i} on T { ...G${i + 1} ...F${i + 1} }`,
    ).join(' ')
    expect(shape(`{ ...F0 } ${crossed} fragment F30 on T { id } fragment G30 on T { id }`).selections).toBe(2)
    const fields = Array.from(
      { length: 60 },
      (_, i) => `fragment F${i} on T { a { ...F${i + 1} } b: a { ...F${i + 1} } }`,
    )
    const measured = shape(`{ ...F0 } ${fields.join(' ')} fragment F60 on T { id }`)
    expect(measured.depth).toBe(61)
    expect(measured.aliases).toBe(Number.MAX_SAFE_INTEGER)
  })

  it.each([
    '{ ...F } fragment F on T { ...F }',
    '{ a { ...F } } fragment F on T { b { ...G } } fragment G on T { ... { ...F } }',
    '{ ...A } fragment A on T { ...B ...C } fragment B on T { id } fragment C on T { ...B ...A }',
  ])('refuses the cycle in %s', (source) => {
    expect(measure(source)).toBe('cycle')
  })

  it('does not take two ways to one fragment for a cycle', () => {
    expect(measure('{ ...A ...B } fragment A on T { ...B } fragment B on T { id }')).not.toBe('cycle')
  })

  it('counts a fragment more often than it is collected, never less, where telling takes too long', () => {
    const names = Array.from({ length: 400 }, (_, i) => `...F${i}`).join(' ')
    const fragments = Array.from({ length: 400 }, (_, i) => `fragment F${i} on T { id ...F400 ...F401 }`)
    const source = `{ ${`a { ${names} } `.repeat(200)} } ${fragments.join(' ')} fragment F400 on T { id } fragment F401 on T { id }`
    const { selections } = shape(source)
    expect(selections).toBeGreaterThan(200 + 200 * 402)
    expect(selections).toBeLessThanOrEqual(200 + 200 * 400 * 3)
  })

  it('walks 1,000 nested inline fragments and chains of 5,000 fragments without recursion', () => {
    expect(shape(`{ ${'... { '.repeat(1000)}a${' }'.repeat(1000)} }`).depth).toBe(1)
    const chain = Array.from({ length: 5000 }, (_, i) => `fragment F${i} on T { ...F${i + 1} }`).join(' ')
    expect(shape(`{ ...F0 } ${chain} fragment F5000 on T { id }`).depth).toBe(1)
  })
})

describe('against a walk that expands every fragment', () => {
  interface Field {
    readonly name: string
    readonly alias: boolean
    readonly children: readonly Selection[]
  }
  type Selection = Field | { readonly spread: number }

  const { set: selections } = fc.letrec<{
    set: readonly Selection[]
    one: Selection
    field: Field
    spread: { spread: number }
  }>((tie) => ({
    set: fc.array(tie('one'), { minLength: 1, maxLength: 3, size: 'small' }),
    one: fc.oneof({ depthSize: 'small' }, tie('spread'), tie('field')),
    spread: fc.record({ spread: fc.nat(3) }),
    field: fc.record({
      name: fc.constantFrom('a', 'b'),
      alias: fc.boolean(),
      children: fc.oneof({ maxDepth: 4 }, fc.constant<readonly Selection[]>([]), tie('set')),
    }),
  }))

  function print(set: readonly Selection[], floor: number): string {
    const parts = set.map((one) => {
      if ('spread' in one) return one.spread > floor ? `...F${one.spread}` : 'id'
      const inner = one.children.length > 0 ? ` { ${print(one.children, floor)} }` : ''
      return `${one.alias ? 'x: ' : ''}${one.name}${inner}`
    })
    return parts.join(' ')
  }

  function naive(
    set: readonly Selection[],
    floor: number,
    fragments: readonly (readonly Selection[])[],
    visited = new Set<number>(),
  ): { depth: number; aliases: number } {
    let depth = 0
    let aliases = 0
    for (const one of set) {
      if ('spread' in one) {
        if (one.spread > floor && visited.has(one.spread)) continue
        if (one.spread > floor) visited.add(one.spread)
        const inner =
          one.spread > floor
            ? naive(fragments[one.spread] ?? [], one.spread, fragments, visited)
            : { depth: 1, aliases: 0 }
        depth = Math.max(depth, inner.depth)
        aliases += inner.aliases
      } else {
        const inner = naive(one.children, floor, fragments)
        depth = Math.max(depth, 1 + inner.depth)
        aliases += inner.aliases + (one.alias ? 1 : 0)
      }
    }
    return { depth, aliases }
  }

  it('agrees on depth and aliases', () => {
    const runs = 2000 * Number(process.env['PORTCULLIS_RUNS'] ?? 1)
    const seed = Number(process.env['PORTCULLIS_SEED'] ?? 20261122)
    fc.assert(
      fc.property(selections, fc.array(selections, { minLength: 4, maxLength: 4 }), (root, fragments) => {
        const definitions = fragments.map((set, i) => `fragment F${i} on T { ${print(set, i)} }`).join(' ')
        const measured = shape(`{ ${print(root, -1)} } ${definitions}`)
        expect({ depth: measured.depth, aliases: measured.aliases }).toEqual(naive(root, -1, fragments))
      }),
      { numRuns: runs, seed },
    )
  })
})
