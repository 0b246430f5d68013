// Beside graphql's parse of the same text and two peers in their README's configuration, all in one process. Both do
// less work: graphql-query-complexity knows no list sizes and merges no fields, the cost limit of graphql-armor knows
// neither the schema nor variables.
import { costLimitRule } from '@escape.tech/graphql-armor-cost-limit'
import { createCostModel, estimateCost } from '@portcullis/query-cost/core'
import { buildSchema, parse, validate } from 'graphql'
import { fieldExtensionsEstimator, getComplexity, simpleEstimator } from 'graphql-query-complexity'
import { PAGES, SHOP_SCHEMA } from './realistic.mjs'
import { bomb, fieldBomb, microseconds, microsecondsEach, printTable, SCHEMA, wideQuery } from './samples.mjs'

const parsed = (source) => parse(source, { noLocation: true })
const estimators = [fieldExtensionsEstimator(), simpleEstimator({ defaultComplexity: 1 })]
const armor = costLimitRule({
  maxCost: 5000,
  objectCost: 2,
  scalarCost: 1,
  depthCostFactor: 1.5,
  ignoreIntrospection: true,
})

const shop = buildSchema(SHOP_SCHEMA)
const small = buildSchema(SCHEMA)
const models = new Map([shop, small].map((schema) => [schema, createCostModel(schema)]))
const cases = [
  ...Object.entries(PAGES).map(([name, page]) => ({ name, schema: shop, ...page })),
  ...[
    ['5,000 fields', wideQuery(5000)],
    ['flat bomb, 20 fragments', bomb(20)],
    ['flat bomb, 30 fragments', bomb(30)],
    ['field bomb, 20 fragments', fieldBomb(20)],
    ['field bomb, 30 fragments', fieldBomb(30)],
  ].map(([name, source]) => ({ name, source, schema: small, variables: { n: 20 } })),
]

// The parser is timed first, while its compiled code has seen little else: later it is up to three times slower.
const parseTimes = new Map(cases.map((one) => [one, microseconds(() => parsed(one.source))]))

// All of it runs a while before anything is timed: the first case is to have no colder a compiler than the last.
for (const { source, schema, variables } of cases) {
  for (let run = 0; run < 2000 && source.length < 10_000; run++) {
    estimateCost(models.get(schema), parsed(source), { variables })
  }
}

const cold = [['µs, document seen first', 'parse', 'g-q-complexity', 'g-armor', 'query-cost', 'peer / ours']]
const warm = [['ns, document known', '1/100 of parse', 'query-cost', 'parse / ours']]
for (const sample of cases) {
  const { name, source, schema, variables } = sample
  const model = models.get(schema)
  const document = parsed(source)
  const parsing = parseTimes.get(sample)
  const [complexity, complexityRefuses] = peer(() =>
    getComplexity({ schema, query: document, variables, estimators }),
  )
  const [armored, armorRefuses] = peer(() => validate(schema, document, [armor]))
  const first = microsecondsEach(
    () => parsed(source),
    (fresh) => estimateCost(model, fresh, { variables }),
  )
  const part = (one) => `${one.toFixed(1)} (${(one / parsing).toFixed(2)})`
  cold.push([
    name,
    parsing.toFixed(1),
    part(complexity) + complexityRefuses,
    part(armored) + armorRefuses,
    part(first),
    (complexity / first).toFixed(1),
  ])
  const sets = Array.from({ length: 64 }, (_, index) => changed(variables, index))
  const again = microseconds((run) => estimateCost(model, document, { variables: sets[run % 64] }))
  warm.push([name, (parsing * 10).toFixed(0), (again * 1000).toFixed(0), (parsing / again).toFixed(0)])
}
printTable(cold)
console.log('In brackets: as a part of parse in the same run. * the peer refuses the document.\n')
printTable(warm)
console.log('Each evaluation has other variables than the one before.')

/** The time of a peer, with a mark where it refuses the document. */
function peer(price) {
  let refuses = ''
  const time = microseconds(() => {
    try {
      price()
    } catch {
      refuses = '*'
    }
  })
  return [time, refuses]
}

/** The same variables with other numbers. */
function changed(variables, by) {
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [name, typeof value === 'number' ? value + by : value]),
  )
}
