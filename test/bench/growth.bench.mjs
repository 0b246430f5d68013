// How pricing grows with the document: milliseconds and engine steps for twelve kinds of documents from 1 KB to 1 MB,
// which graphql's parser has read before. The test of growth in test/attack holds the steps to the size; the times are for people.
import { createCostModel, estimateCost } from '@portcullis/query-cost/core'
import { buildSchema, parse, version } from 'graphql'
import { documentOf, FAMILIES, GROWTH_SDL } from './families.mjs'
import { microsecondsEach, printTable } from './samples.mjs'

const SIZES = [1_000, 10_000, 100_000, 1_000_000]
const model = createCostModel(buildSchema(GROWTH_SDL))
const parsed = (source) => parse(source, { noLocation: true })

// The first family is to have no colder a compiler than the last.
for (const family of Object.keys(FAMILIES)) {
  const source = documentOf(family, 1_000)
  for (let run = 0; run < 500; run++) estimateCost(model, parsed(source))
}

const rows = [['ms (steps)', ...SIZES.map((size) => `${size / 1000} KB`), 'steps per byte, 1 MB']]
for (const family of Object.keys(FAMILIES)) {
  const cells = SIZES.map((size) => {
    const source = documentOf(family, size)
    const { steps } = estimateCost(model, parsed(source))
    // Each sample prices a document that was parsed anew, since a known one is not analysed again.
    const samples = size > 50_000 ? 3 : 9
    const time = microsecondsEach(
      () => parsed(source),
      (document) => estimateCost(model, document),
      { samples, minimumMs: 2 },
    )
    return { text: `${(time / 1000).toFixed(2)} (${steps})`, perByte: steps / source.length }
  })
  rows.push([family, ...cells.map(({ text }) => text), cells.at(-1)?.perByte.toFixed(2)])
}
printTable(rows)
console.log(`graphql ${version}, Node ${process.version}`)
