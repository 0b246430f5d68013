import type { InjectOptions } from 'fastify'
import fc from 'fast-check'

/** What must never come back. */
export const SECRET = 'secret-4711'

const fragments = [
  '{ users(first: 3) { id } }',
  'query Q($n: Int) { users(first: $n) { id } }',
  'mutation { touch }',
  'subscription { users(first: 1) { id } }',
  `{ users(first: "${SECRET}") { id } }`,
  `{ ${SECRET} }`,
  `{ users(${SECRET}: 1) { id } }`,
  '{ ...F } fragment F on Query { ...F }',
  '{__schema{types{name}}}',
  '{'.repeat(500),
  '{ a'.repeat(80),
  '# only a comment',
  '\uFEFF{ __typename }',
  '"""',
  '{ users(first: 1e400) { id } }',
  JSON.stringify({ kind: 'Document', definitions: [] }),
  '',
] as const

const text = fc.oneof(
  fc.constantFrom(...fragments),
  fc
    .array(
      fc.constantFrom(
        '{',
        '}',
        '(',
        ')',
        '[',
        ']',
        '...',
        'on',
        '$',
        '@',
        '!',
        ':',
        '"',
        'users',
        '\\u{1F600}',
      ),
      {
        maxLength: 30,
      },
    )
    .map((tokens) => tokens.join(' ')),
  fc.string({ unit: 'binary', maxLength: 50 }),
)
const anything = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }),
  text,
  fc.constantFrom(Number.MAX_VALUE, '__proto__', SECRET),
)
const extensions = fc.oneof(
  anything,
  fc.record({ persistedQuery: fc.oneof(anything, fc.record({ version: anything, sha256Hash: anything })) }),
)

/** The members of a GraphQL request, each missing, right or anything at all. */
const operation = fc.record(
  {
    query: fc.oneof({ weight: 4, arbitrary: text }, { weight: 1, arbitrary: anything }),
    variables: fc.oneof(anything, fc.constant({ n: 3 }), fc.constant(null)),
    operationName: fc.oneof(anything, fc.constantFrom('Q', 'constructor', '')),
    extensions,
    persisted: fc.oneof(fc.boolean(), anything),
  },
  { requiredKeys: [] },
)

const body = fc.oneof(
  { weight: 4, arbitrary: operation.map((value) => JSON.stringify(value)) },
  { weight: 1, arbitrary: fc.array(operation, { maxLength: 12 }).map((value) => JSON.stringify(value)) },
  { weight: 1, arbitrary: anything.map((value) => JSON.stringify(value)) },
  { weight: 1, arbitrary: operation.map((value) => JSON.stringify(value).slice(0, -2)) },
  { weight: 1, arbitrary: text },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(`{"query":"{ __typename }","__proto__":{"x":1}}`, '['.repeat(50_000)),
  },
)

const type = fc.constantFrom(
  'application/json',
  'application/json',
  'application/json',
  'application/json; charset=utf-16',
  'application/graphql',
  'application/graphql+json',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'multipart/form-data',
  'text/plain',
  'application/octet-stream',
  '',
  ';',
)

const search = fc.oneof(
  fc.constant(''),
  fc
    .dictionary(
      fc.constantFrom('query', 'variables', 'operationName', 'extensions', 'persisted', 'x'),
      fc.oneof(text, fc.constantFrom('{"n":3}', '[', '{"a":'.repeat(300), SECRET)),
      { maxKeys: 4, noNullPrototype: true },
    )
    .map((members) => `?${new URLSearchParams(members).toString()}`),
  fc.constantFrom('?query=a&query=b', '?query[]=x', '?query=%FF', '?variables=%7B', '?='),
)

/** An HTTP request to a GraphQL route. */
export const request: fc.Arbitrary<InjectOptions> = fc
  .record({
    method: fc.constantFrom('POST', 'POST', 'POST', 'GET', 'GET', 'HEAD', 'OPTIONS'),
    search,
    type,
    body,
    accept: fc.constantFrom(
      '*/*',
      'application/graphql-response+json',
      'text/event-stream',
      'multipart/mixed',
      'x',
    ),
  })
  .map(({ method, search: query, type: contentType, body: payload, accept }) => {
    const carries = method !== 'GET' && method !== 'HEAD'
    return {
      method: method as 'POST',
      url: `/graphql${query}`,
      headers: {
        accept,
        'apollo-require-preflight': 'true',
        ...(carries && contentType !== '' ? { 'content-type': contentType } : {}),
      },
      ...(carries ? { payload } : {}),
    }
  })

/** A message to a GraphQL socket: mostly one that starts an operation. */
export const message: fc.Arbitrary<string | Buffer> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .record({
        type: fc.constantFrom('subscribe', 'subscribe', 'subscribe', 'complete', 'ping', 'pong'),
        id: fc.constantFrom('1', '2', '3', 4),
        payload: fc.oneof({ weight: 5, arbitrary: operation }, { weight: 1, arbitrary: anything }),
      })
      .map((value) => JSON.stringify(value)),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)) },
  { weight: 1, arbitrary: anything.map((value) => JSON.stringify(value)) },
)
