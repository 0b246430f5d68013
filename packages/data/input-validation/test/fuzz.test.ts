import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { countNames, findDuplicateNames } from '../src/core/duplicate-names.ts'
import { fuzzedApp, request } from './hostile-input.ts'

const seed = Number(process.env['PORTCULLIS_SEED'] ?? 20_261_201)
const times = Number(process.env['PORTCULLIS_RUNS'] ?? 1)

const app = fuzzedApp()
afterAll(() => app.close())

describe('hostile input', () => {
  it('is never answered with 500 or more, and what passes is no surprise', { timeout: 600_000 }, async () => {
    const seen = new Map<number, number>()
    await fc.assert(
      fc.asyncProperty(request, async (hostile) => {
        const { statusCode } = await app.inject(hostile)
        seen.set(statusCode, (seen.get(statusCode) ?? 0) + 1)
        expect(statusCode).toBeLessThan(500)
      }),
      { seed, numRuns: 4_000 * times },
    )
    // It got through, and it was refused.
    expect([...seen.keys()]).toEqual(expect.arrayContaining([200, 400, 415]))
  })
})

describe('names in a JSON text', () => {
  const value = fc.jsonValue({ maxDepth: 4 })

  it('are as many as JSON.parse finds, where none stands twice', () => {
    fc.assert(
      fc.property(value, fc.integer({ min: 0, max: 2 }), (one, indent) => {
        const text = JSON.stringify(one, undefined, indent)
        let names = 0
        JSON.parse(text, (_key, inner: unknown) => {
          if (typeof inner === 'object' && inner !== null && !Array.isArray(inner))
            names += Object.keys(inner).length
          return inner
        })
        expect(countNames(text)).toBe(names)
        expect(findDuplicateNames(text, 5)).toEqual([])
      }),
      { seed, numRuns: 2_000 * times },
    )
  })

  it('that stand twice are found, wherever they stand', () => {
    fc.assert(
      fc.property(fc.string(), value, value, (name, one, other) => {
        const key = JSON.stringify(name)
        const text = `{"a":[${JSON.stringify(one)},{${key}:${JSON.stringify(one)},${key}:${JSON.stringify(other)}}]}`
        expect(findDuplicateNames(text, 5)).toContainEqual(['a', 1, name])
      }),
      { seed, numRuns: 2_000 * times },
    )
  })
})
