import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonical } from '../../src/core/canonical.ts'
import { missingKinds } from '../../src/core/composition.ts'
import { contextWords, isMostlyContext } from '../../src/core/context.ts'
import type { ContextWords } from '../../src/core/context.ts'
import { judge } from '../../src/core/judge.ts'
import { repeatedLength } from '../../src/core/repetition.ts'
import { runs } from '../property.ts'

const none = contextWords([])
const rules = { minLength: 15, composition: false, common: undefined, words: none }
const codesOf = (text: string, changed: Partial<Parameters<typeof judge>[1]> = {}): string[] =>
  judge(text, { ...rules, ...changed }).map(({ code }) => code)

describe('length', () => {
  it('is counted in code points', () => {
    expect(codesOf('🔑🗝🔒🔓🏠🏡🚪🪟🌲🌳🌴🌵🌷🌸')).toEqual(['TOO_SHORT'])
    expect(codesOf('🔑🗝🔒🔓🏠🏡🚪🪟🌲🌳🌴🌵🌷🌸🌹')).toEqual([])
  })

  it('needs nothing else: no kinds of characters', () => {
    expect(codesOf('correct horse battery staple')).toEqual([])
    expect(codesOf('alles nur klein geschrieben')).toEqual([])
  })
})

describe('repetition', () => {
  it.each(['a'.repeat(40), 'passwordpassword', 'abc'.repeat(9), '1234567890123456', 'P@ssw0rdpassword'])(
    '%s is no longer than what it repeats',
    (text) => expect(codesOf(text)).toEqual(['REPETITIVE']),
  )

  it('of something long enough will do', () => {
    expect(codesOf('correct horse battery '.repeat(2))).toEqual([])
    expect(codesOf('abracadabra and then some')).toEqual([])
  })

  it('is the shortest period of at least one and a half times', () => {
    const naive = (text: string): number => {
      for (let period = 1; period * 3 <= text.length * 2; period++) {
        if (text.slice(period) === text.slice(0, text.length - period)) return period
      }
      return text.length
    }
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 30 }), (text) => {
        expect(repeatedLength(text)).toBe(naive(text))
      }),
      runs(3_000),
    )
  })
})

describe('words of the context', () => {
  const words = contextWords(['Ada', 'ada.lovelace@example.com', 'Acme'])
  const isContext = (text: string): boolean => codesOf(text, { words }).includes('CONTEXT')

  it.each([
    'adaadaadaadaada',
    'AdaLovelace2026',
    'ada.lovelace@example.com',
    'ecalevolecalevol',
    'L0v3l4c3Example!',
    'AcmeAcme20262026',
    'acme-acme-acme-1234567',
    '\uff21\uff23\uff2d\uff25 acme acme ac',
  ])('make %s no password', (text) => expect(isContext(text)).toBe(true))

  it.each(['acme correct horse battery', 'correct horse battery staple', 'we all love lace and Ada too'])(
    'leave %s one',
    (text) => expect(isContext(text)).toBe(false),
  )

  it('shorter than three characters are in everything, and do not count', () => {
    expect(codesOf('jojojajajejeji-x', { words: contextWords(['jo', 'ja', 'je']) })).toEqual([])
  })

  it('longer than any piece are found too', () => {
    const long = 'rindfleischetikettierungsueberwachungsaufgabenuebertragungsgesetz'
    expect(codesOf(`${long}2026`, { words: contextWords([long]) })).toEqual(['CONTEXT'])
  })

  it('of another context do not count, whatever the password', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 15, maxLength: 60 }), (text) => {
        expect(isMostlyContext(canonical(text), none, 15)).toBe(false)
      }),
      runs(1_000),
    )
  })

  it('and copies of them alone are no password, however they are put together', () => {
    const spelling = fc.constantFrom(
      'ada',
      'ADA',
      '@da',
      'acme',
      '4cme',
      'emca',
      'lovelace',
      'EXAMPLE',
      'moc',
    )
    fc.assert(
      fc.property(fc.array(spelling, { minLength: 5, maxLength: 200 }), (pieces) => {
        expect(isContext(pieces.join(''))).toBe(true)
      }),
      runs(1_000),
    )
  })

  it('are bounded in number and length', () => {
    const many = contextWords(
      Array.from({ length: 40 }, (_one, index) => `word${String(index).padStart(4, 'x')}`),
    )
    expect([many.has(canonical('wordxx31')), many.has(canonical('wordxx32'))]).toEqual([true, false])
    expect(contextWords(['a'.repeat(100_000)]).lengths).toEqual([32])
    expect(() => contextWords(['\ud800broken'])).not.toThrow()
  })
})

describe('the work for any password of 4 KB', () => {
  const SIZE = 4096

  /** Counts look-ups of pieces. */
  function counted(words: ContextWords): { readonly words: ContextWords; count: number } {
    const result = {
      count: 0,
      words: {
        lengths: words.lengths,
        has: (piece: string) => {
          result.count++
          return words.has(piece)
        },
      },
    }
    return result
  }

  it('is at most (length / 3 + minimum) × 30 look-ups of context words', () => {
    // Words of every length, all of one letter, and passwords that consist of them.
    const everyLength = Array.from({ length: 30 }, (_one, index) => 'a'.repeat(index + 3))
    const passwords = ['a'.repeat(SIZE), 'aaab'.repeat(SIZE / 4), 'aab'.repeat(1365), 'xyz'.repeat(1365)]
    for (const text of passwords) {
      const counter = counted(contextWords(everyLength))
      isMostlyContext(text, counter.words, 64)
      expect(counter.count).toBeLessThanOrEqual((SIZE / 3 + 64) * 30)
    }
  })

  it('is one look-up in the list of common passwords', () => {
    let count = 0
    judge('a'.repeat(SIZE), { ...rules, common: { has: () => ++count < 0 } })
    expect(count).toBe(1)
  })
})

describe('the rules of the guide', () => {
  it('name each kind that is missing', () => {
    expect(missingKinds('')).toEqual([
      'MISSING_UPPERCASE',
      'MISSING_LOWERCASE',
      'MISSING_DIGIT',
      'MISSING_SYMBOL',
    ])
    expect(missingKinds('correct horse battery staple')).toEqual([
      'MISSING_UPPERCASE',
      'MISSING_DIGIT',
      'MISSING_SYMBOL',
    ])
  })

  it('take each symbol of the set, and no other', () => {
    for (const symbol of '!@#$%^&*()-_=+[]{}|;:,.<>?') expect(missingKinds(`Aa1${symbol}`)).toEqual([])
    for (const other of ['/', '\\', '"', "'", '`', '~', ' ', '€']) {
      expect(missingKinds(`Aa1${other}`)).toEqual(['MISSING_SYMBOL'])
    }
  })
})
