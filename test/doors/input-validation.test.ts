import depthLimit from '@portcullis/depth-limit'
import inputValidation, { constraintDirective } from '@portcullis/input-validation'
import type { InputValidationOptions } from '@portcullis/input-validation'
import kernel from '@portcullis/kernel'
import type { FastifyInstance } from 'fastify'
import { describe, expect, it } from 'vitest'
import { codeOf, countingResolvers, requestThrough, SERVERS } from './servers.ts'

const schema = `${constraintDirective}
  type Query { node(email: String, id: ID, tags: [String!] @constraint(maxItems: 2, pattern: "^[a-z]{1,9}$")): Node  find(where: Where, all: [Where!]): Node }
  type Node { name(lang: String @constraint(minLength: 2, maxLength: 5)): String }
  input Where { email: String  age: Int @constraint(min: 0, max: 150)  inner: Where  or: [Where!] }
  type Mutation { signup(email: String!, age: Int): Boolean }
`

const rules: InputValidationOptions['graphql'] = {
  'Query.node.email': 'email',
  'Query.node.id': { format: 'uuid' },
  'Where.email': 'email',
  'Mutation.signup.email': 'email',
}

const register =
  (options: InputValidationOptions = {}) =>
  (app: FastifyInstance): void => {
    void app.register(kernel, { environment: 'test' })
    void app.register(depthLimit)
    void app.register(inputValidation, { graphql: rules, ...options })
  }

interface Issue {
  readonly path: string
  readonly code: string
  readonly message: string
}

function issuesOf(body: string): readonly Issue[] {
  const parsed = JSON.parse(body) as unknown
  const [first] = [parsed].flat() as { errors?: { extensions?: { issues?: Issue[] } }[] }[]
  return first?.errors?.[0]?.extensions?.issues ?? []
}

const HONEST = {
  query:
    'query ($e: String, $w: Where) { node(email: $e, id: "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b", tags: "a") { name(lang: "en") } find(where: $w) { name } }',
  variables: { e: 'ada@example.com', w: { email: 'ada@example.com', age: 36, or: [{ age: 0 }] } },
}

const HOSTILE: readonly [
  string,
  { query: string; variables?: Record<string, unknown> },
  [string, string][],
][] = [
  ['a literal', { query: '{ node(email: "nobody") { name } }' }, [['/node/email', 'INVALID_EMAIL']]],
  [
    'a variable',
    { query: 'query ($e: String) { node(email: $e) { name } }', variables: { e: 'nobody' } },
    [['/node/email', 'INVALID_EMAIL']],
  ],
  [
    'the default of a variable',
    { query: 'query ($e: String = "nobody") { node(email: $e) { name } }' },
    [['/node/email', 'INVALID_EMAIL']],
  ],
  ['a field within', { query: '{ node { name(lang: "e") } }' }, [['/name/lang', 'TOO_SHORT']]],
  [
    'a field through fragments',
    {
      query:
        '{ ...A } fragment A on Query { node { ...B } } fragment B on Node { ... { name(lang: "english") } }',
    },
    [['/name/lang', 'TOO_LONG']],
  ],
  ['an alias', { query: '{ email: node(email: "nobody") { name } }' }, [['/node/email', 'INVALID_EMAIL']]],
  [
    'an input object within a literal',
    { query: '{ find(where: { inner: { or: [{ age: 5 }, { age: 151, email: "x" }] } }) { name } }' },
    [
      ['/find/where/inner/or/1/age', 'TOO_BIG'],
      ['/find/where/inner/or/1/email', 'INVALID_EMAIL'],
    ],
  ],
  [
    'an input object within a variable',
    {
      query: 'query ($w: Where) { find(where: $w) { name } }',
      variables: { w: { inner: { or: [{ age: 5 }, { age: -1 }] } } },
    },
    [['/find/where/inner/or/1/age', 'TOO_SMALL']],
  ],
  [
    'a variable within a literal',
    { query: 'query ($a: Int) { find(where: { inner: { age: $a } }) { name } }', variables: { a: 151 } },
    [['/find/where/inner/age', 'TOO_BIG']],
  ],
  [
    'a variable that is an object of a list',
    { query: 'query ($w: Where!) { find(all: [{ age: 1 }, $w]) { name } }', variables: { w: { age: 151 } } },
    [['/find/all/1/age', 'TOO_BIG']],
  ],
  [
    'one that stands for a list',
    { query: '{ node(tags: "A") { name } }' },
    [['/node/tags/0', 'INVALID_PATTERN']],
  ],
  [
    'too many of a list',
    { query: '{ node(tags: ["a", "b", "c"]) { name } }' },
    [['/node/tags', 'TOO_MANY_ITEMS']],
  ],
  [
    'a NUL in a literal',
    { query: String.raw`{ find(where: { email: "a\u0000@example.com" }) { name } }` },
    [['/find/where/email', 'NUL']],
  ],
  [
    'several at once',
    { query: '{ node(email: "x", id: "y") { name(lang: "e") } }' },
    [
      ['/node/email', 'INVALID_EMAIL'],
      ['/node/id', 'INVALID_UUID'],
      ['/name/lang', 'TOO_SHORT'],
    ],
  ],
]

describe.each(SERVERS)('$name', (server) => {
  describe.each(server.doors)('through %s', (door) => {
    it('refuses what an argument may not be before anything runs, and lets the honest one pass', async () => {
      const { resolvers, calls } = countingResolvers(['node', 'find'])
      const stored = Object.fromEntries(HOSTILE.map(([, { query }], index) => [`hostile${index}`, query]))
      const app = server.build({
        schema,
        resolvers,
        stored: { ...stored, honest: HONEST.query },
        register: register(),
      })
      for (const [index, [what, operation, expected]] of HOSTILE.entries()) {
        // Without a body for variables, there are none.
        if (door === 'application/graphql' && operation.variables !== undefined) continue
        const refused = await app.inject(requestThrough(door, operation, `hostile${index}`))
        expect([what, codeOf(refused.body)], refused.body).toEqual([what, 'BAD_USER_INPUT'])
        expect(refused.statusCode).toBe(400)
        const told = issuesOf(refused.body).map(({ path, code }) => [path, code])
        expect([what, told]).toEqual([what, expected])
        expect(refused.body).not.toContain('nobody')
      }
      expect(calls()).toBe(0)
      if (door !== 'application/graphql') {
        const honest = await app.inject(requestThrough(door, HONEST, 'honest'))
        expect([honest.statusCode, codeOf(honest.body)], honest.body).toEqual([200, undefined])
        expect(calls()).toBe(2)
      }
      await app.close()
    })
  })

  it('measures, and takes what a route allows', async () => {
    for (const options of [{ mode: 'measure' as const }, { graphql: {} }]) {
      const app = server.build({ schema, register: register(options) })
      const answer = await app.inject(requestThrough('post', { query: '{ node(email: "nobody") { name } }' }))
      expect([answer.statusCode, codeOf(answer.body)], answer.body).toEqual([200, undefined])
      await app.close()
    }
  })

  it('sees members that stand twice in the text of a request', async () => {
    const app = server.build({ schema, register: register() })
    const answer = await app.inject({
      method: 'POST',
      url: '/graphql',
      headers: { 'content-type': 'application/json' },
      payload: '{"query":"{ node { name } }","query":"{ node { name } }"}',
    })
    expect([answer.statusCode, codeOf(answer.body)], answer.body).toEqual([400, 'BAD_USER_INPUT'])
    await app.close()
  })

  it('does not boot with a rule for what is not there', async () => {
    const app = server.build({ schema, register: register({ graphql: { 'Mutation.signup.mail': 'email' } }) })
    await expect(app.ready()).rejects.toThrow(/Mutation\.signup\.mail/)
    await app.close()
  })
})

describe('a variable that is given in many places', () => {
  it('is looked at once', { timeout: 60_000 }, async () => {
    const server = SERVERS.find(({ name }) => name === 'hand-written')
    if (server === undefined) throw new Error('there is no hand-written server')
    const app = server.build({ schema, register: register() })
    const all = Array.from({ length: 3_000 }, () => ({ age: 151 }))
    const ask = async (fields: number): Promise<number> => {
      const query = `query ($all: [Where!]) { ${Array.from({ length: fields }, (_, i) => `f${i}: find(all: $all) { name }`).join(' ')} }`
      const started = performance.now()
      const answer = await app.inject(requestThrough('post', { query, variables: { all } }))
      expect(codeOf(answer.body)).toBe('BAD_USER_INPUT')
      return performance.now() - started
    }
    await ask(1)
    const single = await ask(1)
    // Looked at in each place, it would take eighteen times as long.
    expect(await ask(18)).toBeLessThan(single * 6 + 100)
    await app.close()
  })
})
