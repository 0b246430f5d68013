import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { buildSchema, parse } from 'graphql'
import { expect, it } from 'vitest'
import { createCostModel, estimateCost } from '../../src/core/index.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const schema = buildSchema(`
  type Query { users(first: Int, filter: Filter): [User] node: Node }
  input Filter { tags: [String] first: Int }
  interface Node { id: ID }
  type User implements Node { id: ID friends(first: Int): [User] }
  type Post implements Node { id: ID comments(first: Int): [Post] }
`)
const query = `query ($n: Int, $m: Int = 5, $filter: Filter, $full: Boolean!, $short: Boolean = false) {
  users(first: $n, filter: $filter) { id friends(first: $m) @include(if: $full) { id } }
  node { ... on User { friends(first: $n) { id } } ... on Post { comments(first: $m) @skip(if: $short) { id } } }
}`
/** How many bytes more are in use after a run than after the ones before, once nothing is left that could be collected. */
function growthOf(run: () => void): number {
  const after = (): number => {
    run()
    // What the first collection ends is freed by the second.
    collect()
    collect()
    return process.memoryUsage().heapUsed
  }
  after()
  const before = after()
  // The least of three: what compilers and collectors keep for themselves comes and goes.
  return Math.min(after(), after(), after()) - before
}

/** Far less than a number for each evaluation. */
const allowed = (evaluations: number): number => 100_000 + evaluations

it.each([
  ['numbers and objects', 100_000, () => true],
  ['booleans too, each choice of which has a formula', 2_000, (sent: number) => sent % 2 === 0],
])('evaluations of a known document leave nothing behind: %s', (_name, evaluations, full) => {
  const model = createCostModel(schema)
  const document = parse(query)
  let sent = 0
  const growth = growthOf(() => {
    for (let i = 0; i < evaluations; i++) {
      sent += 1
      const filter = { tags: [`tag ${sent}`], first: sent }
      const variables = { n: sent % 1000, m: sent, filter, full: full(sent), short: !full(sent) }
      estimateCost(model, document, { variables })
    }
  })
  expect(growth).toBeLessThan(allowed(evaluations))
})

it('documents that are seen once are forgotten with their formulas', () => {
  const model = createCostModel(schema)
  const growth = growthOf(() => {
    for (let n = 0; n < 500; n++) estimateCost(model, parse(query), { variables: { n, full: true } })
  })
  expect(growth).toBeLessThan(allowed(500))
})

it('what did stay would be seen', () => {
  const kept: object[] = []
  const growth = growthOf(() => {
    for (let n = 0; n < 100_000; n++) kept.push({ n })
  })
  expect(kept.length).toBeGreaterThan(0)
  expect(growth).toBeGreaterThan(allowed(100_000))
})
