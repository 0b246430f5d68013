// Beside graphql's parse of the same text, the depth limit that mercurius brings, and graphql-armor's as a rule of
// validation (both measure depth alone; ours counts ten things, seven of them without a schema).
import { maxDepthRule } from '@escape.tech/graphql-armor-max-depth'
import { measureShape } from '@portcullis/depth-limit'
import { buildSchema, Kind, parse, validate } from 'graphql'
import mercuriusDepth from 'mercurius/lib/queryDepth.js'
import { bomb, microseconds, printTable, SCHEMA, wideQuery } from './samples.mjs'

const cases = {
  '60 fields': wideQuery(60),
  '5,000 fields': wideQuery(5000),
  'fragment bomb, 25 levels': bomb(25),
}
const rows = [
  [
    'µs for one document',
    'parse',
    'mercurius queryDepth',
    'g-armor',
    'syntax, first',
    'all, first',
    'seen before',
  ],
]
const schema = buildSchema(SCHEMA)
const armorRule = maxDepthRule({ n: 100 })
const CHUNKS = 8

/** The best of several chunks; each document is measured once, so that nothing is remembered. */
function firstTime(source, measure) {
  const size = source.length > 10_000 ? 30 : 2000
  let best = Number.POSITIVE_INFINITY
  for (let chunk = 0; chunk < CHUNKS; chunk++) {
    const parts = Array.from({ length: size }, () => partsOf(source))
    const started = performance.now()
    for (const one of parts) measure(one)
    best = Math.min(best, ((performance.now() - started) * 1000) / size)
  }
  return best
}

function partsOf(source) {
  const document = parse(source, { noLocation: true })
  const { definitions } = document
  const operation = definitions.find((one) => one.kind === Kind.OPERATION_DEFINITION)
  const fragments = new Map(
    definitions.filter((one) => one !== operation).map((one) => [one.name.value, one]),
  )
  return { document, definitions, operation, fragments }
}

for (const [name, source] of Object.entries(cases)) {
  const parsing = microseconds(() => parse(source, { noLocation: true }))
  const peer = firstTime(source, ({ definitions }) => mercuriusDepth(definitions, 100))
  const armor = firstTime(source, ({ document }) => validate(schema, document, [armorRule]))
  const syntax = firstTime(source, ({ operation, fragments }) => measureShape(operation, fragments, {}))
  const all = firstTime(source, ({ operation, fragments }) => measureShape(operation, fragments, {}, schema))
  const { operation, fragments } = partsOf(source)
  const seen = microseconds(() => measureShape(operation, fragments, {}, schema))
  rows.push([
    name,
    ...[parsing, peer, armor, syntax, all, seen].map(
      (one) => `${one.toFixed(2)} (${(one / peer).toFixed(2)})`,
    ),
  ])
}
printTable(rows)
console.log('In brackets: as a part of mercurius’ queryDepth in the same run.')
