import depthLimit from '@portcullis/depth-limit'
import inputValidation, { email, positiveInt, uuid, validate } from '@portcullis/input-validation'
import kernel, { errorHandler } from '@portcullis/kernel'
import Fastify from 'fastify'
import type { FastifyInstance, InjectOptions } from 'fastify'
import { describe, expect, it } from 'vitest'
import { codeOf, requestThrough, SERVERS } from '../doors/servers.ts'
import { accept, messageOf, verdictOf } from './acceptance.ts'
import { blockMarkup, matchEmail, parseUuid, signUp, validateUserId } from './flawed/validate-input.ts'

const UUID7 = '0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b'
const UUID4 = '9b2b0c1e-8a4d-4c3b-9f5e-2d1c0b9a8f7e'

const honest: InjectOptions = { url: '/' }

/** An app with a route for one body. */
const takes =
  (properties: Readonly<Record<string, object>>, required: readonly string[] = []) =>
  (withGate: boolean): FastifyInstance => {
    const app = Fastify()
    void app.register(kernel, { environment: 'test' })
    if (withGate) void app.register(inputValidation)
    // Fastify alone does not know the formats of ours.
    else app.setValidatorCompiler(() => () => true)
    app.get('/', () => 'ok')
    app.post('/', { schema: { body: { type: 'object', required, properties } } }, () => ({}))
    return app
  }

const post = (payload: object): InjectOptions => ({ method: 'POST', url: '/', payload })

async function expectEach(
  app: FastifyInstance,
  name: string,
  values: readonly unknown[],
  status: number,
): Promise<void> {
  for (const value of values) {
    const answer = await app.inject(post({ [name]: value }))
    expect([value, answer.statusCode], answer.body).toEqual([value, status])
  }
}

describe('F4: a validation result', () => {
  const text = 'Use <b> for bold, as in <i>this</i>; once=more'

  it('the flaw: harmless text is refused', () => expect(blockMarkup(text)).toBe(false))

  it('lists every issue, with path, code and message, and without the value', () => {
    const schema = {
      type: 'object',
      required: ['name'],
      properties: { email: email(), age: { type: 'integer' }, name: { type: 'string' } },
    }
    const { ok, issues } = validate(schema, { email: 'nobody', age: '7', role: 'admin' })
    expect(ok).toBe(false)
    expect(issues.toSorted((a, b) => (a.code < b.code ? -1 : 1))).toEqual([
      { path: '/email', code: 'INVALID_EMAIL', message: 'Invalid email format' },
      { path: '/age', code: 'INVALID_TYPE', message: 'Invalid age format' },
      { path: '/name', code: 'REQUIRED', message: 'Name is required' },
      { path: '', code: 'UNKNOWN_KEY', message: 'There is a member that is not known here' },
    ])
  })

  accept('is made for each request, and harmless text passes', {
    build: takes({ text: { type: 'string' }, count: { type: 'integer' } }),
    honest,
    async assert(app) {
      expect((await app.inject(post({ text }))).statusCode).toBe(200)
      const refused = await app.inject(post({ count: '7', more: true }))
      expect(verdictOf(refused)).toEqual([400, 'BAD_USER_INPUT'])
      expect(messageOf(refused)).toContain('/body/count: Invalid count format')
      expect(messageOf(refused)).toContain('/body: There is a member that is not known here')
    },
  })
})

const NO_UUID = [
  `{${UUID4}}`,
  `urn:uuid:${UUID4}`,
  UUID4.replaceAll('-', ''),
  ` ${UUID4}`,
  `${UUID4}\n`,
  UUID4.replace('-4c', '-0c'),
  UUID4.replace('-9f', '-cf'),
  '00000000-0000-0000-0000-000000000000',
  '',
]

describe('F5: a UUID', () => {
  it('the flaw: other spellings of one are taken', () => {
    expect(NO_UUID.slice(0, 3).map((one) => parseUuid(one))).toEqual([true, true, true])
  })

  accept('is taken in the form of RFC 9562 alone, of the versions that are asked for', {
    build: takes({ userId: uuid(), newId: uuid({ versions: [7] }) }),
    honest,
    async assert(app) {
      await expectEach(app, 'userId', [UUID4, UUID7, UUID4.toUpperCase()], 200)
      await expectEach(app, 'userId', NO_UUID, 400)
      await expectEach(app, 'newId', [UUID7], 200)
      await expectEach(app, 'newId', [UUID4], 400)
      expect(messageOf(await app.inject(post({ userId: 'x' })))).toBe('/body/userId: Invalid user ID format')
    },
  })
})

const NO_EMAIL = [
  'a@b..com',
  '..a@b.com',
  'a..b@b.com',
  'a.@b.com',
  `${'a'.repeat(300)}@b.com`,
  `${'a'.repeat(65)}@b.com`,
  `a@${'b.'.repeat(130)}com`,
  'a@-b.com',
  'a@b',
  'a b@c.com',
  'a@b.com\n',
  '"a b"@c.com',
  'a@b@c.com',
  '@b.com',
  'a@',
]
const EMAIL = [
  "o'brien@example.com",
  'ada@xn--bcher-kva.example',
  'ada@bücher.example',
  'ada@例え.テスト',
  'a+b@example.xn--p1ai',
  `${'a'.repeat(64)}@b.com`,
]

describe('F6: an email address', () => {
  it('the flaw: addresses that are none are taken, and others are not', () => {
    expect(['a@b..com', '..a@b.com', `${'a'.repeat(300)}@b.com`].map((one) => matchEmail(one))).toEqual([
      true,
      true,
      true,
    ])
    expect(
      ["o'brien@example.com", 'ada@bücher.example', 'ada@example.xn--p1ai'].map((one) => matchEmail(one)),
    ).toEqual([false, false, false])
  })

  accept('is taken as HTML takes it, within 64 and 254 octets, with international domains', {
    build: takes({ email: email() }),
    honest,
    async assert(app) {
      await expectEach(app, 'email', EMAIL, 200)
      await expectEach(app, 'email', NO_EMAIL, 400)
      expect(messageOf(await app.inject(post({ email: 'x' })))).toBe('/body/email: Invalid email format')
    },
  })
})

describe('F7: arguments', () => {
  it('the flaw: only the first thing that is wrong is told, as an error of the server', () => {
    expect(() => signUp({ email: 'x', userId: 'y' })).toThrow(/^Invalid email format$/)
  })

  describe.each(SERVERS)('$name', (server) => {
    let ran = 0
    accept('are validated before any resolver works, all at once, with BAD_USER_INPUT', {
      build: (withGate) =>
        server.build({
          schema: 'type Query { ok: Boolean  signup(email: String, userId: ID): Boolean }',
          resolvers: { Query: { signup: () => ((ran += 1), true), ok: () => true } },
          register(app) {
            ran = 0
            void app.register(kernel, { environment: 'test' })
            void app.register(depthLimit)
            if (withGate)
              void app.register(inputValidation, {
                graphql: { 'Query.signup.email': 'email', 'Query.signup.userId': uuid() },
              })
          },
        }),
      honest: requestThrough('post', { query: '{ ok }' }),
      async assert(app) {
        const query = '{ signup(email: "x", userId: "y") }'
        for (const door of server.doors.filter((one) => !['prepared', 'hash', 'batch'].includes(one))) {
          const refused = await app.inject(requestThrough(door, { query }))
          expect([refused.statusCode, codeOf(refused.body)], refused.body).toEqual([400, 'BAD_USER_INPUT'])
          expect(refused.body).toContain('Invalid email format')
          expect(refused.body).toContain('Invalid user ID format')
        }
        expect(ran).toBe(0)
      },
    })
  })
})

describe('M14: a user id', () => {
  it('the flaw: the message of a number that is not positive is swallowed', () => {
    expect(() => validateUserId('-1')).toThrow('Invalid user ID format')
  })

  accept('reports each failed check with its own message', {
    build: takes({ userId: positiveInt() }),
    honest,
    async assert(app) {
      await expectEach(app, 'userId', [1, 2 ** 31], 200)
      const said = async (userId: unknown) => messageOf(await app.inject(post({ userId })))
      expect(await said(-1)).toBe('/body/userId: User ID must be positive')
      expect(await said(0)).toBe('/body/userId: User ID must be positive')
      expect(await said('1')).toBe('/body/userId: Invalid user ID format')
      expect(await said(1.5)).toBe('/body/userId: Invalid user ID format')
    },
  })
})

describe('M27: errors', () => {
  const message = "duplicate key value violates 'users_email_key': (ada@example.com) at /srv/app/db.ts"

  accept('expose nothing of what happened inside', {
    build(withGate) {
      const app = Fastify()
      void app.register(kernel, { environment: 'production' })
      if (withGate) app.setErrorHandler(errorHandler)
      app.get('/', () => 'ok')
      app.get('/fails', () => Promise.reject(new Error(message)))
      return app
    },
    honest,
    async assert(app) {
      const answer = await app.inject('/fails')
      expect(answer.statusCode).toBe(500)
      expect(answer.body).not.toMatch(/users_email_key|ada@example|\/srv/)
      expect(answer.json()).toMatchObject({
        code: 'INTERNAL_SERVER_ERROR',
        requestId: answer.headers['x-request-id'],
      })
    },
  })
})
