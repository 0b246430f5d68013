import fc from 'fast-check'
import {
  buildSchema,
  parse,
  validate,
  specifiedRules,
  PossibleFragmentSpreadsRule,
  NoUnusedFragmentsRule,
  NoUnusedVariablesRule,
} from 'graphql'
import { describe, expect, it } from 'vitest'
import { createCostModel, estimateCost } from '../../src/core/index.ts'
import { scenario, type Scenario } from './generate.ts'
import { oracle } from './oracle.ts'

const seed = Number(process.env['PORTCULLIS_SEED'] ?? 20_261_122)
const numRuns = 2000 * Number(process.env['PORTCULLIS_RUNS'] ?? 1)
const scenarios = fc.gen().map((g) => g)

/** Equal but for the rounding of sums taken in another order. */
function expectSame(actual: number, expected: number): void {
  if (actual === expected) return
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(expected)))
}

function prices({ sdl, source, variables, multipliers, defaultListSize }: Scenario, budget?: number) {
  const schema = buildSchema(sdl)
  const document = parse(source)
  const weights = Object.fromEntries(
    Object.entries(multipliers).map(([name, multiplier]) => [name, { multiplier }]),
  )
  const model = createCostModel(schema, {
    weights,
    defaultListSize,
    ...(budget === undefined ? {} : { budget }),
  })
  const expected = oracle({ schema, document, variables, multipliers, defaultListSize })
  return { estimate: estimateCost(model, document, { variables }), expected }
}

describe('the engine against the oracle', () => {
  it('is equal on every generated operation', { timeout: 600_000 }, () => {
    fc.assert(
      fc.property(scenarios, (g) => {
        const { estimate, expected } = prices(scenario(g))
        expect(estimate.approximate).toBe(false)
        expectSame(estimate.typeCost, expected.type)
        expectSame(estimate.fieldCost, expected.field)
        expect(estimate.cost).toBe(estimate.typeCost + estimate.fieldCost)
      }),
      { seed, numRuns },
    )
  })

  it('is never below the oracle when its budget is spent', { timeout: 600_000 }, () => {
    let approximate = 0
    fc.assert(
      fc.property(scenarios, (g) => {
        const { estimate, expected } = prices(scenario(g), 12)
        if (estimate.approximate) approximate++
        expect(estimate.typeCost * (1 + 1e-9)).toBeGreaterThanOrEqual(expected.type)
        expect(estimate.fieldCost * (1 + 1e-9)).toBeGreaterThanOrEqual(expected.field)
      }),
      { seed, numRuns: numRuns / 2 },
    )
    expect(approximate).toBeGreaterThan(numRuns / 10)
  })

  it('is compared on valid operations of some size', () => {
    const ignored = new Set([PossibleFragmentSpreadsRule, NoUnusedFragmentsRule, NoUnusedVariablesRule])
    const rules = specifiedRules.filter((rule) => !ignored.has(rule))
    let priced = 0
    fc.assert(
      fc.property(scenarios, (g) => {
        const { sdl, source } = scenario(g)
        expect(validate(buildSchema(sdl), parse(source), rules)).toEqual([])
        if (source.length > 800) priced++
      }),
      { seed, numRuns: 100 },
    )
    expect(priced).toBeGreaterThan(20)
  })
})
