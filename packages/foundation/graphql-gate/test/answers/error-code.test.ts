import { GraphQLError, parse } from 'graphql'
import { describe, expect, it } from 'vitest'
import { withCode } from '../../src/answers/error-code.ts'

const locations = [{ line: 1, column: 3 }]

describe('the code of an error', () => {
  it.each([
    ['of validation', 'Cannot query field.', 'GRAPHQL_VALIDATION_FAILED'],
    ['of a value', 'Variable "$x" got invalid value.', 'BAD_USER_INPUT'],
    ['of a value', 'Variable "$x" has invalid value.', 'BAD_USER_INPUT'],
    ['of a value', 'Variable "$x" of required type "Int!" was not provided.', 'BAD_USER_INPUT'],
    ['of a value', 'Variable "$x" of non-null type "Int!" must not be null.', 'BAD_USER_INPUT'],
    ['of a variable', 'Variable "$x" is never used.', 'GRAPHQL_VALIDATION_FAILED'],
    ['of a variable', 'Variable "$x" is never used in operation "Q".', 'GRAPHQL_VALIDATION_FAILED'],
    ['of a variable', 'Variable "$x" is not defined by operation "Q".', 'GRAPHQL_VALIDATION_FAILED'],
    [
      'of a variable',
      'Variable "$x" of type "I" used in position expecting type "J".',
      'GRAPHQL_VALIDATION_FAILED',
    ],
    ['of a variable', 'Variable "$x" is of type "I" but must be non-nullable.', 'GRAPHQL_VALIDATION_FAILED'],
    ['of a variable', 'Variable "$x" cannot be non-input type "Q".', 'GRAPHQL_VALIDATION_FAILED'],
    ['that ends early', 'Variable "$x', 'GRAPHQL_VALIDATION_FAILED'],
  ])('%s: %s', (_name, message, code) => {
    expect(withCode({ message, locations })).toMatchObject({ message, locations, extensions: { code } })
  })

  it('is the one it has', () => {
    const error = { message: 'Not so.', locations, extensions: { code: 'MINE' } }
    expect(withCode(error)).toBe(error)
  })

  it.each([
    ['of a resolver', { message: 'Variable "$x" is what I say', locations, path: ['a'] }],
    ['of the app, which has no place in the document', { message: 'Closed for today' }],
    ['that is none', { message: 5, locations }],
  ])('%s is not made up', (_name, error) => {
    expect(withCode(error)).toBe(error)
  })

  it('tells that no operation has the name', () => {
    for (const message of ['Unknown operation named "".', 'Must provide an operation.'])
      expect(withCode({ message })).toEqual({ message, extensions: { code: 'OPERATION_RESOLUTION_FAILURE' } })
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
