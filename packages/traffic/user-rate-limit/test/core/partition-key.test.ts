import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InvalidIdentity } from '../../src/core/failures.ts'
import { foldAccountName, partitionKeys } from '../../src/core/partition-key.ts'
import { property } from '../property.ts'

const secret = 'a secret of at least thirty-two bytes'
const keys = partitionKeys({ secret })

describe('partition keys', () => {
  it('are a prefix, a version and 132 bits of a keyed hash as hash tag', () => {
    const hash = createHmac('sha256', secret)
      .update(Buffer.from('4:user;5:carol;', 'utf16le'))
      .digest('base64url')
    expect(keys.keyOf(['user', 'carol'])).toBe(`rate-limit:v1:{${hash.slice(0, 22)}}`)
    expect(keys.keyOf(['user', 'carol'])).toBe(
      partitionKeys({ secret, cacheSize: 1 }).keyOf(['user', 'carol']),
    )
  })

  it('do not show the identity and differ by secret', () => {
    expect(keys.keyOf(['user', 'carol'])).not.toContain('carol')
    expect(partitionKeys({ secret: `${secret}!` }).keyOf(['user', 'carol'])).not.toBe(
      keys.keyOf(['user', 'carol']),
    )
  })

  it.each([
    [
      ['b-carol', '/a'],
      ['carol', '/a-b'],
    ],
    [
      ['ab', 'c'],
      ['a', 'bc'],
    ],
    [['a;1:b'], ['a', 'b']],
    [['1:a;'], ['a']],
    [['\ud800'], ['\ud801']],
    [['__proto__'], ['constructor']],
  ])('%j and %j do not meet', (one, other) => {
    expect(keys.keyOf(one)).not.toBe(keys.keyOf(other))
  })

  it('never meet for different parts', () => {
    const part = fc.string({
      minLength: 1,
      maxLength: 8,
      unit: fc.constantFrom('a', '1', ':', ';', '-', '{', '}', '\n'),
    })
    const parts = fc.array(part, { minLength: 1, maxLength: 4 })
    fc.assert(
      fc.property(parts, parts, (one, other) => {
        expect(keys.keyOf(one) === keys.keyOf(other)).toBe(JSON.stringify(one) === JSON.stringify(other))
      }),
      property(1_000),
    )
  })

  it.each([
    [[undefined], 'missing'],
    [[], 'missing'],
    [['user', undefined], 'missing'],
    [[42 as unknown as string], 'missing'],
    [['user', ''], 'empty'],
    [['x'.repeat(1_025)], 'too-long'],
  ] as const)('%j is a typed failure: %s', (parts, flaw) => {
    expect(() => keys.keyOf(parts)).toThrow(InvalidIdentity)
    expect(() => keys.keyOf(parts)).toThrow(expect.objectContaining({ flaw }) as Error)
  })

  it('the failure does not repeat the value, and "undefined" is a name like any other', () => {
    const name = 'carol@example.com'.padEnd(2_000, 'x')
    expect(() => keys.keyOf([name])).toThrow(/^(?!.*carol).*$/)
    expect(keys.keyOf(['undefined'])).toMatch(/^rate-limit:v1:/)
  })

  it('refuse an empty secret and a prefix that would move the hash tag', () => {
    expect(() => partitionKeys({ secret: '' })).toThrow(RangeError)
    expect(() => partitionKeys({ secret, prefix: 'a{b}' })).toThrow(RangeError)
  })
})

describe('foldAccountName', () => {
  it.each([
    ['Alice', 'alice'],
    [' ALICE\t', 'alice'],
    ['Ａｌｉｃｅ', 'alice'],
    ['ﬁona', 'fiona'],
    ['Zoe\u0308', 'zoë'],
    ['\u00a0alice', 'alice'],
  ])('%j is %j', (name, folded) => {
    expect(foldAccountName(name)).toBe(folded)
  })

  it.each([[''], ['   '], ['x'.repeat(1_025)], [undefined as unknown as string]])(
    '%j is a typed failure',
    (name) => {
      expect(() => foldAccountName(name)).toThrow(InvalidIdentity)
    },
  )

  it('is idempotent', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 40, unit: 'binary' }), (name) => {
        let folded: string
        try {
          folded = foldAccountName(name)
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidIdentity)
          return
        }
        expect(foldAccountName(folded)).toBe(folded)
      }),
      property(5_000),
    )
  })
})
