import { GraphQLError, parse } from 'graphql'
import { describe, expect, it } from 'vitest'
import { withCode } from '../../src/answers/error-code.ts'

const locations = [{ line: 1, column: 3 }]

describe('the code of an error', () => {
  it.each([
    ['of validation', { message: 'Cannot query field.', locations }, 'GRAPHQL_VALIDATION_FAILED'],
    ...[
      'got invalid value.',
      'has invalid value.',
      'of required type "Int!" was not provided.',
      'of non-null type "Int!" must not be null.',
    ].map(
      (said) => ['of a value', { message: `Variable "$x" ${said}`, locations }, 'BAD_USER_INPUT'] as const,
    ),
    ...[
      'is never used.',
      'is never used in operation "Q".',
      'is not defined.',
      'is not defined by operation "Q".',
      'of type "Int" used in position expecting type "Int!".',
      'is of type "Int" but must be non-nullable to be used for OneOf Input Object "I".',
      'cannot be non-input type "Query".',
    ].map(
      (said) =>
        [
          `of a variable that ${said}`,
          { message: `Variable "$x" ${said}`, locations },
          'GRAPHQL_VALIDATION_FAILED',
        ] as const,
    ),
    ['that ends early', { message: 'Variable "$x', locations }, 'GRAPHQL_VALIDATION_FAILED'],
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
