import { applyStrategy, createClassification } from '@portcullis/classification'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { maskLogText, maskUrl } from '../../src/core/mask-url.ts'
import type { UrlRules } from '../../src/core/mask-url.ts'

const classification = createClassification({ email: 'EMAIL_ADDRESS' })
const rules: UrlRules = {
  name: (key) => classification.name(key),
  disclose: ({ infoType }, value) => applyStrategy('partial', infoType, value),
}
const SSN = '123-45-6789'

describe('a URL', () => {
  it.each([
    ['/orders/7?page=2&sort=name,-id', '/orders/7?page=2&sort=name,-id'],
    ['/%D1%84?q=%D1%84+a', '/%D1%84?q=%D1%84+a'],
    [`/u?ssn=${SSN}&a=1`, '/u?ssn=***-**-6789&a=1'],
    ['/u?filter%5Buser_email%5D=ada.lovelace%40example.com', '/u?filter%5Buser_email%5D=a***@example.com'],
    ['/u?PASSWORD=hunter2%20a', '/u?PASSWORD=***'],
    ['/u?q=mail%20ada.lovelace%40example.com+now', '/u?q=mail%20a***@example.com%20now'],
    [`/u/${SSN}/ada.lovelace@example.com`, '/u/***-**-6789/a***@example.com'],
    [`/u?${SSN}`, '/u?***-**-6789'],
    [`/u?${SSN}=1`, '/u?***-**-6789=1'],
    ['/%c0%aehunter2/a', '/[undecodable]/a'],
    ['/u?a=%c0hunter2&b=1', '/u?a=[undecodable]&b=1'],
    ['/u?%c0ssn=hunter2', '/u?[undecodable]'],
    [
      `/graphql?query={me{id}}&variables=${encodeURIComponent('{"a":[{"user_ssn":"hunter2"}]}')}`,
      '/graphql?query={me{id}}&variables={"a":[{"user_ssn":"***-**-****"}]}',
    ],
    [
      `/graphql?variables={"to":"card 4111 1111 1111 1111","n":1}`,
      '/graphql?variables={"to":"card%20****-****-****-1111","n":1}',
    ],
    ['/\u009b31m?a=\u202e', '/%C2%9B31m?a=%E2%80%AE'],
    ['*', '*'],
    ['', ''],
  ])('%s reads %s', (url, shown) => {
    expect(maskUrl(url, rules)).toBe(shown)
  })

  it('never throws, holds nothing but printable ASCII and not what stands under a classified name', () => {
    const part = fc.oneof(
      fc.string(),
      fc.string({ unit: 'binary' }),
      fc.constantFrom('%', '%c0', '&', '=', '?', '{"ssn":', '\uD800'),
    )
    fc.assert(
      fc.property(fc.array(part), fc.array(part), (before, after) => {
        const secret = 'Xyzzy-Secret'
        const url = `/${before.join('')}?${after.join('')}&user_password=${secret}&z=1`
        const masked = maskUrl(url, rules)
        expect(masked).toMatch(/^[\x21-\x7e]*$/)
        expect(masked).not.toContain(secret)
      }),
      {
        seed: Number(process.env['PORTCULLIS_SEED'] ?? 1),
        numRuns: 1_000 * Number(process.env['PORTCULLIS_RUNS'] ?? 1),
      },
    )
  })

  it('takes time linear in its length', () => {
    const time = (length: number): number => {
      const begun = performance.now()
      for (const one of ['/', '?', '&', '=', 'a=', '%', '@', '1-', '/a@b.c', '&ssn=1', '{"a":', '+'])
        maskUrl(`/?a=${one.repeat(length)}`, rules)
      return performance.now() - begun
    }
    time(2_000)
    const [short, long] = [time(20_000), time(160_000)]
    // Eight times as long: quadratic would be 64 times as slow.
    expect(long / Math.max(short, 1)).toBeLessThan(32)
  })
})

describe('a text of a log', () => {
  it.each([
    ['url', '/?ssn=hunter2', '/?ssn=***-**-****'],
    ['originalUrl', '/?ssn=hunter2', '/?ssn=***-**-****'],
    ['referer', 'https://a.example/?ssn=hunter2', 'https://a.example/?ssn=***-**-****'],
    ['msg', 'Route GET:/?ssn=hunter2 not found', 'Route GET:/?ssn=***-**-**** not found'],
    ['msg', '/?ssn=hunter2', '/?ssn=hunter2'],
    ['curl', '/?ssn=hunter2', '/?ssn=hunter2'],
  ])('under %s: %s reads %s', (key, text, shown) => {
    expect(maskLogText(text, key, rules)).toBe(shown)
  })
})
