import { isIP } from 'node:net'
import { countrySpecs, isValidIBAN } from 'ibantools'
import { parsePhoneNumberFromString } from 'libphonenumber-js'
import metadata from 'libphonenumber-js/metadata.min.json' with { type: 'json' }
import { describe, expect, it } from 'vitest'
import { ibanLengths } from '../../../src/core/scan/iban.ts'
import { phoneLengths } from '../../../src/core/scan/phone.ts'
import { findInText } from '../../../src/index.ts'
import { randomOf } from '../../random.ts'

const random = randomOf()
const RUNS = 2_000
const found = (text: string): string[] =>
  findInText(text).map(({ infoType, start, end }) => `${infoType} ${text.slice(start, end)}`)

describe('the tables', () => {
  it('have the lengths of IBANs that the registry has', () => {
    const known = Object.entries(countrySpecs).flatMap(([country, { chars }]) =>
      chars === null || chars === undefined ? [] : [[country, chars] as const],
    )
    expect(Object.fromEntries(ibanLengths())).toEqual(Object.fromEntries(known))
  })

  it('have the lengths of phone numbers that libphonenumber has', () => {
    const {
      country_calling_codes: codes,
      countries,
      nonGeographic,
    } = metadata as unknown as {
      country_calling_codes: Record<string, string[]>
      countries: Record<string, { 3?: number[] }>
      nonGeographic: Record<string, { 3?: number[] }>
    }
    const byCode = Object.entries(codes).map(([code, regions]) => [
      code,
      regions.flatMap((one) => countries[one]?.[3] ?? []),
    ])
    const others = Object.entries(nonGeographic).map(([code, one]) => [code, one[3] ?? []])
    for (const [code, lengths] of [...byCode, ...others] as [string, number[]][])
      expect(phoneLengths(Number(code)), code).toEqual([...new Set(lengths)].toSorted((a, b) => a - b))
  })
})

describe('against the libraries that own a format', () => {
  it('takes for IBANs what ibantools does', () => {
    let valid = 0
    const countries = [...ibanLengths()].filter(([, length]) => length > 0)
    for (let run = 0; run < RUNS; run++) {
      const [country, length] = countries[random.below(countries.length)] ?? ['DE', 22]
      const { bban_regexp: form } = countrySpecs[country] ?? {}
      const body = random.text(length - 4, '0123456789')
      if (form === null || form === undefined || !new RegExp(form).test(body)) continue
      const digits = Array.from(`${body}${country}00`, (char) => Number.parseInt(char, 36)).join('')
      const check = String(98n - (BigInt(digits) % 97n)).padStart(2, '0')
      const iban = `${country}${check}${body}`
      const broken = `${country}${check}${body.slice(0, -1)}${(Number(body.at(-1)) + 1) % 10}`
      // Some countries have checks of their own inside.
      if (isValidIBAN(iban)) valid += 1
      expect(found(`iban ${iban}.`), iban).toEqual([`IBAN_CODE ${iban}`])
      expect(found(`is ${broken}.`).join()).not.toContain('IBAN')
      expect(isValidIBAN(broken)).toBe(false)
      expect(found(`${iban}7`).join()).not.toContain('IBAN')
      expect(found(`x${iban}`).join()).not.toContain('IBAN')
    }
    expect(valid).toBeGreaterThan(100)
  })

  it('takes for phone numbers what libphonenumber takes for possible ones', () => {
    const codes = ['1', '44', '49', '33', '91', '81', '86', '55', '61', '358', '971']
    let possible = 0
    for (let run = 0; run < RUNS; run++) {
      const number = `+${random.of(codes)}${2 + random.below(8)}${random.text(5 + random.below(6), '0123456789')}`
      const parsed = parsePhoneNumberFromString(number)
      const isFound = found(`tel ${number}, or`).includes(`PHONE_NUMBER ${number}`)
      if (parsed?.isPossible() === true) {
        possible += 1
        expect(isFound, number).toBe(true)
      }
    }
    expect(possible).toBeGreaterThan(500)
    for (const none of [
      '+12',
      '+1234567',
      '+999 12345678',
      '++4915112345678',
      'a+4915112345678',
      '+12345678901234567',
    ])
      expect(found(none).join(), none).not.toContain('PHONE')
  })

  it('takes for addresses of hosts what Node does', () => {
    for (let run = 0; run < RUNS; run++) {
      const v4 = Array.from({ length: 4 }, () => random.below(300)).join('.')
      const isPublic = !/^(0|10|127|22[4-9]|2[3-9]\d|192\.168|169\.254|172\.(1[6-9]|2\d|3[01]))\./.test(v4)
      expect(found(`from ${v4}, port`).includes(`IP_ADDRESS ${v4}`), v4).toBe(isIP(v4) === 4 && isPublic)
      const groups = Array.from({ length: 3 + random.below(6) }, () =>
        random.text(1 + random.below(4), '0123456789abcdef'),
      )
      if (random.below(2) === 0) groups.splice(1 + random.below(groups.length - 1), 0, '')
      const v6 = groups.join(':')
      expect(found(`from ${v6} port`).includes(`IP_ADDRESS ${v6}`), v6).toBe(isIP(v6) === 6)
    }
    for (const none of ['1.2.3', '1.2.3.4.5', 'v1.2.3.4', '01.2.3.4', '203.0.113.77-rc', '12:34:56', 'a::b'])
      expect(found(none).join(), none).not.toContain('IP_ADDRESS')
  })
})

describe('secrets', () => {
  const key = (length: number): string => random.text(length, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789')
  it.each([
    ['ghp_', 36, 'AUTH_TOKEN'],
    ['glpat-', 20, 'AUTH_TOKEN'],
    ['npm_', 36, 'AUTH_TOKEN'],
    ['xoxb-', 40, 'AUTH_TOKEN'],
    ['sk_live_', 24, 'AUTH_TOKEN'],
    ['AKIA', 16, 'AWS_CREDENTIALS'],
    ['AIza', 35, 'GCP_API_KEY'],
  ] as const)('that begin with %s are found, and shorter ones are not', (prefix, length, infoType) => {
    for (let run = 0; run < 20; run++) {
      const secret = prefix + key(length)
      expect(found(`the key ${secret}, which`)).toEqual([`${infoType} ${secret}`])
      expect(found(`the key x${secret}`).join()).not.toContain(infoType)
      expect(found(`the key ${prefix}${key(6)}`).join()).not.toContain(infoType)
    }
  })

  it('are passwords in URLs, schemes with what follows, and keys', () => {
    const pem = `-----BEGIN RSA PRIVATE KEY-----\nMIIE${key(60)}\n-----END RSA PRIVATE KEY-----`
    expect(found('postgres://app:hunter2@db.example.com/x')).toEqual(['PASSWORD hunter2'])
    expect(found('redis://:p%40ss@127.0.0.1:6379')).toEqual(['PASSWORD p%40ss'])
    expect(found('https://0123456789abcdef01234567@host.example/1')).toEqual([
      'AUTH_TOKEN 0123456789abcdef01234567',
    ])
    expect(found('Authorization: Bearer abc123def456ghi7')).toEqual(['AUTH_TOKEN abc123def456ghi7'])
    expect(found('Basic dXNlcjpwYXNzd29yZDEy end')).toEqual(['BASIC_AUTH_HEADER dXNlcjpwYXNzd29yZDEy'])
    expect(found(`key ${pem} end`)).toEqual([`ENCRYPTION_KEY ${pem}`])
    for (const none of [
      'https://example.com/a:b@c',
      'Bearer authentication is needed',
      'Basic authorization',
      'eyJ is',
      '-----BEGIN CERTIFICATE-----',
    ])
      expect(found(none), none).toEqual([])
  })
})
