import { expect, it } from 'vitest'
import { faultOf } from './walked.ts'

const GRAPHS = 1_000_000

it('a million graphs: none throws, is changed or leaks', () => {
  const first = Number(process.env['PORTCULLIS_SEED'] ?? '20261122') * 1000
  for (let seed = first; seed < first + GRAPHS; seed++) {
    const fault = faultOf(seed)
    if (fault !== undefined) expect.fail(fault)
  }
}, 7_200_000)
