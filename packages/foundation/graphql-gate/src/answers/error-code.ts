import { GraphQLError } from 'graphql'
import type { ResponseError } from './error-hygiene.ts'

function codeIn(extensions: unknown): unknown {
  return typeof extensions === 'object' && extensions !== null && 'code' in extensions
    ? extensions.code
    : undefined
}

const OF_A_VARIABLE = 'Variable "$'

/** What graphql-js (16 and 17) says of a value that a client sent, after the name; the rest it says of the document. */
const OF_A_VALUE = ['got invalid value', 'has invalid value', 'of required type', 'of non-null type'] as const

/** What it says, without a place in the document, where no operation has the name that was sent. */
const OF_AN_OPERATION = ['Unknown operation named ', 'Must provide an operation'] as const

function isOfAValue(message: string): boolean {
  const end = message.startsWith(OF_A_VARIABLE) ? message.indexOf('" ', OF_A_VARIABLE.length) : -1
  return end !== -1 && OF_A_VALUE.some((words) => message.startsWith(words, end + 2))
}

/** The code of a request error, by what it says. Errors of resolvers have a path, those of the app no place in the document. */
function codeOf({ message, locations }: ResponseError | GraphQLError): string | undefined {
  if (typeof message !== 'string') return undefined
  if (!Array.isArray(locations))
    return OF_AN_OPERATION.some((words) => message.startsWith(words))
      ? 'OPERATION_RESOLUTION_FAILURE'
      : undefined
  return isOfAValue(message) ? 'BAD_USER_INPUT' : 'GRAPHQL_VALIDATION_FAILED'
}

/**
 * A request error with a code where its server gives it none: `BAD_USER_INPUT` for what variables
 * hold, else `GRAPHQL_VALIDATION_FAILED`, as other servers name them.
 *
 * @param otherwise the code of errors that do not tell what they are; without it, they stay as they are
 */
export function withCode(
  error: ResponseError | GraphQLError,
  otherwise?: string,
): ResponseError | GraphQLError {
  const { path, extensions } = error
  const code =
    path === undefined && codeIn(extensions) === undefined ? (codeOf(error) ?? otherwise) : undefined
  if (code === undefined) return error
  // graphql-js' own errors keep what they print in getters.
  const printed = error instanceof GraphQLError ? error.toJSON() : error
  const given = typeof extensions === 'object' ? extensions : {}
  return { ...printed, extensions: { ...given, code } }
}
