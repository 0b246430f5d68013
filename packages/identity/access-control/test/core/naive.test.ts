import { describe, it } from 'vitest'
import { compareWithNaive } from './compare.ts'

describe('the matrix against a naive evaluator', () => {
  // 100,000 in the deep tier, which has 50 times the runs.
  it('gives the same verdict over every resource, for 2,000 random policies', { timeout: 1_800_000 }, () =>
    compareWithNaive(2_000),
  )
})
