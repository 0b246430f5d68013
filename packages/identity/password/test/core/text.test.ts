import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonical } from '../../src/core/canonical.ts'
import { countCodePoints, readText } from '../../src/core/text.ts'
import { runs } from '../property.ts'

describe('the text of a password', () => {
  it('is taken as it is: nothing is trimmed, cut or folded', () => {
    for (const password of [' spaces around ', 'ÄÖÜ', '\t\n', '', '🔑'.repeat(1024)]) {
      expect(readText(password, 4096)).toEqual({ raw: password, text: password })
    }
  })

  it('is one password however it was typed', () => {
    const [composed, combining] = ['Zo\u00eb', 'Zoe\u0308']
    expect(readText(combining, 4096)).toEqual({ raw: combining, text: composed })
    // NFC, not NFKC: what looks alike but is another character stays another password.
    expect(readText('x²', 4096)).toMatchObject({ text: 'x²' })
  })

  it.each([
    ['NUL', 'a\0b'],
    ['a high surrogate alone', 'a\ud83d'],
    ['a low surrogate alone', '\udd11a'],
    ['surrogates in the wrong order', '\udd11\ud83d'],
    ['more marks in a row than any language has', `a${'\u0301\u0316'.repeat(16)}`],
  ])('refuses %s', (_name, password) => {
    expect(readText(password, 4096)).toBe('INVALID_TEXT')
  })

  it('takes as many marks in a row as the Stream-Safe format does', () => {
    expect(readText(`a${'\u0316'.repeat(30)}`, 4096)).toMatchObject({ raw: expect.any(String) })
  })

  it('counts bytes for the limit, and looks at nothing before', () => {
    expect(readText('é'.repeat(2048), 4096)).toMatchObject({ raw: expect.any(String) })
    expect(readText('é'.repeat(2049), 4096)).toBe('TOO_LONG')
    expect(readText('\0'.repeat(4097), 4096)).toBe('TOO_LONG')
  })

  it('is well-formed, normal and within bounds whatever is given', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), fc.nat(160), (password, most) => {
        const read = readText(password, most)
        expect(read === 'TOO_LONG').toBe(Buffer.byteLength(password) > most)
        if (typeof read === 'string') return
        expect(read.raw).toBe(password)
        expect(read.text).toBe(read.text.normalize('NFC'))
        expect(readText(read.text, 4096)).toEqual({ raw: read.text, text: read.text })
      }),
      runs(2_000),
    )
  })

  it('has code points for its length', () => {
    expect(countCodePoints('🔑é')).toBe(2)
    expect(countCodePoints('')).toBe(0)
  })
})

describe('the canonical form', () => {
  it('is the same for spellings of one guess', () => {
    const word = canonical('password1')
    for (const spelling of ['P@ssw0rd!', 'PASSWORD1', '\uff50\uff41\uff53\uff53word1', 'pa$5wordl']) {
      expect(canonical(spelling)).toBe(word)
    }
    expect(canonical('passwort1')).not.toBe(word)
  })

  it('is its own canonical form', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const once = canonical(text)
        // Lower-casing may compose anew (İ); one more round ends it.
        expect(canonical(canonical(once))).toBe(canonical(once))
      }),
      runs(1_000),
    )
  })
})
