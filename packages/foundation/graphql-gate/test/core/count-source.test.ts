import { Lexer, Source, TokenKind } from 'graphql'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { countSource } from '../../src/core/count-source.ts'

const unlimited = { bytes: 1e9, tokens: 1e9, nesting: 1e9 }

describe('countSource', () => {
  it.each([
    ['{ a }', 3, 1],
    ['{ a(x: [1, {y: 2}]) { b } } # { not counted', 18, 4],
    ['{ a(s: "{ { {") }', 8, 2],
    ['{ a(s: """ { " { """) }', 8, 2],
    ['', 0, 0],
    ['}}}', 3, 0],
  ])('%s has %i tokens and nests %i deep', (text, tokens, nesting) => {
    expect(countSource(text, unlimited)).toMatchObject({ tokens, nesting })
  })

  it('counts UTF-8 bytes', () => {
    expect(countSource('# ä€😀', unlimited).bytes).toBe(2 + 2 + 3 + 4)
  })

  it('stops at the first bound that is passed', () => {
    expect(countSource('a '.repeat(100), { ...unlimited, tokens: 10 }).tokens).toBe(11)
    expect(countSource('{'.repeat(100), { ...unlimited, nesting: 5 }).nesting).toBe(6)
    expect(countSource('a '.repeat(100), { ...unlimited, bytes: 10 })).toEqual({
      bytes: 200,
      tokens: 0,
      nesting: 0,
    })
  })

  it('measures up to the first error of a text that cannot be read', () => {
    expect(countSource('{ a { b ? c', unlimited)).toMatchObject({ tokens: 4, nesting: 2 })
    expect(countSource('{ "unterminated', unlimited)).toMatchObject({ tokens: 1 })
  })

  it('agrees with the lexer on any text, and never throws', () => {
    const text = fc.string({
      unit: fc.constantFrom('{', '}', '(', ')', '[', ']', 'a', ' ', '"', '#', '\n', '$', ':', '1', '\\'),
    })
    fc.assert(
      fc.property(text, (source) => {
        const lexer = new Lexer(new Source(source))
        let tokens = 0
        try {
          while (lexer.advance().kind !== TokenKind.EOF) tokens += 1
        } catch {
          // The text ends here for both.
        }
        expect(countSource(source, unlimited).tokens).toBe(tokens)
      }),
      {
        numRuns: 2000 * Number(process.env['PORTCULLIS_RUNS'] ?? 1),
        seed: Number(process.env['PORTCULLIS_SEED'] ?? 7),
      },
    )
  })
})
