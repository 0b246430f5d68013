import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { buildSchema, graphql } from 'graphql'
import mercurius from 'mercurius'
import { describe, expect, it } from 'vitest'
import { addFieldStep, useGraphqlGate } from '../../src/index.ts'
import type { FieldHandler } from '../../src/index.ts'

const schema = 'type Query { a: String b: String list: [Item] } type Item { a: String }'
const shout: FieldHandler = (_call, next) => {
  const value = next()
  return value instanceof Promise ? value.then((one) => `${one}!`) : `${String(value)}!`
}

function withStep(app: FastifyInstance, handler: FieldHandler = shout, name = 'step'): FastifyInstance {
  void app.register(
    Object.assign(
      async (scope: FastifyInstance) => {
        useGraphqlGate(scope, name)
        addFieldStep(scope, {
          name,
          phase: 'mask',
          plan: ({ field }) => (field.name === 'a' ? handler : undefined),
        })
      },
      { [Symbol.for('skip-override')]: true },
    ),
  )
  return app
}

const ask = async (app: FastifyInstance, query: string): Promise<unknown> =>
  (await app.inject({ method: 'POST', url: '/graphql', payload: { query } })).json<{ data: unknown }>().data

describe.each([0, 1])('mercurius, jit %i', (jit) => {
  const build = () =>
    withStep(Fastify()).register(mercurius, {
      schema,
      jit,
      resolvers: { Query: { a: async () => 'x', b: () => 'y', list: () => [{ a: '1' }] } },
    })

  it('wraps the field under every alias, in fragments, and on every request', async () => {
    const app = build()
    const query = '{ other: a b ...f } fragment f on Query { list { z: a } }'
    for (let time = 0; time < 4; time++) {
      expect(await ask(app, query)).toEqual({ other: 'x!', b: 'y', list: [{ z: '1!' }] })
    }
    await app.close()
  })

  it('wraps resolvers that are set later, and those of a schema that replaces the first', async () => {
    const app = build()
    await app.ready()
    app.graphql.defineResolvers({ Query: { a: () => 'later' } })
    expect(await ask(app, '{ a }')).toEqual({ a: 'later!' })
    const second = buildSchema(schema)
    const field = second.getQueryType()?.getFields()['a']
    if (field !== undefined) field.resolve = () => 'new'
    app.graphql.replaceSchema(second)
    for (let time = 0; time < 3; time++) expect(await ask(app, '{ a }')).toEqual({ a: 'new!' })
    await app.close()
  })

  it('wraps once, also a schema made from a wrapped one', async () => {
    const app = build()
    await app.ready()
    await app.graphql.extendSchema('extend type Query { c: String }')
    expect(await ask(app, '{ a }')).toEqual({ a: 'x!' })
    await app.close()
  })

  it('runs once where a resolver calls the one it replaces', async () => {
    const app = build()
    await app.ready()
    const field = app.graphql.schema.getQueryType()?.getFields()['a']
    const before = field?.resolve
    if (field === undefined || before === undefined) throw new Error('there is no such field')
    field.resolve = (...args) => before(...args)
    expect(await ask(app, '{ a }')).toEqual({ a: 'x!' })
    await app.close()
  })
})

describe('hand-written routes', () => {
  it('knows the request where the resolvers get no context, and each of several at once', async () => {
    const built = buildSchema(schema)
    const seen: (string | undefined)[] = []
    const app = withStep(Fastify(), ({ request }, next) => {
      seen.push(request?.id)
      return next()
    })
    app.post<{ Body: { query: string } }>(
      '/graphql',
      { config: { graphql: { schema: built } } },
      ({ body }) => graphql({ schema: built, source: body.query, rootValue: { a: async () => 'x' } }),
    )
    const send = () => app.inject({ method: 'POST', url: '/graphql', payload: { query: '{ a }' } })
    const answers = await Promise.all([send(), send(), send()])
    expect(new Set(seen)).toEqual(new Set(answers.map(({ headers }) => headers['x-request-id'])))
    await graphql({ schema: built, source: '{ a }' })
    expect(seen.at(-1)).toBeUndefined()
    await app.close()
  })

  it('keeps a synchronous resolver synchronous', async () => {
    const built = buildSchema(schema)
    const app = withStep(Fastify())
    app.post('/graphql', { config: { graphql: { schema: built } } }, () => ({}))
    await app.ready()
    const { executeSync, parse } = await import('graphql')
    const answer = executeSync({ schema: built, document: parse('{ a }'), rootValue: { a: 'x' } })
    expect(answer.data).toEqual({ a: 'x!' })
    await app.close()
  })

  it('asks the steps of the scope of the request, and all of them where nobody can tell it', async () => {
    const built = buildSchema(schema)
    const app = Fastify()
    const serve = (scope: FastifyInstance): void => {
      const config = { graphql: { schema: built } }
      scope.post<{ Body: { query: string } }>('/graphql', { config }, ({ body }) =>
        graphql({ schema: built, source: body.query, rootValue: { a: 'x' } }),
      )
    }
    const doubt = (_call: unknown, next: () => unknown): unknown => `${String(next())}?`
    void app.register(async (scope) => serve(withStep(scope)), { prefix: '/shout' })
    void app.register(async (scope) => serve(withStep(scope, doubt)), { prefix: '/ask' })
    const at = async (prefix: string): Promise<unknown> =>
      (await app.inject({ method: 'POST', url: `${prefix}/graphql`, payload: { query: '{ a }' } })).json()
    expect(await at('/shout')).toEqual({ data: { a: 'x!' } })
    expect(await at('/ask')).toEqual({ data: { a: 'x?' } })
    const own = await graphql({ schema: built, source: '{ a }', rootValue: { a: 'x' } })
    expect(own.data).toEqual({ a: 'x?!' })
    await app.close()
  })
})
