import { buildSchema, parse } from 'graphql'
import { describe, expect, it } from 'vitest'
import { createCostModel, estimateCost } from '@portcullis/query-cost/core'
import { documentOf, FAMILIES, GROWTH_SDL } from '../bench/families.mjs'

const schema = buildSchema(GROWTH_SDL)
const SIZES = [1_000, 10_000, 100_000, 1_000_000]

/** The slope of the steps over the bytes, both as logarithms: 1 is linear. */
function slope(points: readonly { bytes: number; steps: number }[]): number {
  const xs = points.map(({ bytes }) => Math.log(bytes))
  const ys = points.map(({ steps }) => Math.log(steps))
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const [x, y] = [mean(xs), mean(ys)]
  const covariance = xs.reduce((sum, value, i) => sum + (value - x) * ((ys[i] ?? 0) - y), 0)
  return covariance / xs.reduce((sum, value) => sum + (value - x) ** 2, 0)
}

describe('the work of pricing a document of 1 KB to 1 MB', { timeout: 120_000 }, () => {
  it('is measured on twelve families', () => {
    expect(Object.keys(FAMILIES)).toHaveLength(12)
  })

  // Without a budget: what is shown is the analysis, not where it stops. Sets that overlap in ever new ways are what
  // the budget is for, and deep chains what the bound on nesting is for.
  const linear = Object.keys(FAMILIES).filter((family) => family !== 'sets that overlap in new ways')
  it.each(linear)('grows no faster than the document: %s', (family) => {
    const model = createCostModel(schema, { budget: Infinity })
    const points = SIZES.map((size) => {
      const source = documentOf(family, size)
      expect(source.length / size).toBeGreaterThan(0.8)
      expect(source.length / size).toBeLessThan(1.25)
      return { bytes: source.length, steps: estimateCost(model, parse(source, { noLocation: true })).steps }
    })
    expect(slope(points)).toBeLessThanOrEqual(1.1)
  })

  it.each(Object.keys(FAMILIES))(
    'is at most a walk through the document and twice the budget: %s',
    (family) => {
      const model = createCostModel(schema)
      const times: string[] = []
      const points = SIZES.map((size) => {
        const source = documentOf(family, size)
        const document = parse(source, { noLocation: true })
        const started = performance.now()
        const { steps, cost } = estimateCost(model, document)
        times.push(`${(source.length / 1000).toFixed(0)} KB ${(performance.now() - started).toFixed(1)} ms`)
        expect(cost).toBeGreaterThan(0)
        expect(steps).toBeLessThan(100_000 + source.length)
        return { bytes: source.length, steps }
      })
      // Never a verdict: the steps are.
      console.log(`${family}: ${times.join(', ')}`)
      expect(slope(points)).toBeLessThanOrEqual(1.1)
    },
  )

  it('is repeated for a known document with its variables alone', () => {
    const model = createCostModel(schema)
    for (const family of Object.keys(FAMILIES)) {
      const document = parse(documentOf(family, 100_000), { noLocation: true })
      estimateCost(model, document, { variables: { n: 1 } })
      expect(estimateCost(model, document, { variables: { n: 2 } }).steps, family).toBeLessThan(20)
    }
  })
})
