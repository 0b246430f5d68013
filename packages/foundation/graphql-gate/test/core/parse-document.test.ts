import { describe, expect, it } from 'vitest'
import { createDocumentCache, syntaxErrorAt } from '../../src/core/parse-document.ts'

// Deep enough for the recursive parser of every graphql release to run out of stack, which is no GraphQLError.
const tooDeep = [
  '{a'.repeat(1e5),
  `{ a(of: ${'['.repeat(1e5)}`,
  `{ a(of: ${'{a:'.repeat(1e5)}`,
  `query ($x: ${'['.repeat(1e5)}`,
]

describe('the document cache', () => {
  it('parses a text once', () => {
    const cache = createDocumentCache()
    const document = cache.get('{ a }')
    expect(document?.definitions).toHaveLength(1)
    expect(cache.get('{ a }')).toBe(document)
  })

  it('answers a syntax error, and a text at which the parser runs out of stack, with nothing', () => {
    const cache = createDocumentCache()
    for (const text of ['{', ...tooDeep])
      for (let round = 0; round < 2; round++) expect(cache.get(text)).toBeUndefined()
    expect(cache.get('{ a }')).toBeDefined()
  })

  it('forgets what was asked for least when it is full', () => {
    const cache = createDocumentCache(10, 12)
    const first = cache.get('{ a }')
    cache.get('{ b }')
    cache.get('{ c }')
    expect(cache.get('{ a }')).not.toBe(first)
  })
})

describe('the place of a syntax error', () => {
  it('is told by line and column, and is unknown where the parser ran out of stack', () => {
    expect(syntaxErrorAt('{\n  a b c(')).toBe(' at line 2, column 9')
    for (const text of tooDeep) expect(syntaxErrorAt(text)).toBe('')
    expect(syntaxErrorAt('{ a }')).toBe('')
  })
})
