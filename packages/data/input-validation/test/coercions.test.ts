import Fastify from 'fastify'
import type { FastifyInstance, InjectOptions } from 'fastify'
import { describe, expect, it } from 'vitest'
import { inputValidation } from '../src/index.ts'

const TEXT = { type: 'string' } as const

/** The routes of an app, with and without the gate. */
function serve(withGate: boolean): FastifyInstance {
  const app = Fastify()
  if (withGate) void app.register(inputValidation)
  app.post(
    '/body',
    {
      schema: {
        body: {
          type: 'object',
          properties: {
            count: { type: 'integer' },
            ratio: { type: 'number' },
            name: TEXT,
            nothing: { type: 'null' },
            flag: { type: 'boolean' },
            tags: { type: 'array', items: TEXT },
            either: { anyOf: [{ type: 'integer' }, TEXT] },
            deep: {},
          },
          additionalProperties: false,
        },
      },
    },
    ({ body }) => body ?? null,
  )
  app.post('/open', { schema: { body: { type: 'object', properties: { name: TEXT } } } }, ({ body }) => body)
  app.post('/free', ({ body }) => body)
  app.get(
    '/query',
    {
      schema: {
        querystring: {
          type: 'object',
          properties: {
            n: { type: 'integer' },
            r: { type: 'number' },
            flag: { type: 'boolean' },
            q: TEXT,
            none: { type: 'null' },
          },
        },
      },
    },
    ({ query }) => query,
  )
  app.get(
    '/items/:n',
    { schema: { params: { type: 'object', properties: { n: { type: 'integer' } } } } },
    ({ params }) => params as object,
  )
  app.get(
    '/headers',
    { schema: { headers: { type: 'object', properties: { 'X-Page': { type: 'integer' } } } } },
    () => 'ok',
  )
  app.post(
    '/types',
    {
      schema: {
        body: {
          content: {
            'application/json': {
              schema: { type: 'object', required: ['name'], properties: { name: TEXT } },
            },
          },
        },
      },
    },
    ({ body }) => body ?? null,
  )
  return app
}

const body = (payload: string, url = '/body', type = 'application/json'): InjectOptions => ({
  method: 'POST',
  url,
  headers: { 'content-type': type },
  payload,
})

/** What Fastify as it comes lets through, though it is not what the schema says, or not what was sent. */
const SILENT: readonly [what: string, request: InjectOptions, code: string, path: string][] = [
  ['an array of one text as a number', body('{"count":["7"]}'), 'INVALID_TYPE', '/body/count'],
  ['true as 1', body('{"count":true}'), 'INVALID_TYPE', '/body/count'],
  ['a text as a number', body('{"count":"7"}'), 'INVALID_TYPE', '/body/count'],
  ['a text with an exponent as a number', body('{"count":"1e3"}'), 'INVALID_TYPE', '/body/count'],
  ['null as 0', body('{"count":null}'), 'INVALID_TYPE', '/body/count'],
  ['null as an empty text', body('{"name":null}'), 'INVALID_TYPE', '/body/name'],
  ['a number as a text', body('{"name":7}'), 'INVALID_TYPE', '/body/name'],
  ['an empty text as null', body('{"nothing":""}'), 'INVALID_TYPE', '/body/nothing'],
  ['0 as null', body('{"nothing":0}'), 'INVALID_TYPE', '/body/nothing'],
  ['1 as true', body('{"flag":1}'), 'INVALID_TYPE', '/body/flag'],
  ['a text as true', body('{"flag":"true"}'), 'INVALID_TYPE', '/body/flag'],
  ['a text as an array', body('{"tags":"a"}'), 'INVALID_TYPE', '/body/tags'],
  [
    'members that are not known, which are dropped',
    body('{"count":7,"role":"admin"}'),
    'UNKNOWN_KEY',
    '/body',
  ],
  [
    'members that are not known, of a schema that does not close itself',
    body('{"role":"admin"}', '/open'),
    'UNKNOWN_KEY',
    '/body',
  ],
  ['2^53 + 1, which is rounded', body('{"count":9007199254740993}'), 'UNSAFE_INTEGER', '/body/count'],
  ['a number beyond all numbers', body('{"ratio":1e999}', '/free'), 'UNSAFE_INTEGER', '/body/*'],
  ['a NUL', body('{"name":"a\\u0000b"}'), 'NUL', '/body/name'],
  ['a lone surrogate', body('{"name":"\\ud800"}'), 'LONE_SURROGATE', '/body/name'],
  ['a name that stands twice', body('{"name":"a","name":"b"}'), 'DUPLICATE_KEY', '/body/name'],
  ['the same, spelled otherwise', body('{"name":"a","n\\u0061me":"b"}'), 'DUPLICATE_KEY', '/body/name'],
  ['the same, where there is no schema', body('{"a":{"b":1,"b":2}}', '/free'), 'DUPLICATE_KEY', '/body/*/*'],
  [
    'more levels than anybody means',
    body(`{"deep":${'['.repeat(40)}${']'.repeat(40)}}`),
    'TOO_DEEP',
    `/body/deep${'/0'.repeat(31)}`,
  ],
  [
    'more items than anybody means',
    body(`{"deep":[${'1,'.repeat(10_000)}1]}`),
    'TOO_MANY_ITEMS',
    '/body/deep',
  ],
  ['a hexadecimal number in a query', { url: '/query?n=0x10' }, 'INVALID_TYPE', '/query/n'],
  ['spaces in a query as 0', { url: '/query?n=%20%20' }, 'INVALID_TYPE', '/query/n'],
  ['nothing in a query as null', { url: '/query?none=' }, 'INVALID_TYPE', '/query/none'],
  ['an exponent in a query', { url: '/query?n=1e3' }, 'INVALID_TYPE', '/query/n'],
  ['a sign in a query', { url: '/query?n=%2B7' }, 'INVALID_TYPE', '/query/n'],
  ['leading zeros in a query', { url: '/query?n=007' }, 'INVALID_TYPE', '/query/n'],
  ['2^53 + 1 in a query', { url: '/query?n=9007199254740993' }, 'INVALID_TYPE', '/query/n'],
  ['a fraction that ends in zeros in a query', { url: '/query?r=1.50' }, 'INVALID_TYPE', '/query/r'],
  ['a NUL in a query', { url: '/query?q=a%00b' }, 'NUL', '/query/q'],
  ['a parameter with an exponent', { url: '/items/1e3' }, 'INVALID_TYPE', '/params/n'],
  ['a parameter that begins with a space', { url: '/items/%207' }, 'INVALID_TYPE', '/params/n'],
  [
    'a header with an exponent',
    { url: '/headers', headers: { 'x-page': '1e3' } },
    'INVALID_TYPE',
    '/headers/x-page',
  ],
]

describe('what Fastify as it comes lets through', () => {
  const seen = new WeakMap<FastifyInstance, unknown[]>()
  const issuesOf = (app: FastifyInstance): unknown[] => seen.get(app) ?? []
  const stock = serve(false)
  const strict = serve(true)

  it.each(SILENT)('%s', async (_what, request, code, path) => {
    expect((await stock.inject(request)).statusCode).toBe(200)
    const refused = await strict.inject(request)
    expect(refused.statusCode).toBe(400)
    expect(refused.json()).toMatchObject({ code: 'BAD_USER_INPUT' })
    const { message } = refused.json<{ message: string }>()
    expect(message).toContain(`${path}: `)
    expect(issuesOf(strict)).toContainEqual(expect.objectContaining({ path, code }))
  })

  it.each([
    ['a type without a schema', body('x', '/types', 'text/plain')],
    ['a type without a schema, with parameters', body('x', '/types', 'text/plain; charset=utf-8')],
  ])('%s, whose schema it then skips', async (_what, request) => {
    expect((await stock.inject(request)).statusCode).toBe(200)
    const refused = await strict.inject(request)
    expect([refused.statusCode, refused.json().code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE'])
  })

  it('no body where a schema is for one, by media type', async () => {
    const request: InjectOptions = { method: 'POST', url: '/types' }
    expect((await stock.inject(request)).statusCode).toBe(200)
    expect((await strict.inject(request)).json()).toMatchObject({ statusCode: 400, code: 'BAD_USER_INPUT' })
  })

  it('a text that is one alternative of two is not made the other', async () => {
    const request = body('{"either":"7"}')
    expect((await stock.inject(request)).json()).toEqual({ either: 7 })
    expect((await strict.inject(request)).json()).toEqual({ either: '7' })
  })

  strict.addHook('onError', async (_request, _reply, error) => {
    seen.set(strict, [...((error as { issues?: readonly unknown[] }).issues ?? [])])
  })
})

describe('what is as the schema says', () => {
  it.each<[string, InjectOptions, unknown]>([
    [
      'a body',
      body('{"count":7,"ratio":0.5,"name":"\\ud83d\\ude00","flag":true,"tags":["a","a"],"nothing":null}'),
      { count: 7, ratio: 0.5, name: '😀', flag: true, tags: ['a', 'a'], nothing: null },
    ],
    [
      'numbers in a query',
      { url: '/query?n=12&r=-0.5&flag=false&q=12' },
      { n: 12, r: -0.5, flag: false, q: '12' },
    ],
    ['a parameter', { url: '/items/-7' }, { n: -7 }],
    [
      'a body of a type that has a schema',
      body('{"name":"a"}', '/types', 'Application/JSON; charset=utf-8'),
      { name: 'a' },
    ],
    [
      'a body without a schema',
      body('{"a":[{"b":1},{"b":2}],"b":"\\"a\\":"}', '/free'),
      { a: [{ b: 1 }, { b: 2 }], b: '"a":' },
    ],
  ])('%s passes as it is', async (_what, request, expected) => {
    const answer = await serve(true).inject(request)
    expect([answer.statusCode, answer.json()]).toEqual([200, expected])
  })
})
