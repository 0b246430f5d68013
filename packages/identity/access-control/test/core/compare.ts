import fc from 'fast-check'
import { expect } from 'vitest'
import { createMatrix, settle } from '../../src/core/index.ts'
import { property } from '../property.ts'
import { everyTruth, naiveAllows } from './naive.ts'
import { permission, SCOPES, somebody } from './policies.ts'

const truths = everyTruth(SCOPES)

/** Compares the engine with the naive evaluator on random policies, over every resource that there can be. */
export function compareWithNaive(runs: number): void {
  const settings = property(runs)
  let allowed = 0
  let compared = 0
  const asked = fc.uniqueArray(fc.oneof(permission, fc.constant('admin:all')), { minLength: 1, maxLength: 3 })
  fc.assert(
    fc.property(somebody, asked, (one, asks) => {
      const matrix = createMatrix(one)
      const asker = { roles: one.held, permissions: one.tokens }
      for (const ask of asks) {
        const verdict = matrix.judge(asker, ask)
        for (const truth of truths) {
          const should = naiveAllows(one, ask, truth)
          expect(settle(verdict, (scope) => truth[scope])).toBe(should)
          compared += 1
          if (should) allowed += 1
        }
        const [, , scope] = ask.split(':')
        const everywhere = truths
          .filter((truth) => scope === undefined || truth[scope] === true)
          .every((truth) => naiveAllows({ ...one, tokens: [] }, ask, truth))
        expect(matrix.allows(one.held, ask)).toBe(everywhere)
      }
    }),
    settings,
  )
  console.log(`${settings.numRuns} policies, ${compared} verdicts, ${allowed} allowed, seed ${settings.seed}`)
  // Both answers have to be there, or nothing was compared.
  expect(allowed).toBeGreaterThan(compared / 20)
  expect(allowed).toBeLessThan(compared * 0.8)
}
