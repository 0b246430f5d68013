import { gzipSync, gunzipSync } from 'node:zlib'
import { Readable } from 'node:stream'
import Fastify from 'fastify'
import type { FastifyInstance, FastifySchema } from 'fastify'
import { Type } from 'typebox'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { email, inputValidation, validate } from '../src/index.ts'
import type { InputError, InputValidationOptions } from '../src/index.ts'

function serve(schema: FastifySchema, options: InputValidationOptions = {}): FastifyInstance {
  const app = Fastify()
  void app.register(inputValidation, options)
  app.post('/', { schema }, ({ body }) => body ?? null)
  return app
}

const post = async (app: FastifyInstance, payload: unknown) => {
  let issues: InputError['issues'] = []
  app.addHook('onError', async (_request, _reply, error) => {
    issues = (error as Partial<InputError>).issues ?? []
  })
  const answer = await app.inject({
    method: 'POST',
    url: '/',
    headers: { 'content-type': 'application/json' },
    payload: JSON.stringify(payload),
  })
  return { answer, issues }
}

describe('schemas that do not boot', () => {
  const BACKTRACKING = ['^(a+)+$', '^(a|a)*$', '^a*a*b$', String.raw`\s+$`, String.raw`^(\w+\s?)*$`, '(a*)b']
  it.each(BACKTRACKING)('an expression that can backtrack: %s', async (pattern) => {
    for (const body of [
      { type: 'object', properties: { a: { type: 'string', pattern } } },
      { type: 'object', patternProperties: { [pattern]: { type: 'string' } } },
      { type: 'object', definitions: { a: { type: 'string', pattern } } },
    ]) {
      await expect(serve({ body }).ready()).rejects.toThrow(/POST \/, schema of body.*can backtrack/)
    }
  })

  it.each<[string, object, RegExp]>([
    ['an expression that is none', { type: 'string', pattern: '(' }, /is none with the flag u/],
    ['a keyword that is not known', { type: 'string', maxLenght: 5 }, /maxLenght/],
    ['a format that is not known', { type: 'string', format: 'emial' }, /emial/],
    [
      'a format beside a type it does not look at',
      { type: 'string', format: 'positiveInt' },
      /let everything pass/,
    ],
    ['a format without a type', { properties: { a: { format: 'email' } } }, /let everything pass/],
    ['what is no schema', { name: { type: 'string' } }, /what it is for/],
    ['a reference to nothing', { $ref: 'nothing#' }, /nothing/],
  ])('%s', async (_what, body, says) => {
    await expect(serve({ body }).ready()).rejects.toThrow(says)
  })

  it.each(['^[a-z]+$', String.raw`^\d{3}-\d{4}$`, String.raw`^(?=.*[A-Z])(?=.*\d).{8,20}$`, '^[^@]+@[^@]+$'])(
    'others do: %s',
    async (pattern) => {
      await serve({ body: { type: 'string', pattern } }).ready()
    },
  )
})

describe('objects take no members but those they name', () => {
  const named = { type: 'object', properties: { a: { type: 'integer' } } }
  const other = { type: 'object', properties: { b: { type: 'integer' } } }
  it.each<[string, object, unknown, number]>([
    ['those of all parts', { allOf: [named, other] }, { a: 1, b: 2 }, 200],
    ['and no others', { allOf: [named, other] }, { a: 1, c: 2 }, 400],
    ['those of one alternative', { anyOf: [named, other] }, { b: 2 }, 200],
    ['within', { type: 'object', properties: { x: named } }, { x: { a: 1, c: 2 } }, 400],
    ['in an array', { type: 'array', items: named }, [{ a: 1 }, { c: 2 }], 400],
    ['through a reference', { $ref: '#/definitions/n', definitions: { n: named } }, { c: 1 }, 400],
    ['unless they say so', { ...named, additionalProperties: true }, { a: 1, c: 2 }, 200],
    ['or name none', { type: 'object' }, { c: 2 }, 200],
  ])('%s', async (_what, body, payload, status) => {
    expect((await post(serve({ body }), payload)).answer.statusCode).toBe(status)
  })
})

describe('schemas of others', () => {
  it('TypeBox', async () => {
    const body = Type.Object({
      n: Type.Integer(),
      tag: Type.Optional(Type.Union([Type.Literal('a'), Type.Null()])),
    })
    expect((await post(serve({ body }), { n: 7, tag: 'a' })).answer.json()).toEqual({ n: 7, tag: 'a' })
    const { issues } = await post(serve({ body }), { n: '7', more: 1 })
    expect(issues.map(({ code }) => code).toSorted()).toEqual(['INVALID_TYPE', 'UNKNOWN_KEY'])
  })

  it('Zod, with what it makes of the value, and one that answers later', async () => {
    const body = z.strictObject({ name: z.string().trim(), n: z.number().refine(async (n) => n > 1) })
    expect((await post(serve({ body }), { name: ' a ', n: 2 })).answer.json()).toEqual({ name: 'a', n: 2 })
    const { answer, issues } = await post(serve({ body }), { name: 5, n: 'secret-4711', more: 'secret-4711' })
    expect(answer.statusCode).toBe(400)
    expect(issues.map(({ path }) => path)).toEqual(expect.arrayContaining(['/body/name', '/body/n']))
    expect(answer.body).not.toContain('secret')
    expect(() => validate(body, { name: 'a', n: 1 })).toThrow(/answers later/)
    expect(validate(z.string(), 5).issues).toEqual([
      { path: '', code: 'INVALID_TYPE', message: 'Invalid value format' },
    ])
  })
})

describe('what comes another way', () => {
  const body = { type: 'object', properties: { n: { type: 'integer' } } }

  it('a body that a hook puts in place is judged', async () => {
    const app = serve({ body })
    app.addHook('preValidation', async (request) => {
      request.body = { n: '7' }
    })
    const { answer } = await post(app, { n: 7 })
    expect([answer.statusCode, answer.json().code]).toEqual([400, 'BAD_USER_INPUT'])
  })

  it('a body of a parser that answers nothing is refused', async () => {
    const app = serve({ body })
    app.addContentTypeParser('multipart/form-data', (_request, _payload, done) => done(null))
    const headers = { 'content-type': 'multipart/form-data; boundary=a' }
    const answer = await app.inject({ method: 'POST', url: '/', headers, payload: '--a--' })
    expect([answer.statusCode, answer.json().code]).toEqual([400, 'BAD_USER_INPUT'])
  })

  it('a body whose text nobody saw is refused, unless that is allowed', async () => {
    for (const [allow, status] of [
      [[], 415],
      [['duplicateKeys'], 200],
    ] as const) {
      const app = serve({ body }, { allow })
      app.addHook('preParsing', async (_request, _reply, payload) => {
        const chunks: Buffer[] = []
        for await (const chunk of payload) chunks.push(chunk as Buffer)
        return Object.assign(Readable.from([gunzipSync(Buffer.concat(chunks))]), {
          receivedEncodedLength: Buffer.concat(chunks).length,
        })
      })
      const payload = gzipSync('{"n":7}')
      const headers = { 'content-type': 'application/json' }
      const answer = await app.inject({ method: 'POST', url: '/', headers, payload })
      expect(answer.statusCode, answer.body).toBe(status)
    }
  })

  it('measure mode reports, and Fastify does as without the gate', async () => {
    const app = serve({ body }, { mode: 'measure' })
    await app.ready()
    const outcomes: string[] = []
    app.securityEvents.subscribe(({ type, outcome }) => void outcomes.push(`${type} ${outcome}`))
    const answer = await app.inject({ method: 'POST', url: '/', payload: { n: '7' } })
    expect(answer.json()).toEqual({ n: 7 })
    expect(outcomes).toEqual(['input.rejected measured'])
  })

  it('many unique items take no longer than their number', () => {
    const schema = { type: 'array', uniqueItems: true }
    const items = Array.from({ length: 10_000 }, (_, a) => ({ a, b: [a] }))
    const started = performance.now()
    expect(validate(schema, items).ok).toBe(true)
    expect(
      validate(schema, [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ]).ok,
    ).toBe(false)
    expect(performance.now() - started).toBeLessThan(2_000)
  })

  it('messages are those of the app', () => {
    const messages = { email: 'No address: {name}', REQUIRED: '{Name}?' }
    const schema = { type: 'object', required: ['b'], properties: { workEmail: email(), b: {} } }
    const { issues } = validate(schema, { workEmail: 'x' }, { messages })
    expect(issues.map(({ message }) => message).toSorted()).toEqual(['B?', 'No address: work email'])
  })
})
