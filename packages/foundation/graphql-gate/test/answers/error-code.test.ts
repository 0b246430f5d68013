import { GraphQLError, parse } from 'graphql'
import { describe, expect, it } from 'vitest'
import { withCode } from '../../src/answers/error-code.ts'

const locations = [{ line: 1, column: 3 }]

describe('the code of an error', () => {
  it.each([
    ['of validation', { message: 'Cannot query field.', locations }, 'GRAPHQL_VALIDATION_FAILED'],
    ['of variables', { message: 'Variable "$x" got invalid value.', locations }, 'BAD_USER_INPUT'],
    ['that has one', { message: 'Not so.', locations, extensions: { code: 'MINE' } }, 'MINE'],
  ])('%s', (_name, error, code) => {
    expect(withCode(error)).toMatchObject({ message: error.message, locations, extensions: { code } })
  })

  it.each([
    ['of a resolver', { message: 'Variable "$x" is what I say', locations, path: ['a'] }],
    ['of the app, which has no place in the document', { message: 'Closed for today' }],
    ['that is none', { message: 5, locations }],
  ])('%s is not made up', (_name, error) => {
    expect(withCode(error)).toBe(error)
  })

  it('is what the caller says where the error does not tell', () => {
    expect(withCode({ message: 'Unknown query' }, 'BAD_REQUEST')).toMatchObject({
      extensions: { code: 'BAD_REQUEST' },
    })
    expect(withCode({ message: 'No.', path: ['a'] }, 'BAD_REQUEST')).toEqual({ message: 'No.', path: ['a'] })
  })

  it('stands beside other extensions, also in errors of graphql-js', () => {
    const [node] = parse('{ a }').definitions
    if (node === undefined) throw new Error('no node')
    const coded = withCode(new GraphQLError('No.', { nodes: [node], extensions: { hint: 1 } }))
    expect(JSON.parse(JSON.stringify(coded))).toEqual({
      message: 'No.',
      locations: [{ line: 1, column: 1 }],
      extensions: { hint: 1, code: 'GRAPHQL_VALIDATION_FAILED' },
    })
  })
})
