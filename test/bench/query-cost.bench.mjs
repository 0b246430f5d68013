// Beside graphql's parse of the same text and graphql-query-complexity with its simple estimator, which does less work:
// it knows no list sizes, no merging of fields and no concrete types.
import { createCostModel, estimateCost } from '@portcullis/query-cost/core'
import { buildSchema, parse } from 'graphql'
import { getComplexity, simpleEstimator } from 'graphql-query-complexity'
import { bomb, microseconds, printTable, SCHEMA, wideQuery } from './samples.mjs'

const schema = buildSchema(SCHEMA)
const model = createCostModel(schema)
const estimators = [simpleEstimator({ defaultComplexity: 1 })]
const variables = { n: 20 }
const cases = {
  '60 fields': wideQuery(60),
  '5,000 fields': wideQuery(5000),
  'fragment bomb, 25 levels': bomb(25),
}
const rows = [['µs for one document', 'parse', 'graphql-query-complexity', 'query-cost', 'peer / ours']]

for (const [name, source] of Object.entries(cases)) {
  const document = parse(source, { noLocation: true })
  const parsing = microseconds(() => parse(source, { noLocation: true }))
  let refused = ''
  const peer = microseconds(() => {
    try {
      getComplexity({ schema, query: document, variables, estimators })
    } catch {
      refused = ', gives up'
    }
  })
  const ours = microseconds(() => estimateCost(model, document, { variables }))
  const part = (one) => `${one.toFixed(1)} (${(one / parsing).toFixed(2)})`
  rows.push([name, part(parsing), part(peer) + refused, part(ours), (peer / ours).toFixed(1)])
}
printTable(rows)
console.log(
  'In brackets: as a part of parse in the same run. Every document is priced anew; nothing is remembered.',
)
