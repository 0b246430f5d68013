import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findInText, maskInText, maskText } from '../../../src/index.ts'
import { runs } from '../../property.ts'

const masked = (text: string): string => maskInText(text, maskText)

describe('the scanner', () => {
  it.each([
    ['invalid email ada.lovelace@example.com.', 'invalid email a***@example.com.'],
    ['<ada.lovelace@mail.example.co.uk>', '<a***@mail.example.co.uk>'],
    ['"jörg.müller@bücher.example" is taken', '"j***@bücher.example" is taken'],
    ['Key (email)=(12345678@example.com) already exists.', 'Key (email)=(1***@example.com) already exists.'],
    ['no such ssn: 123-45-6789!', 'no such ssn: ***-**-6789!'],
    ['ssn 123 45 6789', 'ssn ***-**-6789'],
    ['card 4111 1111 1111 1111 declined', 'card ****-****-****-1111 declined'],
    ['card 4111-1111-1111-1111', 'card ****-****-****-1111'],
    ['order 12 378282246310005', 'order 12 ****-****-****-0005'],
    ['call +1 (555) 010', 'call +1 (555) 010'],
    ['call +1 555-010-4477 now', 'call ***-***-4477 now'],
    ['iban DE89 3704 0044 0532 0130 00 unknown', 'iban DE** **** **** 3000 unknown'],
    ['iban GB82WEST12345698765432', 'iban GB** **** **** 5432'],
    ['token eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.x expired', 'token *** expired'],
    ['a@b.co and 123-45-6789, 123-45-6780', '***@b.co and ***-**-6789, ***-**-6780'],
  ])('%s', (text, expected) => expect(masked(text)).toBe(expected))

  it.each([
    'at 2026-11-22T05:50:12.123Z after 1763790612123 ms',
    'id 8d3e1f0a-1234-4123-8123-123456781234 not found',
    'order 1234567890123456 and 999999999999999999999',
    'body/age must be >= 18, got 123',
    'abc123-45-6789x and x@y and @decorator and a@b',
    'version 1.2.3-4, 10.0.0.1, DE89370400440532013001',
    'an eyJ of nothing',
    'a***@example.com ***-**-6789 ****-****-****-1111',
  ])('leaves alone: %s', (text) => expect(masked(text)).toBe(text))

  it('finds what is planted anywhere, and nothing overlaps', () => {
    const planted = fc.constantFrom(
      'ada@example.com',
      '123-45-6789',
      '4111111111111111',
      'DE89370400440532013000',
    )
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), planted, fc.string(), (before, value, after) => {
        const text = `${before} ${value} ${after}`
        expect(masked(`${before}\n${value}\n${after}`)).not.toContain(`\n${value}\n`)
        const found = findInText(text)
        for (const [index, one] of found.entries()) {
          expect(one.start).toBeGreaterThanOrEqual(found[index - 1]?.end ?? 0)
          expect(one.end).toBeGreaterThan(one.start)
        }
      }),
      runs(2_000),
    )
  })

  it.each([
    'a@',
    '4-',
    '4',
    'a.',
    'eyJ',
    'eyJ ',
    'eyJ-',
    'DE89',
    'AA00 ',
    'a',
    '@',
    '4111 ',
    '1-1-1 ',
    '+1',
    '123-45-',
    '.',
  ])('takes linear time for %s', (unit) => {
    const time = (size: number): number => {
      const text = unit.repeat(size / unit.length)
      const started = process.cpuUsage()
      findInText(text)
      const { user, system } = process.cpuUsage(started)
      return (user + system) / 1000
    }
    time(50_000)
    // Quadratic would be minutes.
    expect(time(500_000)).toBeLessThan(5_000)
  })
})
