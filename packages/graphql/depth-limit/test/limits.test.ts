import Fastify from 'fastify'
import { buildSchema, parse } from 'graphql'
import { describe, expect, it } from 'vitest'
import depthLimit from '../src/index.ts'
import type { DepthLimitOptions } from '../src/index.ts'

const schema = buildSchema('type Query { users: [User] } type User { id: ID friends: [User] best: User }')

async function codeFor(options: DepthLimitOptions, query: string): Promise<unknown> {
  const app = Fastify()
  void app.register(depthLimit, { exposeLimits: true, ...options })
  app.post('/graphql', { config: { graphql: { schema } } }, () => ({ data: {} }))
  const answer = await app.inject({ method: 'POST', url: '/graphql', payload: { query } })
  await app.close()
  if (answer.statusCode === 200) return 200
  const [error] = answer.json<{ errors: { message: string; extensions: { code: string } }[] }>().errors
  return [answer.statusCode, error?.extensions.code, error?.message]
}

describe('each limit holds by itself: what it just allows passes, one more does not', () => {
  it.each<[DepthLimitOptions, string, string, string, string]>([
    [
      { maxListDepth: 2 },
      '{ users { friends { best { id } } } }',
      '{ users { friends { best { friends { id } } } } }',
      'MAX_LIST_DEPTH_EXCEEDED',
      'Query list depth 3 exceeds maximum 2',
    ],
    [
      { maxSelfReferentialDepth: 1 },
      '{ users { friends { best { id } } } }',
      '{ users { friends { best { friends { id } } } } }',
      'MAX_SELF_REFERENTIAL_DEPTH_EXCEEDED',
      'Query self-referential depth 2 exceeds maximum 1',
    ],
    [
      { maxIntrospectionListDepth: 1 },
      '{ __schema { types { name } } }',
      '{ __schema { types { fields { name } } } }',
      'MAX_INTROSPECTION_LIST_DEPTH_EXCEEDED',
      'Introspection list depth 2 exceeds maximum 1',
    ],
    [
      { maxSelections: 3 },
      '{ users { best { ...F } } } fragment F on User { __typename }',
      '{ users { id best { ...F } } } fragment F on User { __typename }',
      'MAX_SELECTIONS_EXCEEDED',
      'Field count 4 exceeds maximum 3',
    ],
    [
      { maxFragments: 1 },
      '{ users { ...F } } fragment F on User { id }',
      '{ users { ...F } } fragment F on User { ...G } fragment G on User { id }',
      'MAX_FRAGMENTS_EXCEEDED',
      'Fragment count 2 exceeds maximum 1',
    ],
  ])('%j', async (options, allowed, refused, code, message) => {
    expect(await codeFor(options, allowed)).toBe(200)
    expect(await codeFor(options, refused)).toEqual([400, code, message])
  })
})

describe('a route without a known schema', () => {
  it('does not boot, and the message says how it is given', async () => {
    const app = Fastify()
    void app.register(depthLimit)
    app.post('/graphql', { config: { graphql: true } }, () => ({}))
    await expect(app.ready()).rejects.toMatchObject({
      code: 'PORTCULLIS_DEPTH_LIMIT_NO_SCHEMA',
      message: expect.stringMatching(/POST \/graphql.*config: \{ graphql: \{ schema \} \}/),
    })
  })
})

describe('app.depthLimit.measure', () => {
  it('knows the schema of the scope, or takes another', async () => {
    const app = Fastify()
    void app.register(depthLimit)
    app.post('/graphql', { config: { graphql: { schema } } }, () => ({}))
    await app.ready()
    const document = parse('{ users { friends { id } } }')
    expect(app.depthLimit.measure(document)).toMatchObject([{ listDepth: 2, selfReferentialDepth: 1 }])
    const other = buildSchema('type Query { users: User } type User { friends: User id: ID }')
    expect(app.depthLimit.measure(document, { schema: other })).toMatchObject([{ listDepth: 0 }])
    await app.close()
  })
})
