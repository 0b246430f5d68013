import { describe, expect, it } from 'vitest'
import { readBody, readQueryString } from '../../src/core/read-entries.ts'

describe('readBody', () => {
  it('reads one operation', () => {
    const body = { query: '{ a }', variables: { x: 1 }, operationName: 'A' }
    expect(readBody(body)).toEqual({
      ok: true,
      batch: false,
      entries: [
        { query: '{ a }', variables: { x: 1 }, operationName: 'A', hash: undefined, persisted: false },
      ],
    })
  })

  it('hands over the very variables object, by which engines’ executions are recognised', () => {
    const variables = { x: 1 }
    const read = readBody({ query: '{ a }', variables })
    expect(read.ok && read.entries[0]?.variables).toBe(variables)
  })

  it('reads a batch, a document as text, and a hash', () => {
    expect(readBody([{ query: '{ a }' }, { query: '{ b }' }])).toMatchObject({ ok: true, batch: true })
    expect(readBody('{ a }')).toMatchObject({ ok: true, entries: [{ query: '{ a }' }] })
    const extensions = { persistedQuery: { version: 1, sha256Hash: 'abc' } }
    expect(readBody({ extensions })).toMatchObject({ ok: true, entries: [{ query: undefined, hash: 'abc' }] })
  })

  it('takes null and absent members alike', () => {
    const entry = {
      query: '{ a }',
      variables: {},
      operationName: undefined,
      hash: undefined,
      persisted: false,
    }
    const nulls = { query: '{ a }', variables: null, operationName: null, extensions: null }
    expect(readBody(nulls)).toEqual({ ok: true, batch: false, entries: [entry] })
    expect(readBody({ query: '{ a }', operationName: '' })).toEqual({
      ok: true,
      batch: false,
      entries: [entry],
    })
  })

  it.each([
    undefined,
    null,
    5,
    true,
    [],
    [[]],
    [null],
    [{ query: '{ a }' }, 5],
    { query: 5 },
    { query: ['{ a }'] },
    { query: '{ a }', variables: 'x' },
    { query: '{ a }', variables: [] },
    { query: '{ a }', operationName: 5 },
    { query: '{ a }', extensions: 'x' },
  ])('refuses %j and says why without telling the value', (body) => {
    const read = readBody(body)
    expect(read).toMatchObject({ ok: false, problem: expect.any(String) })
  })
})

describe('readQueryString', () => {
  it('reads variables and extensions as JSON text', () => {
    const query = {
      query: '{ a }',
      variables: '{"x":1}',
      operationName: 'A',
      extensions: '{"persistedQuery":{"sha256Hash":"h"}}',
    }
    expect(readQueryString(query)).toEqual({
      ok: true,
      batch: false,
      entries: [{ query: '{ a }', variables: { x: 1 }, operationName: 'A', hash: 'h', persisted: false }],
    })
    expect(readQueryString({ query: '{ a }', variables: '' })).toMatchObject({ ok: true })
    expect(readQueryString({ query: '{ a }', variables: 'null' })).toMatchObject({ ok: true })
  })

  it('marks what is sent as the id of a stored document', () => {
    expect(readBody({ query: 'id', persisted: true })).toMatchObject({ entries: [{ persisted: true }] })
    expect(readQueryString({ query: 'id', persisted: 'true' })).toMatchObject({
      entries: [{ persisted: true }],
    })
  })

  it.each(['{', '[1]', '5', '"x"', `{"x":${'['.repeat(5000)}${']'.repeat(5000)}}`])(
    'refuses the variables %s',
    (variables) => {
      expect(readQueryString({ query: '{ a }', variables })).toMatchObject({ ok: false })
    },
  )

  it('refuses a member that is given twice', () => {
    expect(readQueryString({ query: ['{ a }', '{ b }'] })).toMatchObject({ ok: false })
  })
})
