import { GraphQLError } from 'graphql'
import type { ResponseError } from './error-hygiene.ts'

function codeIn(extensions: unknown): unknown {
  return typeof extensions === 'object' && extensions !== null && 'code' in extensions
    ? extensions.code
    : undefined
}

/** The code of a request error, by what it says. Errors of resolvers have a path, those of the app no place in the document. */
function codeOf({ message, locations }: ResponseError | GraphQLError): string | undefined {
  if (!Array.isArray(locations) || typeof message !== 'string') return undefined
  return message.startsWith('Variable "$') ? 'BAD_USER_INPUT' : 'GRAPHQL_VALIDATION_FAILED'
}

/**
 * A request error with a code where its server gives it none: `BAD_USER_INPUT` for variables, else
 * `GRAPHQL_VALIDATION_FAILED`, as other servers name them.
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
