import kernel from '@portcullis/kernel'
import piiMasking from '@portcullis/pii-masking'
import type { PiiMaskingOptions } from '@portcullis/pii-masking'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyReply, FastifyRequest, InjectOptions } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'

const SSN = '123-45-6789'
const EMAIL = 'ada.lovelace@example.com'
const LEAK = /123-?45-?6789|ada\.lovelace/
const byRole = { US_SOCIAL_SECURITY_NUMBER: { admin: 'raw', '*': 'partial' } } as const
const ssn = { type: 'string', 'x-data-classification': 'US_SSN' }
const text = { type: 'string' }

let app: FastifyInstance | undefined
afterEach(() => app?.close())

function serve(options: PiiMaskingOptions = {}, fastify: object = {}): FastifyInstance {
  app = Fastify(fastify)
  void app.register(kernel, {
    environment: 'development',
    identify: ({ headers: { role } }) => (typeof role === 'string' ? { id: '1', roles: [role] } : null),
  })
  void app.register(piiMasking, options)
  return app
}

type Answer = (request: FastifyRequest, reply: FastifyReply) => unknown

function answering(answer: unknown, response?: object, options: PiiMaskingOptions = {}): FastifyInstance {
  const one = serve(options)
  const handler = typeof answer === 'function' ? (answer as Answer) : () => answer
  const schema = response === undefined ? {} : { response: { 200: response } }
  one.get('/', { schema }, async (request, reply) => handler(request, reply))
  return one
}

const bodyOf = async (one: FastifyInstance, options: InjectOptions = {}): Promise<string> =>
  (await one.inject({ url: '/', ...options })).body

const objectOf = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more })

describe('response schemas in which a classification could get lost', () => {
  it.each<[string, object, unknown]>([
    [
      'a definition with an $id of its own',
      objectOf({ a: { $ref: '#tax' } }, { definitions: { tax: { $id: '#tax', ...ssn } } }),
      { a: SSN },
    ],
    [
      'a definition deep inside',
      objectOf({ a: { $ref: '#/$defs/p' } }, { $defs: { p: objectOf({ tax: ssn }) } }),
      { a: { tax: SSN } },
    ],
    [
      'a $ref chain',
      objectOf({ a: { $ref: '#/$defs/one' } }, { $defs: { one: { $ref: '#/$defs/two' }, two: ssn } }),
      { a: SSN },
    ],
    [
      'alternatives of which the first classifies another kind, that is shown',
      objectOf({ a: { anyOf: [{ ...text, 'x-data-classification': 'PERSON_NAME' }, ssn] } }),
      { a: SSN },
    ],
    [
      'alternatives of which the last classifies another kind, that is shown',
      objectOf({ a: { anyOf: [ssn, { ...text, 'x-data-classification': 'PERSON_NAME' }] } }),
      { a: SSN },
    ],
    [
      'branches whose members disagree',
      {
        type: 'object',
        oneOf: [objectOf({ a: { ...text, 'x-data-classification': 'PERSON_NAME' } }), objectOf({ a: ssn })],
      },
      { a: SSN },
    ],
    [
      'a condition',
      {
        type: 'object',
        properties: { kind: text },
        if: { properties: { kind: { const: 'p' } } },
        ...Object.fromEntries(['then', 'else'].map((branch) => [branch, objectOf({ kind: text, tax: ssn })])),
      },
      { kind: 'p', tax: SSN },
    ],
    ['patternProperties', { type: 'object', patternProperties: { '^t': ssn } }, { tax: SSN }],
    ['items', { type: 'array', items: { anyOf: [ssn, { type: 'number' }] } }, [SSN]],
    ['tuples', { type: 'array', items: [text, ssn] }, ['x', SSN]],
    ['arrays in arrays', { type: 'array', items: { type: 'array', items: ssn } }, [[SSN]]],
    [
      'itself',
      objectOf({ tax: ssn, next: { $ref: '#' } }),
      { tax: SSN, next: { tax: SSN, next: { tax: SSN } } },
    ],
    ['a nullable one', objectOf({ tax: { ...ssn, type: ['string', 'null'] } }), { tax: SSN }],
    ['no type at all', { properties: { tax: { 'x-data-classification': 'US_SSN' } } }, { tax: SSN }],
  ])('%s', async (_name, schema, answer) => {
    const policy = { PERSON_NAME: 'raw' } as const
    expect(await bodyOf(answering(answer, schema, { policy }))).not.toMatch(LEAK)
  })

  it.each([
    ['no name', {}],
    ['a title that is a sentence', { title: 'A registered customer' }],
    ['an address as $id', { $id: 'https://example.com/schemas/user.json' }],
  ])('%s: a type that nobody knows is masked by names', async (_name, more) => {
    const options = { classify: { 'User.email': 'EMAIL_ADDRESS' } }
    expect(await bodyOf(answering({ email: EMAIL }, objectOf({ email: text }, more), options))).not.toMatch(
      LEAK,
    )
  })

  it('both its title and its $id name a type', async () => {
    const options = { classify: { 'User.email': 'EMAIL_ADDRESS' } }
    const schema = objectOf({ email: text }, { $id: 'User', title: 'Customer' })
    expect(await bodyOf(answering({ email: EMAIL }, schema, options))).not.toMatch(LEAK)
  })

  it('statuses by class and by default, and one that is not declared', async () => {
    const one = serve()
    one.get<{ Querystring: { status: string } }>(
      '/',
      { schema: { response: { '2XX': objectOf({ tax: ssn }), default: objectOf({ tax: ssn }) } } },
      async ({ query }, reply) => reply.code(Number(query.status)).send({ tax: SSN }),
    )
    for (const status of [200, 201, 400, 418, 503]) {
      expect(await bodyOf(one, { query: { status: String(status) } })).not.toMatch(LEAK)
    }
  })
})

describe('ways out', () => {
  const json = 'application/json; charset=utf-8'
  const written = JSON.stringify({ deep: [{ ssn: SSN }] })

  it.each<[string, Answer]>([
    ['JSON written as a string without a type', () => written],
    ['JSON with a byte order mark', (_request, reply) => reply.type(json).send(`\uFEFF${written}`)],
    [
      'bytes with a byte order mark',
      (_request, reply) => reply.type(json).send(Buffer.from(`\uFEFF${written}`)),
    ],
    ['JSON that browsers must not run', (_request, reply) => reply.type(json).send(`)]}',\n${written}`)],
    [
      'JSON in another encoding',
      (_request, reply) =>
        reply.type('application/json; charset=utf-16le').send(Buffer.from(written, 'utf16le')),
    ],
    [
      'lines of JSON under the type of one',
      (_request, reply) => reply.type(json).send(`${written}\n${written}\n`),
    ],
    ['a member written twice', (_request, reply) => reply.type(json).send(`{"ssn":"${SSN}","ssn":null}`)],
    [
      'a serializer of the handler',
      (_request, reply) =>
        reply
          .type('text/plain')
          .serializer((value: unknown) => JSON.stringify(value))
          .send({ ssn: SSN }),
    ],
    ['reply.serialize', (_request, reply) => reply.type(json).send(reply.serialize({ ssn: SSN }))],
    ['a vendor type', (_request, reply) => reply.type('application/vnd.api+json').send(written)],
    ['a class with toJSON', () => ({ toJSON: () => ({ ssn: SSN }) })],
    ['toJSON in toJSON', () => ({ row: { toJSON: () => [{ toJSON: () => ({ ssn: SSN }) }] } })],
    [
      'a getter of a class',
      () =>
        new (class {
          get row() {
            return null
          }
          ssn = SSN
        })(),
    ],
    ['an error as a value', () => ({ error: Object.assign(new Error('x'), { ssn: SSN }) })],
    ['keys of what is classified', () => ({ ssn: { [SSN]: true } })],
    ['numbers', () => ({ ssn: 123456789 })],
    ['a list', () => ({ ssn: [SSN, [SSN]] })],
    ['a text object', () => ({ ssn: Object(SSN) as unknown })],
    ['bytes', () => ({ ssn: new TextEncoder().encode(SSN), n: Buffer.from(SSN).length })],
    ['a number at the end of the name', () => ({ ssn1: SSN, ssn_2: SSN, password2: EMAIL, card: 1 })],
    ['a key padded with blanks', () => ({ [`ssn${' '.repeat(200)}`]: SSN })],
    ['a key with zero-width characters', () => ({ 's\u200Bs\u200Dn': SSN, 'ss\u00ADn': SSN })],
    ['full-width, small and mathematical letters', () => ({ ＳＳＮ: SSN, 𝐬𝐬𝐧: SSN, ˢˢⁿ: SSN })],
  ])('%s', async (_name, answer) => {
    expect(await bodyOf(answering(answer))).not.toMatch(LEAK)
  })

  it('hooks that answer, of any stage, and routes that are not there', async () => {
    const one = serve()
    one.addHook('onRequest', async (request, reply) => {
      if (request.headers['x-stage'] === 'onRequest') return reply.code(401).send({ ssn: SSN })
      return undefined
    })
    one.setNotFoundHandler((_request, reply) => reply.code(404).send({ ssn: SSN }))
    one.get('/', { preHandler: async (_request, reply) => reply.send({ ssn: SSN }) }, () => ({}))
    const answers = await Promise.all([
      bodyOf(one),
      bodyOf(one, { headers: { 'x-stage': 'onRequest' } }),
      bodyOf(one, { url: '/nowhere' }),
    ])
    expect(answers.join()).not.toMatch(LEAK)
    expect(answers.every((body) => body.includes('6789'))).toBe(true)
  })

  it('an error after the answer was masked is masked as well', async () => {
    const one = serve()
    one.setErrorHandler((_error, _request, reply) =>
      reply
        .code(500)
        .type(json)
        .send(JSON.stringify({ given: { ssn: SSN } })),
    )
    one.get('/', { preSerialization: () => Promise.reject(new Error('late')) }, () => ({ ok: true }))
    const { statusCode, body } = await one.inject('/')
    expect([statusCode, LEAK.test(body)]).toEqual([500, false])
  })

  it('a HEAD answer says no length that the masked one has not', async () => {
    const one = answering({ ssn: SSN })
    const head = await one.inject({ method: 'HEAD', url: '/' })
    expect(head.headers['content-length']).toBe(String((await bodyOf(one)).length))
  })

  it('an error handler of the app keeps its format for refused answers', async () => {
    const one = serve({ policy: { US_SOCIAL_SECURITY_NUMBER: 'reject' } })
    one.setErrorHandler((error, _request, reply) =>
      reply.code(403).send({ own: (error as { code?: string }).code }),
    )
    one.get('/', () => ({ ssn: SSN }))
    const { statusCode, body } = await one.inject('/')
    expect([statusCode, body]).toEqual([403, '{"own":"PII_FIELD_FORBIDDEN"}'])
  })
})

describe('what is told of an answer that cannot be read', () => {
  it('JSON that is none is refused or, where the route says so, reported', async () => {
    const one = serve()
    const broken = (_request: unknown, reply: FastifyReply) => reply.type('application/json').send('{"ssn":')
    one.get('/', broken)
    one.get('/report', { config: { piiMasking: { unmaskable: 'report' } } }, broken)
    expect((await one.inject('/')).json()).toMatchObject({ code: 'PII_EXIT_UNCLASSIFIED' })
    expect(await bodyOf(one, { url: '/report' })).toBe('{"ssn":')
  })
})

describe('values nobody expects', () => {
  it.each<[string, () => unknown]>([
    [
      'a getter that throws',
      () => ({
        get bad(): string {
          throw new Error('no')
        },
        ssn: SSN,
      }),
    ],
    [
      'a proxy that was revoked',
      () => {
        const { proxy, revoke } = Proxy.revocable({}, {})
        revoke()
        return { proxy, ssn: SSN }
      },
    ],
    [
      'a proxy that lies about its keys',
      () => ({
        p: new Proxy(
          {},
          {
            ownKeys: () => {
              throw new Error('no')
            },
          },
        ),
        ssn: SSN,
      }),
    ],
    [
      'a value that holds itself',
      () => {
        const value: Record<string, unknown> = { ssn: SSN }
        value['me'] = [value]
        return value
      },
    ],
    [
      '100,000 levels',
      () => {
        let value: unknown = { ssn: SSN }
        for (let i = 0; i < 100_000; i++) value = [value]
        return value
      },
    ],
    [
      'symbols, functions, NaN, Dates that are none',
      () => ({ [Symbol('ssn')]: SSN, f: () => SSN, n: Number.NaN, d: new Date(Number.NaN), ssn: SSN }),
    ],
  ])('%s', async (_name, make) => {
    const one = answering(make)
    const { statusCode, body } = await one.inject('/')
    expect([statusCode, LEAK.test(body)]).toEqual([200, false])
  })

  it('text objects look as JSON has them', async () => {
    expect(await bodyOf(answering({ a: Object('x'), b: Object(1), c: Object(true) }))).toBe(
      '{"a":"x","b":1,"c":true}',
    )
  })
})

describe('policies', () => {
  it('a coordinate of one type opens no name of another where the type is not known', async () => {
    const options: PiiMaskingOptions = {
      classify: { 'Employee.ssn': 'US_SSN', 'Fiction.ssn': 'US_SSN' },
      policy: { 'Fiction.ssn': 'raw', 'Employee.ssn': 'partial' },
    }
    expect(await bodyOf(answering({ ssn: SSN }, undefined, options))).not.toMatch(LEAK)
  })

  it('a rule of a route for a coordinate that nothing has does not boot', async () => {
    const one = serve({ classify: { 'User.email': 'EMAIL_ADDRESS' } })
    one.get('/', { config: { piiMasking: { policy: { 'User.mail': 'remove' } } } }, () => ({}))
    await expect(one.ready()).rejects.toThrow("policy['User.mail']")
  })

  it('a route cannot ask for hashes without a key', async () => {
    const one = serve()
    one.get('/', { config: { piiMasking: { fallback: 'hash' } } }, () => ({}))
    await expect(one.ready()).rejects.toThrow('hashKey')
  })

  it('an inner registration does not forget what an outer one classifies', async () => {
    const one = serve({ classify: { email: 'EMAIL_ADDRESS' } })
    void one.register(async (scope) => {
      void scope.register(piiMasking, { policy: byRole })
      scope.get('/', () => ({ email: EMAIL, ssn: SSN }))
    })
    expect(await bodyOf(one)).not.toMatch(LEAK)
  })

  it.each(['guest', '*', '__proto__', 'constructor', 'ADMIN'])(
    'the role %s is no administrator',
    async (role) => {
      expect(
        await bodyOf(answering({ ssn: SSN }, undefined, { policy: byRole }), { headers: { role } }),
      ).not.toMatch(LEAK)
    },
  )
})
