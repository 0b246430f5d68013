import { getIntrospectionQuery, parse } from 'graphql'
import { describe, expect, it } from 'vitest'
import { countFieldMerges } from '../../src/core/count-merges.ts'

const count = (source: string, limit = Number.POSITIVE_INFINITY): number =>
  countFieldMerges(parse(source, { noLocation: true }), limit)

describe('comparisons to merge the fields of a document', () => {
  it.each([
    ['{ a b c }', 0],
    ['{ a a a }', 3],
    ['{ a: x a: x b: x }', 1],
    ['{ a { x } a { x } }', 1 + 1],
    ['{ a { b { x } b { x } } a { b { x } b { x } } }', 1 + 6 + 6],
    ['{ a { x } b { x } }', 0],
    ['{ ... { a } ... { a } ... on Q { a } }', 3],
    // One fragment: one with itself, and its one field with the other one, rounded up.
    ['{ ...F a } fragment F on Q { a }', 1 + 1 + 1],
    ['{ ...F ...F } fragment F on Q { a a }', 1 + 1 + 1],
    ['{ x } fragment Unused on Q { a a a a }', 6],
    ['query A { a a } query B { b b b }', 1 + 3],
  ])('%s: %i', (source, comparisons) => {
    expect(count(source)).toBe(comparisons)
  })

  it('are few in the standard introspection query and in pages made of fragments', () => {
    expect(count(getIntrospectionQuery())).toBeLessThan(50)
    const parts = Array.from({ length: 60 }, (_, i) => `fragment F${i} on User { id name f${i} { id } }`)
    expect(count(`{ me { ${parts.map((_, i) => `...F${i}`).join(' ')} } } ${parts.join(' ')}`)).toBeLessThan(
      10_000,
    )
  })

  it('are not counted past the limit, and told again without counting', () => {
    const document = parse(`{ ${'a '.repeat(5000)} }`, { noLocation: true })
    expect(countFieldMerges(document, 10)).toBe(12_497_500)
    expect(countFieldMerges(document, 20_000_000)).toBe(12_497_500)
    const sets = parse(`{ ${'a { b b b } '.repeat(100)} }`, { noLocation: true })
    expect(countFieldMerges(sets, 10)).toBe(4950)
    expect(countFieldMerges(sets, 1_000_000)).toBe(4950 + 44_850)
  })

  it('are infinite where counting would take long', () => {
    const names = Array.from({ length: 400 }, (_, i) => `f${i}: a { id }`).join(' ')
    const places = Array.from({ length: 400 }, (_, i) => `x${i}: a { id ...Big }`).join(' ')
    expect(count(`{ ${places} } fragment Big on Q { ${names} }`)).toBe(Number.POSITIVE_INFINITY)
  })

  it('end in cycles and with fragments that are not there', () => {
    expect(count('{ ...F } fragment F on Q { a { ...F } ...F ...Missing }')).toBeGreaterThan(0)
  })
})
