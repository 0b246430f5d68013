import { expect, it } from 'vitest'
import { chooser } from './chooser.ts'
import { compare } from './compare.ts'
import { scenario } from './generate.ts'

const seed = Number(process.env['PORTCULLIS_SEED'] ?? 20_261_122)
const TRIPLES = 1_000_000
/** Ours took four; a machine on which this is too little time has not searched enough, so that is a failure. */
const MINUTES = 20

it(
  `finds no difference between the engine and the oracle in ${TRIPLES} triples, in at most ${MINUTES} minutes`,
  { timeout: (MINUTES + 1) * 60_000 },
  () => {
    const end = Date.now() + MINUTES * 60_000
    const total = { triples: 0, approximate: 0 }
    for (let round = 0; total.triples < TRIPLES && Date.now() < end; round++) {
      const extent = { documents: 6, variables: 6 }
      // Every fourth schema with a budget that is often spent.
      const budget = round % 4 === 3 ? 12 : undefined
      const { triples, approximate } = compare(scenario(chooser(seed + round), extent), budget)
      total.triples += triples
      total.approximate += approximate
    }
    console.log(`${total.triples} triples, ${total.approximate} of them approximate, first seed ${seed}`)
    expect(total.triples, `what ${MINUTES} minutes were enough for`).toBeGreaterThanOrEqual(TRIPLES)
    expect(total.approximate).toBeGreaterThan(0)
  },
)
