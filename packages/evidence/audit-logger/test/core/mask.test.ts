import { describe, expect, it } from 'vitest'
import { maskText } from '../../src/core/mask-text.ts'
import { recordable } from '../../src/core/recordable.ts'
import { isSensitiveName } from '../../src/core/sensitive-names.ts'

describe('names', () => {
  const spellings =
    'password user_password passwordConfirmation PASSWORD-HASH oldPwd useremail clientIp remote_ip ip name firstName lastname Last-Name user_SSN ssnNumber sessionId x-csrf-token creditCard cardNumber cvv iban homeAddress dateOfBirth'
  const disguised = ['pass\u200bword', '\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff44', 'x'.repeat(200)]
  it.each([...spellings.split(' '), ...disguised])('%s is sensitive', (name) =>
    expect(isSensitiveName(name)).toBe(true),
  )

  it.each(['count', 'fileName', 'policy', 'fingerprint', 'shipped', 'zipped', 'description', 'durationMs'])(
    '%s is not',
    (name) => expect(isSensitiveName(name)).toBe(false),
  )
})

describe('texts', () => {
  it.each([
    ['write to ada@example.org now', 'write to [masked] now'],
    ['card 4111 1111 1111 1111 of ada', 'card [masked] of ada'],
    ['order 12345 4111-1111-1111-1111.', 'order 12345 [masked].'],
    ['3782 822463 10005', '[masked]'],
    ['ssn is 123 45 6789', 'ssn is [masked]'],
    ['at 1763791234567, 16 digits 1763791234567890', 'at 1763791234567, 16 digits 1763791234567890'],
    ['password=hunter2&plan=free', 'password=[masked]&plan=free'],
    ['{"password":"a \\" b c","n":1}', '{"password":[masked],"n":1}'],
    ['{\\"email\\":\\"x\\"}', '{\\"email\\":[masked]}'],
    ['note: "password=hunter2"', 'note: "password=[masked]'],
    ['a=b=token=abc', 'a=b=token=[masked]'],
    [
      'mutation { login(name: "ada", password: "correct horse") }',
      'mutation { login(name: [masked], password: [masked]) }',
    ],
    ['Authorization: Bearer abc.def-ghi', 'Authorization: [masked]'],
    ['got Bearer abcdefgh1234', 'got Bearer [masked]'],
    ['where ssn = ? and id = $1', 'where ssn = ? and id = $1'],
    ['nothing to see: 3 of 7', 'nothing to see: 3 of 7'],
  ])('%s', (text, masked) => expect(maskText(text)).toBe(masked))

  it('of any shape take linear time', () => {
    for (const piece of [
      'a',
      '1 ',
      '4 ',
      'a=',
      '"',
      'password="',
      "'\\",
      '= ',
      'bearer ',
      '-',
      '@',
      '1.1-',
    ]) {
      const timeOf = (length: number): number => {
        const text = piece.repeat(length / piece.length)
        const begun = performance.now()
        maskText(text)
        return performance.now() - begun
      }
      timeOf(20_000)
      // Quadratic would be 100 times the time, and minutes.
      expect(timeOf(200_000), piece).toBeLessThan(40 * Math.max(20, timeOf(20_000)))
    }
  })
})

describe('values', () => {
  it('that are numbers are looked at too', () => {
    expect(recordable({ a: 4_111_111_111_111_111, b: 1_763_791_234_567, c: -1.5e300, d: 7 })).toEqual({
      a: '[masked]',
      b: 1_763_791_234_567,
      c: -1.5e300,
      d: 7,
    })
  })
})
