import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { commonPasswords as listed } from '../scripts/common-passwords.mjs'
import { commonPasswords } from '../src/blocklist.ts'
import { canonical } from '../src/core/canonical.ts'
import { prefixOf, readPrefixSet, writePrefixSet } from '../src/core/prefix-set.ts'
import { countCodePoints } from '../src/core/text.ts'

const source = listed()
const shipped = readFileSync(new URL('../data/common-passwords.bin', import.meta.url))

describe('the list of common passwords', () => {
  it('is what its source makes, byte for byte', () => {
    expect(shipped.equals(writePrefixSet(source.map(canonical)))).toBe(true)
  })

  it('has every password of its source', () => {
    const set = commonPasswords()
    expect(source.length).toBeGreaterThan(100_000)
    expect(source.filter((password) => !set.has(canonical(password)))).toEqual([])
  })

  it('has more than 3,000 that are long enough by themselves (ASVS 5.0, 6.2.4)', () => {
    const long = source.filter((password) => countCodePoints(password) >= 15)
    expect(new Set(long.map(canonical)).size).toBeGreaterThan(3_000)
  })

  it('has others by chance alone, about 1 in 49,000', () => {
    const set = commonPasswords()
    const tries = 200_000
    let found = 0
    for (let time = 0; time < tries; time++) if (set.has(randomBytes(16).toString('hex'))) found++
    // About 4 are expected; 30 are once in 10^16 runs.
    expect(found).toBeLessThan(30)
    expect(2 ** 32 / set.size).toBeGreaterThan(49_000)
  })
})

describe('a set of prefixes', () => {
  it('has what was written, in at most log2(n) + 2 reads', () => {
    const texts = Array.from({ length: 1000 }, (_one, index) => `text ${index}`)
    const bytes = writePrefixSet(texts)
    let reads = 0
    const set = readPrefixSet({
      length: bytes.length,
      readUInt32BE: (at: number) => {
        reads++
        return bytes.readUInt32BE(at)
      },
    })
    for (const text of texts) {
      reads = 0
      expect(set.has(text)).toBe(true)
      expect(reads).toBeLessThanOrEqual(12)
    }
    expect(set.has('text 1000')).toBe(false)
  })

  it('may be empty, and has its first and last', () => {
    expect(readPrefixSet(writePrefixSet([])).has('')).toBe(false)
    const [first, last] = ['a', 'b'].toSorted((a, b) => prefixOf(a) - prefixOf(b))
    const set = readPrefixSet(writePrefixSet(['a', 'b', 'a']))
    expect([set.size, set.has(first ?? ''), set.has(last ?? '')]).toEqual([2, true, true])
  })
})
