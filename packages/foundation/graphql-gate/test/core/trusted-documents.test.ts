import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { knowDocuments } from '../../src/core/trusted-documents.ts'
import { options } from '../../src/index.ts'
import type { TrustedDocumentsOptions } from '../../src/index.ts'

const a = 'query A($n: Int) { a(n: $n) }'
const apollo = {
  format: 'apollo-persisted-query-manifest',
  version: 1,
  operations: [{ id: 'one', name: 'A', type: 'query', body: a }],
} as const
const parse = (trustedDocuments: unknown): unknown =>
  options.parse({ trustedDocuments: trustedDocuments as TrustedDocumentsOptions })

describe('a manifest', () => {
  it.each([
    ['of Apollo', apollo],
    ['of Relay', { one: a }],
  ])('%s finds texts by id and knows them', (_name, manifest) => {
    const known = knowDocuments(manifest)
    expect([known.find('one'), known.find('sha256:one'), known.find('two'), known.find('toString')]).toEqual([
      a,
      a,
      undefined,
      undefined,
    ])
    expect(known.knows(a)).toBe(true)
    expect(known.knows('query A($n:Int){a(n:$n)} # the same')).toBe(true)
  })

  it.each([
    'query A($n: Int) { a(n: $m) }',
    'query A($n: Int) { a(n: $n) b }',
    'query B($n: Int) { a(n: $n) }',
    'query A($n: Int) { a(n: $n) ',
    `${a} ${a}`,
    'one',
    '',
    '"',
  ])('does not know %s', (text) => {
    expect(knowDocuments({ one: a }).knows(text)).toBe(false)
  })

  it('keeps strings apart that differ in what they say', () => {
    const known = knowDocuments({ one: '{ a(s: "x  y") b(s: """ z """) }' })
    expect(known.knows('{a(s:"x  y")b(s:""" z """)}')).toBe(true)
    expect(known.knows('{ a(s: "x y") b(s: """ z """) }')).toBe(false)
    expect(known.knows('{ a(s: "x  #y") b(s: """ z """) }')).toBe(false)
  })
})

describe('a function', () => {
  it('knows a text by its hash, and only if it tells that very text', async () => {
    const hash = createHash('sha256').update(a).digest('hex')
    const good = knowDocuments((id) => Promise.resolve(id === hash ? a : undefined))
    expect([await good.knows(a), await good.knows(`${a} `), await good.find(`sha256:${hash}`)]).toEqual([
      true,
      false,
      a,
    ])
    const wrong = knowDocuments(() => '{ other }')
    expect(await wrong.knows(a)).toBe(false)
  })
})

describe('the option', () => {
  it.each([
    [{ documents: {} }, 'at least one document'],
    [{ documents: { one: '{ a' } }, "without syntax errors (that of 'one' has one)"],
    [{ documents: { one: 5 } }, 'texts by id'],
    [{ documents: { ...apollo, operations: [] } }, 'at least one document'],
    [{ documents: { ...apollo, operations: {} } }, 'texts by id'],
    [{ documents: { ...apollo, operations: [null] } }, 'texts by id'],
    [
      { documents: { ...apollo, operations: [...apollo.operations, { id: 'one', body: '{ b }' }] } },
      "'one' has two",
    ],
    [{ documents: [a] }, '{ [hash]: text }'],
    [{ documents: './manifest.json' }, '{ [hash]: text }'],
    [{}, 'trustedDocuments.documents'],
    [{ documents: { one: a }, exceptRoles: [] }, 'at least one role'],
    [{ documents: { one: a }, exceptRoles: 'admin' }, 'a list of roles'],
    [{ documents: { one: a }, mode: 'off' }, "'enforce' or 'measure'"],
    [{ documents: { one: a }, allow: true }, 'allow is not an option'],
    [true, '{ documents, exceptRoles, mode }, or false'],
  ])('%j is refused with a word on why', (given, words) => {
    expect(() => parse(given)).toThrow(words)
  })

  it.each([
    [{ introspection: 'admin' }, 'introspection'],
    [{ introspection: { roles: [] } }, 'at least one role'],
    [{ introspection: { role: ['admin'] } }, 'introspection'],
    [{ executionTimeout: 0 }, 'executionTimeout'],
    [{ executionTimeout: Number.NaN }, 'executionTimeout'],
    [{ executionTimeout: '10 seconds' }, "a string like '30s'"],
  ])('%j too', (given, words) => {
    expect(() => options.parse(given as never)).toThrow(words)
  })
})
