import fc from 'fast-check'
import { buildSchema, Kind, parse, visit, type DocumentNode } from 'graphql'
import { describe, expect, it } from 'vitest'
import {
  actualCost,
  createCostModel,
  estimateCost,
  RunningCost,
  startingCost,
  type ActualCost,
  type CostModel,
  type CostModelOptions,
} from '../../src/core/index.ts'
import { execute, type Watch } from './execute.ts'
import { scenario, type Choose } from './generate.ts'

const seed = Number(process.env['PORTCULLIS_SEED'] ?? 20_261_122)
const runs = Number(process.env['PORTCULLIS_RUNS'] ?? 1)
const extent = { documents: 2, variables: 3 }
const choices = fc.gen().map(
  (g): Choose =>
    (max) =>
      g(fc.nat, { max }),
)
const PARTS = ['typeCost', 'fieldCost', 'introspectionCost'] as const
const near = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(b))
const notAbove = (a: number, b: number): boolean => a <= b || near(a, b)

/** The document without `__typename` wherever something else is selected too. */
const silent = (document: DocumentNode): DocumentNode =>
  visit(document, {
    [Kind.SELECTION_SET](node) {
      const others = node.selections.filter(
        (one) => one.kind !== Kind.FIELD || one.name.value !== '__typename',
      )
      return others.length > 0 ? { ...node, selections: others } : undefined
    },
  })

/** Counts calls as they are made. */
const watching =
  ({ costed }: CostModel, running: RunningCost): Watch =>
  (info, call) => {
    const [object] = costed.composites.get(info.parentType.name)?.possible ?? []
    const field = object?.fields.get(info.fieldName)
    if (field === undefined) throw new Error(`no field ${info.fieldName}`)
    const factor = running.call(costed, field, info)
    const value = call()
    running.result(field, value, factor)
    return value
  }

function check(choose: Choose, edit: (document: DocumentNode) => DocumentNode, budget?: number) {
  const { sdl, multipliers, defaultListSize, documents } = scenario(choose, extent)
  const schema = buildSchema(sdl)
  const weights = Object.fromEntries(
    Object.entries(multipliers).map(([name, multiplier]) => [name, { multiplier }]),
  )
  const model = createCostModel(schema, {
    weights,
    defaultListSize,
    ...(budget === undefined ? {} : { budget }),
  })
  const total = { executions: 0, approximate: 0, cheaper: 0 }
  for (const { source, operations, variables: sets } of documents) {
    const document = edit(parse(source))
    for (const variables of sets) {
      for (const operation of operations) {
        const running = new RunningCost(
          { cost: Infinity, typeCost: Infinity, fieldCost: Infinity },
          model.costed.multiplied,
        )
        const ran = execute(
          { schema, document, variables, operationName: operation, multipliers, defaultListSize },
          choose,
          watching(model, running),
        )
        const actual = actualCost(model, document, ran.data, { operation, variables })
        const estimate = estimateCost(model, document, { operation, variables })
        const shown = `${source}\n${JSON.stringify({ operation, variables, multipliers, ran, actual, estimate })}\n${sdl}`
        for (const part of PARTS) expect(notAbove(actual[part], estimate[part]), shown).toBe(true)
        expect(notAbove(ran.type, actual.typeCost) && notAbove(ran.field, actual.fieldCost), shown).toBe(true)
        if (!actual.approximate)
          expect(near(actual.typeCost, ran.type) && near(actual.fieldCost, ran.field), shown).toBe(true)
        running.start(startingCost(model, document, { operation, variables }, estimate))
        const counted = running.actual
        for (const part of PARTS) expect(notAbove(counted[part], estimate[part]), shown).toBe(true)
        expect(near(counted.fieldCost, ran.field) && notAbove(ran.type, counted.typeCost), shown).toBe(true)
        if (!counted.approximate) expect(near(counted.typeCost, ran.type), shown).toBe(true)
        total.executions++
        if (actual.approximate) total.approximate++
        if (actual.cost < estimate.cost) total.cheaper++
      }
    }
  }
  return total
}

function search(edit: (document: DocumentNode) => DocumentNode, numRuns: number, budget?: number) {
  const all = { executions: 0, approximate: 0, cheaper: 0 }
  fc.assert(
    fc.property(choices, (choose) => {
      const { executions, approximate, cheaper } = check(choose, edit, budget)
      all.executions += executions
      all.approximate += approximate
      all.cheaper += cheaper
    }),
    { seed, numRuns: numRuns * runs },
  )
  console.log(`${JSON.stringify(all)}, seed ${seed}`)
  return all
}

describe('the actual cost of generated operations on generated answers', () => {
  it(
    'is what was called and returned, also where it is counted meanwhile, and never above the estimate',
    { timeout: 1_800_000 },
    () => {
      const all = search((document) => document, 250)
      expect(all.executions).toBeGreaterThanOrEqual(1500 * runs)
      expect(all.approximate).toBe(0)
      expect(all.cheaper).toBeGreaterThan(all.executions / 4)
    },
  )

  it('lies between both where the answer does not tell the types', { timeout: 1_800_000 }, () => {
    expect(search(silent, 300).approximate).toBeGreaterThan(20)
  })

  it('is the estimate where telling them apart takes too long', { timeout: 1_800_000 }, () => {
    expect(search(silent, 200, 20).approximate).toBeGreaterThan(5)
  })
})

const SDL = `
  type Query { users(first: Int): [User] one: Thing many: [Thing] grid: [[User]] tags: [Tag] json: Json report: Report }
  type Mutation { touch: User }
  type User { id: ID name: String! friends(first: Int): [User] }
  type Car { id: ID name: String! wheels: [User] }
  union Thing = User | Car
  scalar Tag scalar Json type Report { total: Int }`

function count(query: string, data: unknown, options: CostModelOptions = {}, variables = {}): ActualCost {
  return actualCost(createCostModel(buildSchema(SDL), options), parse(query), data, { variables })
}

describe('the actual cost', () => {
  it('counts objects at the real length of their lists, and nothing for null', () => {
    const query = '{ users(first: 100) { id friends(first: 10) { id } } report { total } }'
    expect(count(query, { users: null, report: null })).toEqual({
      cost: 3,
      typeCost: 1,
      fieldCost: 2,
      introspectionCost: 0,
      approximate: false,
    })
    const users = [{ id: 1, friends: [{ id: 2 }, null] }, null, { id: 3, friends: [] }]
    // The root, 2 users, a friend and a report; users, friends twice and report.
    expect(count(query, { users, report: { total: 1 } })).toMatchObject({ typeCost: 5, fieldCost: 4 })
  })

  it('counts lists in lists, and scalars with a weight', () => {
    const weights = { Tag: 2, Json: 5, 'Query.report': { multiplier: 3 } }
    expect(count('{ grid { id } }', { grid: [[{ id: 1 }, null], null, [{ id: 2 }]] })).toMatchObject({
      typeCost: 3,
      fieldCost: 1,
    })
    // A scalar may be a list by itself, and is one value then.
    expect(count('{ tags json }', { tags: ['a', null, 'b'], json: [1, 2, 3] }, { weights })).toMatchObject({
      typeCost: 1 + 2 * 2 + 5,
      fieldCost: 0,
    })
    expect(count('{ report { total } }', { report: { total: 1 } }, { weights })).toMatchObject({
      typeCost: 1 + 3,
      fieldCost: 3,
    })
  })

  it('has the flat cost of an operation, whatever came of it', () => {
    const operationCost = { mutation: 10 }
    expect(count('mutation { touch { id } }', null, { operationCost }).cost).toBe(10)
    expect(count('mutation { touch { id } }', { touch: { id: 1 } }, { operationCost }).cost).toBe(13)
  })

  it('tells types apart by __typename, by its aliases and by what was answered', () => {
    const weights = { User: 1, Car: 50 }
    const by = (query: string, one: unknown): [number, boolean] => {
      const { typeCost, approximate } = count(query, { one }, { weights })
      return [typeCost, approximate]
    }
    const both = '... on User { id } ... on Car { name }'
    expect(by(`{ one { __typename ${both} } }`, { __typename: 'User', id: 1 })).toEqual([2, false])
    expect(by(`{ one { kind: __typename ${both} } }`, { kind: 'Car', name: 'x' })).toEqual([51, false])
    expect(by(`{ one { ${both} } }`, { id: 1 })).toEqual([2, false])
    expect(by('{ one { ... on User { id } ... on Car { id } } }', { id: 1 })).toEqual([51, true])
    expect(by('{ one { ... on User { id } } }', {})).toEqual([51, false])
    // A mask left something out: whatever may have been cut counts.
    expect(by('{ one { ... on User { id name } ... on Car { id name } } }', { id: 1 })).toEqual([51, true])
    expect(by(`{ one { ${both} } }`, { other: 1 })).toEqual([51, true])
  })

  it('is the estimate where telling types apart takes longer than the budget', () => {
    const query = '{ many { ... on User { id } ... on Car { id } } }'
    const many = Array.from({ length: 30 }, (_, id) => ({ id }))
    expect(count(query, { many })).toMatchObject({ cost: 32, approximate: true })
    expect(count(query, { many }, { budget: 60 })).toMatchObject({ cost: 12, approximate: true })
  })

  it('takes no type that the object cannot be', () => {
    const query = '{ one { __typename ... on User { id } } }'
    const one = { __typename: 'Report', id: 1 }
    expect(count(query, { one }, { weights: { Report: 99 } }).typeCost).toBe(2)
  })

  it('believes no other field that goes by the name of __typename', () => {
    const query = '{ one { ... on User { __typename } ... on Car { __typename: name } } }'
    const weights = { User: 1, Car: 50 }
    expect(count(query, { one: { __typename: 'User' } }, { weights })).toMatchObject({
      typeCost: 51,
      approximate: true,
    })
    expect(count(query, { one: { __typename: 'Trabant' } }, { weights })).toMatchObject({
      typeCost: 51,
      approximate: false,
    })
  })

  it('never throws, whatever stands for the answer', () => {
    const query = '{ users { id friends { id } } one { __typename } }'
    for (const data of [undefined, 7, 'text', [], [{}], { users: 'text', one: 5 }, { users: { friends: 1 } }])
      expect(count(query, data).cost).toBeGreaterThanOrEqual(0)
    let deep: unknown = { id: 1 }
    for (let i = 0; i < 100_000; i++) deep = [deep]
    expect(count('{ users(first: 3) { id } }', { users: deep })).toMatchObject({ cost: 5, approximate: true })
  })

  it('measures introspection as the estimate does', () => {
    const query = '{ __schema { types { fields { name type { name } } } } }'
    const types = (length: number) =>
      Array.from({ length }, () => ({ fields: [{ name: 'a', type: { name: 'A' } }] }))
    const one = count(query, { __schema: { types: types(1) } }).introspectionCost
    const many = count(query, { __schema: { types: types(12) } }).introspectionCost
    expect(one).toBeGreaterThan(0)
    expect(many).toBeGreaterThan(one)
    const { introspectionCost } = estimateCost(createCostModel(buildSchema(SDL)), parse(query))
    expect(many).toBeLessThan(introspectionCost)
  })
})
