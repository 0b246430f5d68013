import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { applyStrategy, HIDDEN, INFO_TYPES, maskText, REMOVED, toInfoType } from '../../src/index.ts'
import type { InfoType, KeyedHash } from '../../src/index.ts'
import { runs } from '../property.ts'

describe('masks', () => {
  it.each([
    ['US_SOCIAL_SECURITY_NUMBER', '123-45-6789', '***-**-6789'],
    ['US_SOCIAL_SECURITY_NUMBER', '123456789', '***-**-6789'],
    ['US_SOCIAL_SECURITY_NUMBER', '6789', '***-**-****'],
    ['US_SOCIAL_SECURITY_NUMBER', '１２３-４５-６７８９', '***-**-6789'],
    ['CREDIT_CARD_NUMBER', '4111 1111 1111 1111', '****-****-****-1111'],
    ['CREDIT_CARD_NUMBER', '378282246310005', '****-****-****-0005'],
    ['CREDIT_CARD_NUMBER', '6304000000000000000', '****-****-****-0000'],
    ['CREDIT_CARD_NUMBER', '411111', '****-****-****-****'],
    ['EMAIL_ADDRESS', 'ada.lovelace@example.com', 'a***@example.com'],
    ['EMAIL_ADDRESS', 'al@example.com', '***@example.com'],
    ['EMAIL_ADDRESS', 'nothing', HIDDEN],
    ['EMAIL_ADDRESS', '123-45-6789@', HIDDEN],
    ['EMAIL_ADDRESS', 'ada.lovelace@bücher.example', 'a***@bücher.example'],
    ['EMAIL_ADDRESS', ' ada.lovelace@example.xn--p1ai ', 'a***@example.xn--p1ai'],
    ['EMAIL_ADDRESS', 'ada@example.com 123-45-6789', HIDDEN],
    ['EMAIL_ADDRESS', 'ada@example.com, 1 Long Street', HIDDEN],
    ['EMAIL_ADDRESS', 'ada@example.com\n{"level":30}', HIDDEN],
    ['EMAIL_ADDRESS', 'ada@123-45-6789', HIDDEN],
    ['EMAIL_ADDRESS', 'ada@example..com', HIDDEN],
    ['PHONE_NUMBER', '+1 (555) 010-4477', '***-***-4477'],
    ['PHONE_NUMBER', '5550', '***-***-****'],
    ['IBAN_CODE', 'DE89 3704 0044 0532 0130 00', 'DE** **** **** 3000'],
    ['IBAN_CODE', 'DE89', '**** **** **** ****'],
    ['IP_ADDRESS', '203.0.113.77', '203.0.113.0'],
    ['IP_ADDRESS', '2001:db8:1:2::77', '2001:db8:1::'],
    ['IP_ADDRESS', '::ffff:203.0.113.77', '203.0.113.0'],
    ['IP_ADDRESS', '::1', '::'],
    ['DATE_OF_BIRTH', '1985-04-12', '1985-**-**'],
    ['DATE_OF_BIRTH', '12.04.1985', HIDDEN],
    ['PERSON_NAME', 'Augusta Ada Byron', 'A*** *** B***'],
    ['PASSWORD', 'correct horse', HIDDEN],
    ['STREET_ADDRESS', '1 Long Street', HIDDEN],
  ] as const)('%s %s becomes %s', (infoType, text, masked) => {
    expect(maskText(infoType, text)).toBe(masked)
  })

  it('shows no value of four characters or fewer, of any kind', () => {
    const short = fc.stringMatching(/^[0-9a-zA-Z]{1,4}$/)
    fc.assert(
      fc.property(fc.constantFrom(...INFO_TYPES), short, (infoType, text) => {
        expect(maskText(infoType, text).replaceAll(/[*\-\s]/g, '')).toBe('')
      }),
      runs(2_000),
    )
  })

  it('shows of names what their words begin with, wherever white space parts them', () => {
    const naive = (text: string): string =>
      text
        .trim()
        .split(/\s+/u)
        .slice(0, 4)
        .map((word) => (Array.from(word).length < 5 ? HIDDEN : `${Array.from(word)[0] ?? ''}***`))
        .join(' ')
    for (let unit = 0; unit < 0x10000; unit++) {
      const text = `Byron${String.fromCharCode(unit)}Ada`
      if (maskText('PERSON_NAME', text) !== naive(text)) expect.fail(`differs for unit ${unit}`)
    }
    const unit = fc.constantFrom(
      'a',
      'b',
      'é',
      '李',
      '😀',
      '\ud83d',
      '\ude00',
      ' ',
      '\t',
      '\u00a0',
      '\u3000',
      '\ufeff',
    )
    fc.assert(
      fc.property(fc.string({ unit, minLength: 1, maxLength: 40 }), (text) => {
        expect(maskText('PERSON_NAME', text)).toBe(naive(text))
      }),
      runs(2_000),
    )
  })

  it('hides what is longer than anything classified, at once', () => {
    const started = performance.now()
    for (const infoType of INFO_TYPES) expect(maskText(infoType, '4-'.repeat(10_000_000))).toContain('***')
    expect(performance.now() - started).toBeLessThan(1_000)
  })

  it('keeps the type of what is no text', () => {
    expect(applyStrategy('partial', 'GENERIC_ID', 123_456_789)).toBe(0)
    expect(applyStrategy('partial', 'GENERIC_ID', 5n)).toBe(0n)
    expect(applyStrategy('partial', 'GENERIC_ID', true)).toBe(false)
    expect(applyStrategy('partial', 'DATE_OF_BIRTH', new Date('1985-04-12'))).toEqual(new Date('1985-01-01'))
    expect(applyStrategy('partial', 'GENERIC_ID', null)).toBeNull()
    expect(applyStrategy('null', 'GENERIC_ID', 'a')).toBeNull()
    expect(applyStrategy('remove', 'GENERIC_ID', 'a')).toBe(REMOVED)
    expect(applyStrategy('hash', 'GENERIC_ID', 'secret')).toBe(HIDDEN)
    expect(applyStrategy('tokenize', 'GENERIC_ID', 'secret')).toBe(HIDDEN)
  })

  it('makes one token of a value however it is written, and tells nothing of its form', () => {
    const hash: KeyedHash = (infoType, text) =>
      createHmac('sha256', 'k').update(`${infoType} ${text}`).digest('base64url')
    const token = (infoType: InfoType, text: string): unknown =>
      applyStrategy('tokenize', infoType, text, hash)
    const ssn = ['123-45-6789', '123456789', ' 123 45 6789', '１２３-45-6789']
    expect(new Set(ssn.map((one) => token('US_SOCIAL_SECURITY_NUMBER', one))).size).toBe(1)
    expect(token('EMAIL_ADDRESS', 'Ada@Example.com ')).toBe(token('EMAIL_ADDRESS', 'ada@example.com'))
    expect(token('EMAIL_ADDRESS', 'a.da@example.com')).not.toBe(token('EMAIL_ADDRESS', 'ada@example.com'))
    const all = INFO_TYPES.flatMap((infoType) =>
      ['', '1', '123456789', 'x'.repeat(5_000)].map((text) => token(infoType, text)),
    )
    for (const one of all) expect(one).toMatch(/^tok_[\w-]{22}$/)
    expect(new Set(all).size).toBe(all.length)
    expect(token('GENERIC_ID', '1')).not.toContain(
      String(applyStrategy('hash', 'GENERIC_ID', '1', hash)).slice(0, 8),
    )
    expect(applyStrategy('tokenize', 'GENERIC_ID', 12, hash)).toBe(0)
  })

  it('takes the names of Presidio and refuses unknown ones', () => {
    expect(toInfoType('US_SSN', 'x')).toBe('US_SOCIAL_SECURITY_NUMBER')
    expect(() => toInfoType('SSN', 'User.ssn')).toThrow(/User\.ssn: got 'SSN'/)
  })
})
