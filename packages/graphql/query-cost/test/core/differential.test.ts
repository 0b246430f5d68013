import fc from 'fast-check'
import {
  buildSchema,
  NoUnusedFragmentsRule,
  NoUnusedVariablesRule,
  parse,
  PossibleFragmentSpreadsRule,
  specifiedRules,
  validate,
} from 'graphql'
import { describe, expect, it } from 'vitest'
import { compare } from './compare.ts'
import { scenario, type Choose } from './generate.ts'

const seed = Number(process.env['PORTCULLIS_SEED'] ?? 20_261_122)
const runs = Number(process.env['PORTCULLIS_RUNS'] ?? 1)
const extent = { documents: 2, variables: 3 }
/** Choices of fast-check: a failure shrinks to a small schema, document and variables. */
const choices = fc.gen().map(
  (g): Choose =>
    (max) =>
      g(fc.nat, { max }),
)

describe('the engine against the oracle', () => {
  it('is equal on every generated triple of schema, operation and variables', { timeout: 1_800_000 }, () => {
    const total = { triples: 0, approximate: 0 }
    fc.assert(
      fc.property(choices, (choose) => {
        const { triples, approximate } = compare(scenario(choose, extent))
        total.triples += triples
        total.approximate += approximate
      }),
      { seed, numRuns: 300 * runs },
    )
    console.log(`${total.triples} triples, seed ${seed}`)
    expect(total.approximate).toBe(0)
    expect(total.triples).toBeGreaterThanOrEqual(2000 * runs)
  })

  it('is never below the oracle when its budget is spent', { timeout: 1_800_000 }, () => {
    const total = { triples: 0, approximate: 0 }
    fc.assert(
      fc.property(choices, (choose) => {
        const { triples, approximate } = compare(scenario(choose, extent), 12)
        total.triples += triples
        total.approximate += approximate
      }),
      { seed, numRuns: 100 * runs },
    )
    expect(total.approximate).toBeGreaterThan(total.triples / 10)
  })

  it('is compared on valid operations of some size', () => {
    const ignored = new Set([PossibleFragmentSpreadsRule, NoUnusedFragmentsRule, NoUnusedVariablesRule])
    const rules = specifiedRules.filter((rule) => !ignored.has(rule))
    let large = 0
    fc.assert(
      fc.property(choices, (choose) => {
        const { sdl, documents } = scenario(choose, extent)
        for (const { source } of documents) {
          expect(validate(buildSchema(sdl), parse(source), rules)).toEqual([])
          if (source.length > 800) large++
        }
      }),
      { seed, numRuns: 50 },
    )
    expect(large).toBeGreaterThan(20)
  })
})
