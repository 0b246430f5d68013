import fc from 'fast-check'
import { buildSchema, parse } from 'graphql'
import { describe, expect, it } from 'vitest'
import {
  createCostModel,
  estimateCost,
  explainCost,
  type CostExplanation,
  type CostModelOptions,
} from '../../src/core/index.ts'
import { scenario, type Choose } from './generate.ts'
import { DIRECTIVES } from './price.ts'

const seed = Number(process.env['PORTCULLIS_SEED'] ?? 20_261_122)
const runs = Number(process.env['PORTCULLIS_RUNS'] ?? 1)
const choices = fc.gen().map(
  (g): Choose =>
    (max) =>
      g(fc.nat, { max }),
)
const MEASURES = ['cost', 'typeCost', 'fieldCost', 'introspectionCost'] as const

/** Equal; above what a double can count exactly, as near as its last digits. */
function isSum(sum: number, total: number): boolean {
  if (sum === total) return true
  return total > Number.MAX_SAFE_INTEGER && Math.abs(sum - total) <= total * 1e-12
}

function check(choose: Choose, budget?: number): { explained: number; parts: number } {
  const { sdl, multipliers, defaultListSize, documents } = scenario(choose, { documents: 2, variables: 3 })
  const weights = Object.fromEntries(
    Object.entries(multipliers).map(([name, multiplier]) => [name, { multiplier }]),
  )
  const options = { weights, defaultListSize, ...(budget === undefined ? {} : { budget }) }
  const model = createCostModel(buildSchema(sdl), { ...options, operationCost: { query: choose(3) } })
  const count = { explained: 0, parts: 0 }
  for (const { source, operations, variables: sets } of documents) {
    const document = parse(source)
    for (const variables of sets) {
      for (const operation of [...operations, null]) {
        const estimate = estimateCost(model, document, { variables, operation })
        const explanation = explainCost(model, document, { variables, operation })
        for (const measure of MEASURES) {
          const sum = explanation.parts.reduce((all, part) => all + part[measure], 0)
          const shown = `${measure} ${sum} of ${estimate[measure]}\n${source}\n${JSON.stringify({ variables, operation, explanation })}\n${sdl}`
          expect(explanation[measure]).toBe(estimate[measure])
          expect(isSum(sum, estimate[measure]), shown).toBe(true)
        }
        count.explained++
        count.parts += explanation.parts.length
      }
    }
  }
  return count
}

describe('the parts of generated operations', () => {
  it.each([undefined, 12])('add up to the estimate, budget %s', { timeout: 1_800_000 }, (budget) => {
    const total = { explained: 0, parts: 0 }
    fc.assert(
      fc.property(choices, (choose) => {
        const { explained, parts } = check(choose, budget)
        total.explained += explained
        total.parts += parts
      }),
      { seed, numRuns: 200 * runs },
    )
    console.log(`${JSON.stringify(total)}, seed ${seed}`)
    expect(total.explained).toBeGreaterThan(2000 * runs)
    expect(total.parts).toBeGreaterThan(total.explained)
  })
})

const SDL = `
  type Query { users(first: Int): [User] thing: Thing report: Report @cost(weight: "5") }
  type User { id: ID orders(first: Int): [Order] } type Order { id: ID lines: [User] }
  type Car @cost(weight: "9") { id: ID } type Shop { id: ID owner: User @cost(weight: "20") }
  union Thing = Car | Shop type Report { total: Int }`

function explain(query: string, options: CostModelOptions = {}): CostExplanation {
  return explainCost(createCostModel(buildSchema(DIRECTIVES + SDL), options), parse(query))
}

const told = ({ parts }: CostExplanation): unknown[] =>
  parts.map(({ path, coordinate, size, typeCost, fieldCost }) => [
    path,
    coordinate,
    size,
    typeCost,
    fieldCost,
  ])

describe('explainCost', () => {
  it('tells each path with its calls and its values', () => {
    const query = '{ people: users(first: 4) { id orders(first: 3) { id } } report { total } }'
    expect(told(explain(query, { operationCost: { query: 7 } }))).toEqual([
      ['', 'Query', 1, 1, 7],
      ['people', 'Query.users', 4, 4, 1],
      ['people.orders', 'User.orders', 3, 12, 4],
      ['report', 'Query.report', 1, 1, 5],
    ])
  })

  it('tells of a union the dearest type, which may be another one for calls than for values', () => {
    expect(told(explain('{ thing { ... on Car { id } ... on Shop { owner { id } } } }'))).toEqual([
      ['', 'Query', 1, 1, 0],
      ['thing', 'Query.thing', 1, 9, 1],
      ['thing.owner', 'Shop.owner', 1, 0, 20],
    ])
  })

  it('has introspection as a part, and the multiplier in what is below', () => {
    const weights = { 'Query.users': { multiplier: 10 } }
    const explanation = explain(
      '{ users(first: 2) { orders { id } } __schema { types { fields { name } } } }',
      { weights },
    )
    expect(told(explanation)).toEqual([
      ['', 'Query', 1, 1, 0],
      ['users', 'Query.users', 2, 20, 10],
      ['users.orders', 'User.orders', 10, 200, 20],
      ['__schema', 'Query.__schema', 1, 0, 0],
    ])
    expect(explanation.parts.at(-1)).toMatchObject({
      introspectionCost: explanation.introspectionCost,
      cost: explanation.introspectionCost,
    })
  })

  it('stays small and quick where fragments lead to more paths than anybody reads', () => {
    const levels = Array.from(
      { length: 40 },
      (_, i) =>
        `fragment F${i} on User { a: orders(first: 1) { lines { ...F${i + 1} } } b: orders(first: 1) { lines { ...F${i + 1} } } }`,
    )
    const query = `{ users(first: 1) { ...F0 } } ${levels.join(' ')} fragment F40 on User { id }`
    const { parts, cost } = explain(query)
    expect(parts.length).toBeLessThanOrEqual(10_000)
    expect(
      isSum(
        parts.reduce((sum, part) => sum + part.cost, 0),
        cost,
      ),
    ).toBe(true)
  })

  it('is one part where the exact analysis gives up', () => {
    const explanation = explain('{ users { id } report { total } }', { budget: 2 })
    expect(explanation).toMatchObject({ approximate: true, parts: [{ path: '', cost: explanation.cost }] })
  })
})
