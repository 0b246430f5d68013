import graphqlGate from '@portcullis/graphql-gate'
import kernel from '@portcullis/kernel'
import type { SecurityEvent } from '@portcullis/kernel'
import piiMasking from '@portcullis/pii-masking'
import type { PiiMaskingOptions } from '@portcullis/pii-masking'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { GraphQLError, GraphQLScalarType } from 'graphql'
import mercurius from 'mercurius'
import { afterEach, describe, expect, it } from 'vitest'
import { thenable } from './thenable.ts'

const SSN = '123-45-6789'
const EMAIL = 'ada.lovelace@example.com'
const LEAK = /123-?45-?6789|ada\.lovelace/

const schema = `
  directive @pii(infoType: String!) on FIELD_DEFINITION
  scalar Json
  enum Level { LOW HIGH }
  interface Person { taxId: String @pii(infoType: "US_SSN") }
  type User implements Person {
    id: ID
    taxId: String
    email: String
    matrix: [[String]] @pii(infoType: "US_SSN")
    level: Level @pii(infoType: "GENERIC_ID")
    sure: Boolean! @pii(infoType: "GENERIC_ID")
    profile: Json
    secret: Json @pii(infoType: "GENERIC_ID")
    loaded: String @pii(infoType: "US_SSN")
    friends: [User]
  }
  type Bot { name: String taxId: String @pii(infoType: "US_SSN") }
  union Anybody = User | Bot
  input Change { ssn: String email: String level: Level }
  type Query { me: User  person: Person  anybody: [Anybody]  change(to: Change, ssn: Int): String  fail(how: String): String }
  type Mutation { change(to: Change): User }
`
const row = {
  id: '1',
  taxId: SSN,
  email: EMAIL,
  matrix: [[SSN, null], null, [Promise.resolve(SSN)]],
  level: 'HIGH',
  sure: true,
  profile: () => ({ nested: [{ SSN, contact: { userEmail: EMAIL } }], at: 1 }),
  secret: { a: [SSN], b: { [SSN]: EMAIL } },
  friends: () => [{ taxId: SSN }, null, { taxId: null }],
}
const Json = new GraphQLScalarType({ name: 'Json', serialize: (value) => value })
const resolvers = {
  Json,
  Person: { resolveType: () => 'User' },
  Anybody: { resolveType: (one: { name?: string }) => (one.name === undefined ? 'User' : 'Bot') },
  Query: {
    me: () => row,
    person: () => row,
    anybody: () => [row, { name: 'b', taxId: SSN }],
    change: (_root: unknown, { to }: { to?: { email?: string } }) => {
      throw new Error(`invalid email ${to?.email ?? ''} given`)
    },
    fail: (_root: unknown, { how }: { how?: string }) => {
      if (how === 'extensions') {
        throw new GraphQLError('no', { extensions: { user: { ssn: SSN }, detail: `Key (email)=(${EMAIL})` } })
      }
      throw new Error(`duplicate ${EMAIL}, ssn ${SSN}`)
    },
  },
  Mutation: { change: () => row },
}
const loaders = {
  User: { loaded: async (queries: readonly unknown[]) => queries.map(() => SSN) },
}
const classify = { 'User.email': 'EMAIL_ADDRESS' }

let app: FastifyInstance | undefined
afterEach(() => app?.close())

function serve(jit = 0, options: PiiMaskingOptions = { classify }, order: 'before' | 'after' = 'before') {
  const one = Fastify()
  app = one
  void one.register(kernel, {
    environment: 'development',
    identify: ({ headers: { role } }) => (typeof role === 'string' ? { id: '1', roles: [role] } : null),
  })
  if (order === 'before') void one.register(piiMasking, options)
  void one.register(mercurius, {
    schema,
    resolvers: resolvers as never,
    loaders,
    jit,
    allowBatchedQueries: true,
  })
  if (order === 'after') void one.register(piiMasking, options)
  return one
}

const post = async (one: FastifyInstance, payload: object, role?: string): Promise<string> =>
  (
    await one.inject({
      method: 'POST',
      url: '/graphql',
      payload,
      headers: role === undefined ? {} : { role },
    })
  ).body

describe.each([0, 1])('mercurius, jit %i', (jit) => {
  it.each(['before', 'after'] as const)(
    'whatever way a field is asked for, registered %s it',
    async (order) => {
      const one = serve(jit, { classify }, order)
      const query = `{
      me { a: taxId b: email c: matrix d: level e: sure f: profile g: secret h: loaded friends { i: taxId j: loaded } }
      person { ... on Person { k: taxId } ...u }
      anybody { __typename ... on User { l: email m: taxId } ... on Bot { n: taxId } }
    } fragment u on User { o: taxId ...v } fragment v on User { p: email @include(if: true) }`
      for (let time = 0; time < 4; time++) {
        const body = await post(one, { query })
        expect(body).not.toMatch(LEAK)
        expect(JSON.parse(body)).toMatchObject({
          data: {
            me: {
              a: '***-**-6789',
              c: [['***-**-6789', null], null, ['***-**-6789']],
              d: null,
              e: false,
              f: { at: 1 },
              h: '***-**-6789',
            },
          },
        })
      }
      const batch = await one.inject({
        method: 'POST',
        url: '/graphql',
        payload: [{ query }, { query: '{ me { x: taxId } }' }],
      })
      expect(batch.body).not.toMatch(LEAK)
      expect(row.taxId).toBe(SSN)
    },
  )

  it.each<[string, object]>([
    ['a resolver that says the value', { query: '{ fail }' }],
    ['extensions of an error', { query: '{ fail(how: "extensions") }' }],
    ['an error about an argument', { query: `{ change(to: { email: "${EMAIL}" }) }` }],
    [
      'an error about a variable',
      { query: 'query ($to: Change) { change(to: $to) }', variables: { to: { email: EMAIL } } },
    ],
    [
      'a variable of the wrong type',
      { query: 'query ($to: Change) { change(to: $to) }', variables: { to: { email: EMAIL, level: SSN } } },
    ],
    ['a variable of the wrong kind', { query: 'query ($s: Int) { change(ssn: $s) }', variables: { s: SSN } }],
    ['a literal of the wrong type', { query: `{ change(ssn: "${SSN}") }` }],
    ['an enum that is none', { query: `{ change(to: { level: "${EMAIL}" }) }` }],
    ['a syntax error', { query: `{ me { taxId "${SSN}" } }` }],
    ['an unknown operation', { query: '{ me { id } }', operationName: EMAIL }],
  ])('%s', async (_name, payload) => {
    const body = await post(serve(jit), payload)
    expect(body).toContain('errors')
    expect(body).not.toMatch(LEAK)
  })
})

describe('around mercurius', () => {
  it('a hook that answers on the GraphQL route is masked as any answer', async () => {
    const one = serve()
    one.addHook('preValidation', async (request, reply) =>
      request.method === 'POST' ? reply.code(402).send({ customer: { ssn: SSN } }) : undefined,
    )
    expect(await post(one, { query: '{ me { id } }' })).not.toMatch(LEAK)
  })

  it('an error formatter of the app is cleaned, too', async () => {
    const one = Fastify()
    app = one
    void one.register(piiMasking, { classify })
    void one.register(mercurius, {
      schema,
      resolvers: resolvers as never,
      errorFormatter: ({ errors }) => ({
        statusCode: 200,
        response: { data: null, errors: [{ message: `own: ${errors[0]?.message}` }] },
      }),
    })
    const body = await post(one, { query: '{ fail }' })
    expect(body).toContain('own: ')
    expect(body).not.toMatch(LEAK)
  })

  it('a JSON scalar with nothing personal in it stays what it was', async () => {
    const one = serve()
    await one.ready()
    one.graphql.defineResolvers({ User: { profile: () => ({ deep: [1, 'a', null] }) } } as never)
    expect(JSON.parse(await post(one, { query: '{ me { profile } }' }))).toEqual({
      data: { me: { profile: { deep: [1, 'a', null] } } },
    })
  })

  it('a denied field is told once for a request', async () => {
    const one = serve(0, { classify, policy: { US_SOCIAL_SECURITY_NUMBER: 'reject' } })
    await one.ready()
    const events: SecurityEvent[] = []
    one.securityEvents.subscribe((event) => void events.push(event))
    const body = await post(one, { query: '{ me { a: taxId b: taxId friends { taxId } } }' })
    expect(body).toContain('PII_FIELD_FORBIDDEN')
    expect(events.map(({ type, outcome, details }) => ({ type, outcome, details }))).toEqual([
      { type: 'authz.denied', outcome: 'refused', details: { permission: 'pii:Person.taxId' } },
    ])
  })

  it('a field that says another kind than its interface does not boot', async () => {
    const one = serve(0, { classify: { 'User.taxId': 'EMAIL_ADDRESS' } })
    await expect(one.ready()).rejects.toThrow(
      /User\.taxId is classified as EMAIL_ADDRESS, and Person\.taxId, .* as US_SOCIAL_SECURITY_NUMBER/,
    )
  })

  it('masking alone guards no GraphQL route in production', async () => {
    const one = Fastify()
    app = one
    void one.register(kernel, { environment: 'production' })
    void one.register(graphqlGate)
    void one.register(piiMasking, { classify })
    void one.register(mercurius, { schema, resolvers: resolvers as never })
    await expect(one.ready()).rejects.toThrow('no gate in its scope that bounds its operations')
  })
})

describe('a value with a `then` that returns no promise', () => {
  it.each([
    ['partial', { data: { me: { taxId: '***-**-6789', more: ['***-**-6789'] } } }],
    ['reject', { data: { me: { taxId: null, more: [null] } } }],
  ] as const)('is masked like any other, and ends no process: %s', async (strategy, expected) => {
    app = Fastify()
    void app.register(piiMasking, {
      classify: { 'User.taxId': 'US_SOCIAL_SECURITY_NUMBER', 'User.more': 'US_SOCIAL_SECURITY_NUMBER' },
      policy: { US_SOCIAL_SECURITY_NUMBER: strategy },
    })
    void app.register(mercurius, {
      schema: 'type Query { me: User } type User { taxId: String more: [String] }',
      resolvers: {
        Query: { me: () => ({}) },
        User: { taxId: () => thenable(SSN), more: () => [thenable(SSN)] },
      },
    })
    const answer = await app.inject({
      method: 'POST',
      url: '/graphql',
      payload: { query: '{ me { taxId more } }' },
    })
    expect(answer.body).not.toMatch(LEAK)
    expect(answer.json()).toMatchObject(expected)
  })
})
