import { Writable } from 'node:stream'
import { kernel } from '@portcullis/kernel'
import type { SecurityEvent } from '@portcullis/kernel'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { buildSchema, parse } from 'graphql'
import mercurius from 'mercurius'
import { describe, expect, it } from 'vitest'
import queryCost from '../src/index.ts'
import type { QueryCostOptions, QueryCostRouteOptions } from '../src/index.ts'

const schema = `
  directive @cost(weight: String!) on FIELD_DEFINITION | OBJECT
  directive @listSize(assumedSize: Int, slicingArguments: [String!], requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION
  type Query {
    users(first: Int): [User]
    page(first: Int, last: Int): [User] @listSize(slicingArguments: ["first", "last"])
    report: Report @cost(weight: "40")
  }
  type User { id: ID name: String }
  type Report { total: Int }
`

async function build(
  options: QueryCostOptions = {},
  route?: QueryCostRouteOptions | false,
): Promise<FastifyInstance> {
  const app = Fastify()
  void app.register(kernel, {
    identify: ({ headers }) =>
      headers['x-role'] === undefined ? null : { id: 'ada', roles: String(headers['x-role']).split(',') },
  })
  void app.register(queryCost, options)
  void app.register(mercurius, { schema, additionalRouteOptions: { config: { queryCost: route } } })
  await app.ready()
  return app
}

async function ask(
  app: FastifyInstance,
  query: string,
  headers: Record<string, string> = {},
): Promise<[number, string | undefined]> {
  const answer = await app.inject({ method: 'POST', url: '/graphql', payload: { query }, headers })
  const { errors } = answer.json<{ errors?: { extensions?: { code?: string } }[] }>()
  return [answer.statusCode, errors?.[0]?.extensions?.code]
}

const hundred = '{ users(first: 100) { id } }'

describe('limits', () => {
  it('come from the plugin, from the route and from the roles of the principal', async () => {
    const byPlugin = await build({ maxCost: 50 })
    expect(await ask(byPlugin, hundred)).toEqual([400, 'QUERY_TOO_EXPENSIVE'])
    const byRoute = await build({ maxCost: 50 }, { maxCost: 500 })
    expect(await ask(byRoute, hundred)).toEqual([200, undefined])
    const byRole = await build({
      maxCost: 50,
      roles: { support: { maxCost: 80 }, admin: { maxCost: 500 }, trainee: { maxCost: 5 } },
    })
    expect(await ask(byRole, hundred)).toEqual([400, 'QUERY_TOO_EXPENSIVE'])
    expect(await ask(byRole, hundred, { 'x-role': 'support' })).toEqual([400, 'QUERY_TOO_EXPENSIVE'])
    expect(await ask(byRole, hundred, { 'x-role': 'support,admin' })).toEqual([200, undefined])
    expect(await ask(byRole, '{ users(first: 30) { id } }', { 'x-role': 'trainee' })).toEqual([
      400,
      'QUERY_TOO_EXPENSIVE',
    ])
    expect(await ask(byRole, hundred, { 'x-role': 'constructor,__proto__' })).toEqual([
      400,
      'QUERY_TOO_EXPENSIVE',
    ])
    await Promise.all([byPlugin.close(), byRoute.close(), byRole.close()])
  })

  it('of a route hold for those with a role too, unless the route names them', async () => {
    const roles = { admin: { maxCost: 5000 } }
    const strict = await build({ roles }, { maxCost: 50 })
    expect(await ask(strict, hundred, { 'x-role': 'admin' })).toEqual([400, 'QUERY_TOO_EXPENSIVE'])
    const named = await build({ roles }, { maxCost: 50, roles })
    expect(await ask(named, hundred, { 'x-role': 'admin' })).toEqual([200, undefined])
    const measured = await build({ maxCost: 50, roles }, { exposeLimits: true })
    expect(await ask(measured, hundred, { 'x-role': 'admin' })).toEqual([200, undefined])
    await Promise.all([strict.close(), named.close(), measured.close()])
  })

  it('hold for objects and resolver calls apart too', async () => {
    const app = await build({ maxTypeCost: 50 })
    expect(await ask(app, hundred)).toEqual([400, 'QUERY_TOO_EXPENSIVE'])
    await app.close()
    const fields = await build({ maxFieldCost: 30 })
    expect(await ask(fields, hundred)).toEqual([200, undefined])
    expect(await ask(fields, '{ report { total } }')).toEqual([400, 'QUERY_TOO_EXPENSIVE'])
    await fields.close()
  })

  it('are switched off for a route by false', async () => {
    const app = await build({ maxCost: 1 }, false)
    expect(await ask(app, hundred)).toEqual([200, undefined])
    await app.close()
  })
})

describe('sizes that cannot be accepted', () => {
  it('are refused with a code of their own, which names the field and no value', async () => {
    const app = await build()
    expect(await ask(app, '{ page { id } }')).toEqual([400, 'MISSING_SLICING_ARGUMENT'])
    expect(await ask(app, '{ page(first: 1, last: 2) { id } }')).toEqual([400, 'SEVERAL_SLICING_ARGUMENTS'])
    const answer = await app.inject({
      method: 'POST',
      url: '/graphql',
      payload: { query: 'query ($n: Int) { users(first: $n) { id } }', variables: { n: 'secret-4711' } },
    })
    expect(answer.statusCode).toBe(400)
    expect(answer.json()).toMatchObject({
      errors: [
        {
          message: "Query.users takes a whole number for 'first'.",
          extensions: { code: 'INVALID_SLICING_VALUE' },
        },
      ],
    })
    expect(answer.body).not.toContain('4711')
    await app.close()
  })
})

describe('facts', () => {
  it('are on request.queryCost and in the event', async () => {
    const seen: SecurityEvent[] = []
    const costs: unknown[] = []
    const app = Fastify()
    void app.register(queryCost, { maxCost: 50, mode: 'measure' })
    void app.register(mercurius, { schema })
    app.addHook('onResponse', async (request) => void costs.push(request.queryCost))
    app.get('/rest', async (request) => request.queryCost ?? 'none')
    await app.ready()
    app.securityEvents.subscribe((event) => void seen.push(event))
    expect(await ask(app, hundred)).toEqual([200, undefined])
    expect((await app.inject('/rest')).body).toBe('none')
    const actual = { cost: 2, typeCost: 1, fieldCost: 1, introspectionCost: 0, approximate: false }
    expect(costs).toEqual([{ cost: 102, typeCost: 101, fieldCost: 1, approximate: false, actual }, undefined])
    expect(seen).toMatchObject([
      {
        type: 'query.cost_exceeded',
        outcome: 'measured',
        details: { code: 'QUERY_TOO_EXPENSIVE', limit: 50, actual: 102 },
      },
    ])
    await app.close()
  })
})

describe('app.queryCost.analyze', () => {
  it('prices a document with the weights of its scope', async () => {
    const app = await build({ weights: { User: { cost: 3 } } })
    const document = parse('query A { users(first: 10) { id } } query B { report { total } }')
    expect(app.queryCost.analyze(document, { operationName: 'A' })).toMatchObject({
      cost: 32,
      fieldCost: 1,
      typeCost: 31,
    })
    expect(app.queryCost.analyze(document, { operationName: 'B' })).toMatchObject({ cost: 42 })
    // Nobody says which will run: the most objects are those of A, the most resolver calls and the price those of B.
    expect(app.queryCost.analyze(document)).toMatchObject({ cost: 42, fieldCost: 40, typeCost: 31 })
    const other = buildSchema('type Query { list: [User] } type User { id: ID }')
    expect(app.queryCost.analyze(parse('{ list { id } }'), { schema: other }).cost).toBe(32)
    expect(app.queryCost.inferred()).toEqual([
      { coordinate: 'Query.users', slicingArguments: ['first'], sizedFields: [] },
    ])
    await app.close()
  })
})

describe('strict', () => {
  const lists = 'type Query { all: [User] some(first: Int): [User] names: [String] } type User { id: ID }'

  it('refuses operations that ask for a list which nothing bounds', async () => {
    const app = Fastify()
    void app.register(queryCost, { strict: true, exposeLimits: true })
    void app.register(mercurius, { schema: lists })
    await app.ready()
    expect(app.queryCost.unbounded()).toEqual(['Query.all'])
    expect(await ask(app, '{ all { id } }')).toEqual([400, 'QUERY_TOO_EXPENSIVE'])
    expect(await ask(app, '{ some { id } }')).toEqual([400, 'QUERY_TOO_EXPENSIVE'])
    expect(await ask(app, '{ some(first: 3) { id } names }')).toEqual([200, undefined])
    expect(await ask(app, '{ __schema { types { fields { args { name } } } } }')).toEqual([200, undefined])
    await app.close()
  })

  it('does not go together with a default size', async () => {
    const app = Fastify()
    void app.register(queryCost, { strict: true, defaultListSize: 5 })
    await expect(app.ready()).rejects.toMatchObject({
      code: 'PORTCULLIS_KERNEL_INVALID_OPTIONS',
      message: expect.stringContaining('remove either strict or defaultListSize'),
    })
  })
})

describe('boot', () => {
  it('refuses a GraphQL route whose schema nobody told', async () => {
    const app = Fastify()
    void app.register(queryCost)
    app.post('/graphql', { config: { graphql: true } }, async () => ({ data: null }))
    await expect(app.ready()).rejects.toMatchObject({
      code: 'PORTCULLIS_QUERY_COST_NO_SCHEMA',
      message: expect.stringContaining('POST /graphql'),
    })
  })

  it('lists everything that is wrong with weights and directives', async () => {
    const app = Fastify()
    void app.register(queryCost, { weights: { 'Query.usres': 1, 'User.nam': 2 } })
    void app.register(mercurius, { schema: `${schema} extend type User { odd: Int @cost(weight: "much") }` })
    await expect(app.ready()).rejects.toMatchObject({
      code: 'PORTCULLIS_QUERY_COST_INVALID_MODEL',
      message: expect.stringMatching(/Query\.usres[^]*User\.nam[^]*/),
    })
  })

  it('prices the schema that mercurius has now, also after it was replaced', async () => {
    const app = Fastify()
    void app.register(queryCost, { maxCost: 100 })
    void app.register(mercurius, { schema })
    await app.ready()
    app.graphql.replaceSchema(buildSchema(schema.replace('"40"', '"400"')))
    expect(await ask(app, '{ report { total } }')).toEqual([400, 'QUERY_TOO_EXPENSIVE'])
    await app.close()
  })
})

describe('a schema that departs from the specification', () => {
  const warnings = async (typeDefs: string): Promise<unknown[]> => {
    const lines: string[] = []
    const stream = new Writable({
      write(chunk: Buffer, _encoding, done) {
        lines.push(chunk.toString())
        done()
      },
    })
    const app = Fastify({ logger: { level: 'warn', stream } })
    void app.register(queryCost)
    void app.register(mercurius, { schema: typeDefs })
    await app.ready()
    await app.close()
    return lines
      .map((line) => JSON.parse(line) as { code?: string; departures?: unknown })
      .filter(({ code }) => code === 'QUERY_COST_DEPARTURES')
      .map(({ departures }) => departures)
  }

  it('starts, with a warning that lists all places', async () => {
    const typeDefs = `${schema} extend type Query {
      a(n: Int): [Int] @listSize(slicingArguments: ["n"], assumedSize: 5)
      b(n: Float): [Int] @listSize(slicingArguments: ["n"])
    }`
    expect(await warnings(typeDefs)).toEqual([
      [
        {
          coordinate: 'Query.a',
          message: 'assumedSize beside slicingArguments should have requireOneSlicingArgument: false',
        },
        { coordinate: 'Query.b', message: 'slicing argument "n" is a Float, and should be an Int' },
      ],
    ])
  })

  it('is the only one that is warned about', async () => {
    expect(await warnings(schema)).toEqual([])
  })
})

describe('app.queryCost.explain', () => {
  it('tells what a price is made of, with the weights of its scope', async () => {
    const app = await build({ weights: { User: { cost: 3 } } })
    const document = parse('query ($n: Int) { people: users(first: $n) { id } report { total } }')
    const explanation = app.queryCost.explain(document, { variables: { n: 4 } })
    expect(explanation).toMatchObject({
      cost: app.queryCost.analyze(document, { variables: { n: 4 } }).cost,
      parts: [
        { path: '', coordinate: 'Query', cost: 1 },
        { path: 'people', coordinate: 'Query.users', size: 4, typeCost: 12, fieldCost: 1, cost: 13 },
        { path: 'report', coordinate: 'Query.report', size: 1, typeCost: 1, fieldCost: 40, cost: 41 },
      ],
    })
    await app.close()
  })
})

describe('request.queryCost.actual', () => {
  it('is unknown until the operation is answered, and where nobody sees the answer', async () => {
    const seen: unknown[] = []
    const graphql = { schema: buildSchema('type Query { a: Int }') }
    const app = Fastify()
    void app.register(queryCost)
    app.post('/graphql', { config: { graphql } }, async (request) => {
      seen.push(request.queryCost?.actual)
      return { data: { a: 1 } }
    })
    app.post('/text', { config: { graphql } }, async (_request, reply) =>
      reply.type('application/json').send('{"data":{"a":1}}'),
    )
    app.addHook('onResponse', async (request) => void seen.push(request.queryCost?.actual?.cost))
    await app.inject({ method: 'POST', url: '/graphql', payload: { query: '{ a }' } })
    await app.inject({ method: 'POST', url: '/text', payload: { query: '{ a }' } })
    expect(seen).toEqual([undefined, 1, undefined])
    await app.close()
  })
})
