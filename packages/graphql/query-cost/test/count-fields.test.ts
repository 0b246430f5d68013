import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { buildSchema, execute, parse, subscribe } from 'graphql'
import type { ExecutionResult, GraphQLFieldResolver } from 'graphql'
import mercurius from 'mercurius'
import { describe, expect, it } from 'vitest'
import { createCostModel, RunningCost } from '../src/core/index.ts'
import type { CostModel } from '../src/core/index.ts'
import queryCost from '../src/index.ts'
import type { QueryCostOptions, RequestCost } from '../src/index.ts'

const schema = `
  type Query {
    items(first: Int): [Item]
    grid: [[Item]]
    pets: [Pet]
    report(filter: Filter): Report
  }
  input Filter { deep: Boolean text: String }
  type Item { id: ID name: String again: Item report: Report }
  type Report { total: Int }
  type Cat { id: ID } type Dog { id: ID }
  union Pet = Cat | Dog`

const item = (id: number): object => ({ id, name: `item ${id}`, again: { id: -id }, report: { total: id } })

function* once(): Generator<object> {
  yield item(1)
  yield item(2)
  yield item(3)
}

async function build(
  options: QueryCostOptions,
  resolvers: Record<string, (...args: never[]) => unknown>,
  jit = 0,
): Promise<{ app: FastifyInstance; costs: (RequestCost | undefined)[] }> {
  const costs: (RequestCost | undefined)[] = []
  const app = Fastify()
  void app.register(queryCost, { actual: 'executing', ...options })
  void app.register(mercurius, {
    schema,
    jit,
    resolvers: { Query: resolvers as never, Pet: { resolveType: () => 'Cat' } },
    allowBatchedQueries: true,
  })
  app.addHook('onResponse', async (request) => void costs.push(request.queryCost))
  await app.ready()
  return { app, costs }
}

const post = (app: FastifyInstance, payload: object) =>
  app.inject({ method: 'POST', url: '/graphql', payload })

describe.each([0, 1])('what is counted while resolvers of mercurius run, jit %s', (jit) => {
  it('is what promises, sets and generators bring, once', async () => {
    const lists = [
      () => Promise.resolve([item(1), null, item(2)]),
      () => new Set([item(1), item(2)]),
      () => once(),
      () => [Promise.resolve(item(1)), item(2)],
    ]
    for (const [index, counted] of [2, 2, 3, 2].entries()) {
      const { app, costs } = await build({}, { items: lists[index] as () => unknown }, jit)
      const answer = await post(app, { query: '{ items(first: 9) { id name } }' })
      const { data, errors } = answer.json<{ data: { items: (object | null)[] }; errors?: unknown }>()
      expect(errors).toBeUndefined()
      expect(data.items.filter((one) => one !== null)).toHaveLength(counted)
      expect(costs.at(-1)?.actual).toMatchObject({ typeCost: 1 + counted, fieldCost: 1 })
      await app.close()
    }
  })

  it('has the multipliers of all fields above', async () => {
    const weights = { 'Query.items': { multiplier: 10 }, 'Item.again': { multiplier: 2 } }
    const { app, costs } = await build({ weights }, { items: () => [item(1), item(2)] }, jit)
    const query = '{ items(first: 2) { id more: again { id report { total } } report { total } } }'
    await post(app, { query })
    await post(app, { query })
    // 10 × (the call, 2 items, and for each of them 2 × (again, its item and its call of report) and report).
    const counted = { typeCost: 1 + 10 * (2 + 2 * (2 + 1)), fieldCost: 10 * (1 + 2 * (2 * (1 + 1) + 1)) }
    expect(costs.map((cost) => cost?.actual)).toMatchObject([counted, counted])
    await app.close()
  })

  it('prices arguments by the variables of each execution', async () => {
    const weights = { 'Filter.deep': 30, 'Query.report': 5 }
    const { app, costs } = await build({ weights }, { report: () => ({ total: 1 }) }, jit)
    const query = 'query ($filter: Filter) { report(filter: $filter) { total } }'
    const ask = (filter: object | null) => ({ query, variables: { filter } })
    await post(app, [ask({ deep: true }), ask({ text: 'x' }), ask(null), { query }])
    const [cost] = costs
    expect(cost?.actual?.fieldCost).toBe(cost?.fieldCost)
    expect(cost?.actual).toMatchObject({ typeCost: 8, fieldCost: 5 * 4 + 30 + 1 + 1 + 1 })
    await app.close()
  })

  it('is the heaviest type of a union, which is known later', async () => {
    const weights = { Cat: 1, Dog: 7 }
    const { app, costs } = await build({ weights }, { pets: () => [{ id: 1 }] }, jit)
    await post(app, { query: '{ pets { ... on Cat { id } ... on Dog { id } } }' })
    expect(costs[0]?.actual).toMatchObject({ typeCost: 8, approximate: true })
    await app.close()
  })

  it('does not end what has the dearest fields on the lightest type, which is within its price', async () => {
    const weights = { Cat: 1, 'Cat.id': 6, Dog: 7 }
    const pets = Array.from({ length: 10 }, () => ({ __typename: 'Cat', id: 1 }))
    const query = '{ pets { ... on Cat { id } ... on Dog { id } } }'
    const price = 1 + 1 + 10 * (1 + 6)
    const { app, costs } = await build({ weights, maxCost: price }, { pets: () => pets }, jit)
    const answer = await post(app, { query })
    expect(answer.json<{ errors?: unknown }>().errors, answer.body).toBeUndefined()
    expect(costs[0]).toMatchObject({ cost: price, actual: { cost: price, typeCost: 71, fieldCost: 61 } })
    await app.close()
  })

  it('goes no deeper into lists than the schema does', async () => {
    const { app, costs } = await build({}, { grid: () => [[item(1), item(2)], null, [], [null]] }, jit)
    await post(app, { query: '{ grid { id } }' })
    expect(costs[0]?.actual).toMatchObject({ typeCost: 3, fieldCost: 1 })
    await app.close()
  })

  it('has introspection as estimated, since it has no resolvers', async () => {
    const { app, costs } = await build({}, {}, jit)
    await post(app, { query: '{ __schema { types { fields { type { name } } } } }' })
    expect(costs[0]?.actual?.introspectionCost).toBeGreaterThan(1)
    expect(costs[0]?.actual?.cost).toBe(costs[0]?.cost)
    await app.close()
  })
})

/** The default resolver, counted. */
const counting =
  (
    costed: CostModel['costed'],
    running: RunningCost,
  ): GraphQLFieldResolver<Record<string, unknown>, unknown> =>
  (source, _args, _context, info) => {
    const field = costed.composites.get(info.parentType.name)?.possible[0]?.fields.get(info.fieldName)
    if (field === undefined) throw new Error('no such field')
    const factor = running.call(costed, field, info)
    running.result(field, source[info.fieldName], factor)
    return source[info.fieldName]
  }

describe('a count', () => {
  it('prices arguments by the variables of each execution', async () => {
    const sdl = buildSchema(
      'type Query { a(by: By, n: Int): Int } input By { deep: Boolean, text: String = "x" }',
    )
    const { costed } = createCostModel(sdl, { weights: { 'By.deep': 30, 'By.text': 4, 'Query.a(n:)': 2 } })
    const document = parse(
      'query ($by: By, $n: Int = 1, $coerced: Int, $sources: Int) { a(by: $by, n: $n) b: a(n: $coerced) c: a(n: $sources) }',
    )
    const running = new RunningCost({ cost: Infinity, typeCost: Infinity, fieldCost: Infinity }, false)
    const costs: number[] = []
    for (const variableValues of [
      {},
      { by: { deep: true } },
      { by: {}, n: null },
      { coerced: 1, sources: 2 },
    ]) {
      const before = running.actual.cost
      const rootValue = { a: 1 }
      const { errors } = await execute({
        schema: sdl,
        document,
        rootValue,
        variableValues,
        fieldResolver: counting(costed, running),
      })
      expect(errors).toBeUndefined()
      costs.push(running.actual.cost - before)
    }
    // n by its default; By as an object, its field and the default of another; a null for n; all three arguments.
    expect(costs).toEqual([2, 2 + 1 + 30 + 4, 2 + 1 + 4, 2 + 2 + 2])
  })

  it('begins anew with each event of a subscription', async () => {
    const sdl = buildSchema(
      'type Query { a: Int } type Subscription { tick: Tick } type Tick { parts: [Part] } type Part { id: ID }',
    )
    const { costed } = createCostModel(sdl)
    const running = new RunningCost({ cost: 10, typeCost: Infinity, fieldCost: Infinity }, false)
    running.start({ typeCost: 1, fieldCost: 0, introspectionCost: 0 })
    const fieldResolver = counting(costed, running)
    async function* ticks() {
      for (let count = 0; count < 5; count++) yield { tick: { parts: [{ id: 1 }, { id: 2 }] } }
    }
    const events = (await subscribe({
      schema: sdl,
      document: parse('subscription { tick { parts { id } } }'),
      rootValue: {},
      subscribeFieldResolver: () => ticks(),
      fieldResolver,
    })) as AsyncGenerator<ExecutionResult>
    let seen = 0
    for await (const { errors } of events) {
      expect(errors).toBeUndefined()
      expect(running.actual.cost).toBe(6)
      expect(running.passed).toBeUndefined()
      seen += 1
    }
    expect(seen).toBe(5)
  })

  it('tells which limit was passed', () => {
    const start = { typeCost: 5, fieldCost: 3, introspectionCost: 2 }
    const passed = (limits: Partial<Record<'cost' | 'typeCost' | 'fieldCost', number>>) => {
      const running = new RunningCost({ cost: 10, typeCost: 5, fieldCost: 3, ...limits }, false)
      running.start(start)
      return running.passed
    }
    expect(passed({})).toBeUndefined()
    expect(passed({ cost: 9 })).toBe('cost')
    expect(passed({ typeCost: 4 })).toBe('typeCost')
    expect(passed({ fieldCost: 2 })).toBe('fieldCost')
  })
})
