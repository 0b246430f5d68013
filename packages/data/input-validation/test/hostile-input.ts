import Fastify from 'fastify'
import type { FastifyInstance, InjectOptions } from 'fastify'
import fc from 'fast-check'
import { z } from 'zod'
import { email, inputValidation, uuid } from '../src/index.ts'

/** An app with a schema of every kind. */
export function fuzzedApp(): FastifyInstance {
  const app = Fastify()
  void app.register(inputValidation)
  const tree = {
    $id: 'tree',
    type: 'object',
    properties: {
      name: { type: 'string', maxLength: 5 },
      children: { type: 'array', items: { $ref: 'tree#' } },
    },
  }
  app.addSchema(tree)
  const properties = {
    id: uuid(),
    email: email(),
    count: { type: 'integer', format: 'positiveInt' },
    tags: { type: 'array', uniqueItems: true, items: { type: 'string', pattern: '^[a-z]{1,8}$' } },
    either: { oneOf: [{ type: 'integer' }, { type: 'object', properties: { a: { type: 'null' } } }] },
    tree: { $ref: 'tree#' },
    constructor: { type: 'string', default: 'x' },
  }
  app.post('/json', { schema: { body: { type: 'object', required: ['count'], properties } } }, () => ({}))
  app.post('/free', () => ({}))
  app.post(
    '/types',
    { schema: { body: { content: { 'application/json': { schema: { $ref: 'tree#' } } } } } },
    () => ({}),
  )
  app.post(
    '/zod',
    { schema: { body: z.object({ n: z.number(), more: z.record(z.string(), z.int()).optional() }) } },
    () => ({}),
  )
  const text = {
    type: 'object',
    properties: {
      n: { type: 'integer' },
      flag: { type: 'boolean' },
      id: { type: 'array', items: { type: 'number' } },
      q: { type: 'string' },
    },
  }
  app.get('/query', { schema: { querystring: text } }, () => ({}))
  app.get('/items/:n/:flag', { schema: { params: text, headers: text } }, () => ({}))
  return app
}

const NAMES = [
  'id',
  'email',
  'count',
  'tags',
  'either',
  'tree',
  'name',
  'children',
  'constructor',
  '__proto__',
  'toString',
  'n',
  'more',
  'a',
  'length',
  '',
]

const name = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...NAMES) },
  fc.string({ unit: 'binary', maxLength: 6 }),
)

const { value } = fc.letrec<{ value: string; object: string; array: string; leaf: string }>((tie) => ({
  leaf: fc.oneof(
    fc.constantFrom(
      'null',
      'true',
      'false',
      '-0',
      '1e999',
      '9007199254740993',
      '""',
      '"\\u0000"',
      '"\\ud800"',
      '01',
      'NaN',
      '"a@b.cc"',
      '7',
    ),
    fc.string({ unit: 'binary', maxLength: 12 }).map((text) => JSON.stringify(text)),
    fc.double().map(String),
  ),
  object: fc
    .array(fc.tuple(name, tie('value')), { maxLength: 5 })
    .map((members) => `{${members.map(([key, one]) => `${JSON.stringify(key)}:${one}`).join(',')}}`),
  array: fc.array(tie('value'), { maxLength: 4 }).map((items) => `[${items.join(',')}]`),
  value: fc.oneof({ depthSize: 'small', withCrossShrink: true }, tie('leaf'), tie('object'), tie('array')),
}))

const payload = fc.oneof(
  { weight: 8, arbitrary: value },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  {
    weight: 1,
    arbitrary: fc.integer({ min: 1, max: 400 }).map((depth) => '['.repeat(depth) + ']'.repeat(depth)),
  },
)

const types = fc.constantFrom(
  'application/json',
  'application/json',
  'application/json',
  'APPLICATION/JSON; charset=utf-8',
  'application/vnd.api+json',
  'text/plain',
  'application/json; x',
  'a/b',
  '',
)

const part = fc.oneof(
  fc.constantFrom(
    '1',
    '01',
    '1e3',
    '',
    'true',
    '0x1',
    '%00',
    '%20',
    '%',
    '%ff',
    '[]',
    '-',
    '9007199254740993',
    'NaN',
    '__proto__',
  ),
  fc
    .string({ unit: 'binary', maxLength: 8 })
    .map((text) => encodeURIComponent((text as string & { toWellFormed(): string }).toWellFormed())),
)

const query = fc
  .array(fc.tuple(fc.constantFrom('n', 'flag', 'id', 'q', '__proto__', 'constructor', 'x', ''), part), {
    maxLength: 6,
  })
  .map((pairs) => pairs.map(([key, one]) => `${key}=${one}`).join('&'))

/** A request that somebody may send who means no good. */
export const request: fc.Arbitrary<InjectOptions> = fc.oneof(
  fc
    .record({ url: fc.constantFrom('/json', '/free', '/types', '/zod'), payload, type: types })
    .map(({ url, payload: body, type }) => ({
      method: 'POST' as const,
      url,
      payload: body,
      ...(type === '' ? {} : { headers: { 'content-type': type } }),
    })),
  query.map((text) => ({ url: `/query?${text}` })),
  fc.tuple(part, part, part).map(([n, flag, header]) => ({
    url: `/items/${n}/${flag}`,
    headers: { n: header, flag: header },
  })),
)
