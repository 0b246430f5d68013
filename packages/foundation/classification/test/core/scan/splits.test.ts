import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createTextMasker, maskInText, maskText } from '../../../src/index.ts'
import { runs } from '../../property.ts'

const PARTS = [
  'ada.lovelace@example.com',
  'ssn 123-45-6789',
  'iban DE89 3704 0044 0532 0130 00',
  '4111 1111 1111 1111',
  'phone: 020 7946 0958',
  '+44 20 7946 0958',
  'bic DEUTDEFF',
  'AB 12 34 56 C',
  'ACN 436932',
  `eyJhbGciOiJub25lIn0.${'x'.repeat(200)}.y`,
  `eyJ${'ab'.repeat(6000)}.c.d`,
  `npm_${'A1'.repeat(9000)}`,
  'postgres://app:hunter2@db.example.com/x',
  `-----BEGIN PRIVATE KEY-----\n${'MIIE'.repeat(60)}\n-----END PRIVATE KEY-----`,
  '2001:db8:1:2::77',
  'aa:bb:cc:dd:ee:ff',
  '203.0.113.77',
  'word',
  'w'.repeat(9000),
  '7'.repeat(9000),
  'é',
  '٣',
  ' ',
  '-',
  '.',
  ', ',
  '\n',
  '@',
  ':',
  '(',
  '+',
]

function inPieces(text: string, sizes: readonly number[]): string {
  const masker = createTextMasker(maskText)
  let masked = ''
  for (let at = 0, turn = 0; at < text.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1
    masked += masker.push(text.slice(at, at + size))
    at += size
  }
  return masked + masker.end()
}

describe('a text that comes in pieces', () => {
  it('is masked as the whole is, wherever it is cut', () => {
    const text = fc.array(fc.oneof(fc.constantFrom(...PARTS), fc.string({ unit: 'binary', maxLength: 12 })), {
      maxLength: 14,
    })
    const sizes = fc.array(fc.integer({ min: 1, max: 20_000 }), { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(text, sizes, (parts, pieces) => {
        const whole = parts.join(parts.length % 2 === 0 ? ' ' : '')
        const filled = `${whole} ${'so on '.repeat(3000)}${whole}`
        expect(inPieces(filled, pieces)).toBe(maskInText(filled, maskText))
      }),
      { ...runs(300), endOnFailure: true },
    )
  }, 60_000)

  it('is masked so at every single cut around where the scanner stops', () => {
    const text = PARTS.filter((part) => part.length < 100).join(' ')
    const filled = `${'so on '.repeat(1500)}${text} ${'and so '.repeat(1500)}`
    const whole = maskInText(filled, maskText)
    for (let at = 8400; at < 9800; at++) {
      const masked = inPieces(filled, [at, filled.length])
      if (masked !== whole) expect(masked, `cut at ${at}`).toBe(whole)
    }
  }, 60_000)

  it('is returned while it comes, and what is held is bounded', () => {
    const masker = createTextMasker(maskText)
    let returned = 0
    for (let piece = 1; piece <= 1000; piece++) {
      returned += masker.push('x'.repeat(1000)).length
      expect(piece * 1000 - returned).toBeLessThan(40_000)
    }
  })
})
