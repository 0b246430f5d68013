// Beside graphql's parse of the same text and the depth limit that mercurius brings (depth alone; ours counts five things).
import { measureShape } from '@portcullis/depth-limit'
import { Kind, parse } from 'graphql'
import mercuriusDepth from 'mercurius/lib/queryDepth.js'
import { bomb, microseconds, printTable, wideQuery } from './samples.mjs'

const cases = {
  '60 fields': wideQuery(60),
  '5,000 fields': wideQuery(5000),
  'fragment bomb, 25 levels': bomb(25),
}
const rows = [
  ['µs for one document', 'parse', 'mercurius queryDepth', 'depth-limit, first', 'depth-limit, seen before'],
]

for (const [name, source] of Object.entries(cases)) {
  // Each first measurement needs a document that was never measured.
  const documents = Array.from({ length: source.length > 10_000 ? 60 : 4000 }, () =>
    parse(source, { noLocation: true }),
  )
  const parts = documents.map((document) => {
    const operation = document.definitions.find((one) => one.kind === Kind.OPERATION_DEFINITION)
    const fragments = new Map(
      document.definitions.filter((one) => one !== operation).map((one) => [one.name.value, one]),
    )
    return { document, operation, fragments }
  })
  const parsing = microseconds(() => parse(source, { noLocation: true }))
  const peer = microseconds((run) => mercuriusDepth(parts[run % parts.length].document.definitions, 100))
  const started = performance.now()
  for (const { operation, fragments } of parts) measureShape(operation, fragments, {})
  const first = ((performance.now() - started) * 1000) / parts.length
  const seen = microseconds(() => measureShape(parts[0].operation, parts[0].fragments, {}))
  rows.push([
    name,
    ...[parsing, peer, first, seen].map((one) => `${one.toFixed(2)} (${(one / parsing).toFixed(3)})`),
  ])
}
printTable(rows)
console.log('In brackets: as a part of parse in the same run.')
