// Beside graphql's parse of the same text, the depth limit that mercurius brings, with the limit of its documentation's
// example, and graphql-armor's with the values of its documentation, run as its users run it, as a rule of validation.
// Both measure depth alone; ours counts ten things, seven of them without a schema.
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
const armorRule = maxDepthRule({
  n: 6,
  ignoreIntrospection: true,
  flattenFragments: false,
  propagateOnRejection: true,
})
const MERCURIUS_DEPTH = 6
const CHUNKS = 8

/** Whether the rule refuses a document, which it tells by an exception. */
function armorRefuses(document) {
  try {
    return validate(schema, document, [armorRule]).length > 0
  } catch {
    return true
  }
}

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
  const peer = firstTime(source, ({ definitions }) => mercuriusDepth(definitions, MERCURIUS_DEPTH))
  const armor = firstTime(source, ({ document }) => armorRefuses(document))
  const syntax = firstTime(source, ({ operation, fragments }) => measureShape(operation, fragments, {}))
  const all = firstTime(source, ({ operation, fragments }) => measureShape(operation, fragments, {}, schema))
  const { document, definitions, operation, fragments } = partsOf(source)
  const refusals = [false, mercuriusDepth(definitions, MERCURIUS_DEPTH).length > 0, armorRefuses(document)]
  const seen = microseconds(() => measureShape(operation, fragments, {}, schema))
  rows.push([
    name,
    ...[parsing, peer, armor, syntax, all, seen].map(
      (one, index) => `${one.toFixed(2)} (${(one / peer).toFixed(2)})${refusals[index] ? '*' : ''}`,
    ),
  ])
}
printTable(rows)
console.log(
  'In brackets: as a part of mercurius’ queryDepth in the same run. * the peer refuses the document.',
)
