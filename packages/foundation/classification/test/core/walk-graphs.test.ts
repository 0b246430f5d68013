import { expect, it } from 'vitest'
import { faultOf } from './walked.ts'

const GRAPHS = 3_000

it('the walker never throws, changes nothing and leaks nothing, whatever a graph is made of', () => {
  const first = Number(process.env['PORTCULLIS_SEED'] ?? '20261122')
  const count = GRAPHS * Number(process.env['PORTCULLIS_RUNS'] ?? '1')
  for (let seed = first; seed < first + count; seed++) {
    const fault = faultOf(seed)
    if (fault !== undefined) expect.fail(fault)
  }
}, 600_000)
