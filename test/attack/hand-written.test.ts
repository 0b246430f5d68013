import depthLimit from '@portcullis/depth-limit'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { buildSchema, graphql } from 'graphql'
import { expect, it } from 'vitest'
import { codeOf } from '../doors/servers.ts'

const schema = buildSchema('type Query { node: Node } type Node { id: ID node: Node }')
const deep = `{ ${'node { '.repeat(8)}id${' }'.repeat(8)} }`

interface Body {
  readonly query: string
  readonly operationName?: string
}

/** A handler that mixes body and URL, as some GraphQL handlers do. */
function build(prepare: (app: FastifyInstance) => void = () => undefined): FastifyInstance {
  const app = Fastify()
  void app.register(depthLimit, { maxDepth: 3 })
  void app.after(() => prepare(app))
  app.post<{ Body: Body }>('/graphql', { config: { graphql: { schema } } }, async (request) => {
    const { query, operationName } = { ...request.body, ...(request.query as Body) }
    return graphql({ schema, source: query, operationName, rootValue: { node: null } })
  })
  return app
}

it('a POST whose URL carries another operation is refused', async () => {
  const app = build()
  const send = async (search: string): Promise<[number, string | undefined]> => {
    const answer = await app.inject({
      method: 'POST',
      url: `/graphql?${search}`,
      payload: { query: '{ __typename }' },
    })
    return [answer.statusCode, codeOf(answer.body)]
  }
  expect(await send(`query=${encodeURIComponent(deep)}`)).toEqual([400, 'MALFORMED_GRAPHQL_REQUEST'])
  expect(await send('variables={}')).toEqual([400, 'MALFORMED_GRAPHQL_REQUEST'])
  expect(await send('operationName=Other')).toEqual([400, 'MALFORMED_GRAPHQL_REQUEST'])
  expect(await send('trace=1')).toEqual([200, undefined])
  await app.close()
})

it.each(['preValidation', 'preHandler'] as const)(
  'a body that the app replaces in %s before us is judged as it is then',
  async (hook) => {
    const app = Fastify()
    app.addHook(hook, async (request) => {
      request.body = { query: deep }
    })
    void app.register(depthLimit, { maxDepth: 3 })
    app.post<{ Body: Body }>('/graphql', { config: { graphql: { schema } } }, async ({ body }) =>
      graphql({ schema, source: body.query, rootValue: { node: null } }),
    )
    const answer = await app.inject({ method: 'POST', url: '/graphql', payload: { query: '{ __typename }' } })
    expect([answer.statusCode, codeOf(answer.body)]).toEqual([400, 'MAX_DEPTH_EXCEEDED'])
    await app.close()
  },
)

it('a body that the app replaces in preValidation after us is judged as it is then, size included', async () => {
  for (const [query, code] of [
    [deep, 'MAX_DEPTH_EXCEEDED'],
    [`{ ${'node '.repeat(3000)} }`, 'MAX_TOKENS_EXCEEDED'],
  ] as const) {
    const app = build((one) => {
      one.addHook('preValidation', async (request) => {
        request.body = { query }
      })
    })
    const answer = await app.inject({ method: 'POST', url: '/graphql', payload: { query: '{ __typename }' } })
    expect([answer.statusCode, codeOf(answer.body)]).toEqual([400, code])
    await app.close()
  }
})

it('OPTIONS is judged like any other method as soon as it carries an operation', async () => {
  const app = Fastify()
  void app.register(depthLimit, { maxDepth: 3 })
  app.all<{ Body?: Body; Querystring: Body }>(
    '/graphql',
    { config: { graphql: { schema } } },
    async ({ body, query }) =>
      graphql({ schema, source: (body ?? query).query ?? '{ __typename }', rootValue: { node: null } }),
  )
  for (const method of ['OPTIONS', 'PUT', 'PATCH', 'DELETE'] as const) {
    const answer = await app.inject({ method, url: '/graphql', payload: { query: deep } })
    expect([method, answer.statusCode, codeOf(answer.body)]).toEqual([method, 400, 'MAX_DEPTH_EXCEEDED'])
  }
  const inUrl = await app.inject({ method: 'OPTIONS', url: `/graphql?query=${encodeURIComponent(deep)}` })
  expect([inUrl.statusCode, codeOf(inUrl.body)]).toEqual([400, 'MAX_DEPTH_EXCEEDED'])
  const preflight = await app.inject({ method: 'OPTIONS', url: '/graphql' })
  expect(preflight.statusCode).toBe(200)
  await app.close()
})
