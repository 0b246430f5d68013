import { GraphQLError } from 'graphql'
import type { GraphQLErrorOptions } from 'graphql'

/** A GraphQL error as it stands in a response. */
export interface ResponseError {
  readonly message?: unknown
  readonly path?: unknown
  readonly [member: string]: unknown
}

/** What graphql-js (16 and 17) puts before a value that the client sent; from there on, the message is dropped. */
const BEFORE_VALUES = [', found ', ', found: ', ', but encountered error '] as const

/** The same, of words that are worth keeping. */
const TO_KEEP = [
  ' got invalid value ',
  ' value: ',
  ' has invalid value ',
  ' has invalid value: ',
  ' cannot represent ',
] as const

/** Where words end that a message has, or the message where it has none of them. */
function placeOf(words: string, message: string, length: number): number {
  const at = message.indexOf(words)
  return at === -1 ? message.length : at + length
}

function withoutEcho(message: string): string {
  if (message.startsWith('Syntax Error')) {
    const quote = message.indexOf('"')
    return quote === -1 ? message : `${message.slice(0, quote).trimEnd()}.`
  }
  let end = message.length
  for (const words of BEFORE_VALUES) end = Math.min(end, placeOf(words, message, 0))
  for (const words of TO_KEEP) end = Math.min(end, placeOf(words, message, words.trimEnd().length))
  return end === message.length
    ? withoutLeadingValue(message)
    : `${message.slice(0, end).replace(/[:,]$/, '')}.`
}

/** `Value "x" does not exist in "Color" enum.` */
function withoutLeadingValue(message: string): string {
  const known = ' does not exist in '
  const at = message.startsWith('Value ') ? message.lastIndexOf(known) : -1
  return at === -1 ? message : `The value${message.slice(at)}`
}

const SUGGESTION = ' Did you mean '

function withoutSuggestion(message: string): string {
  const at = message.indexOf(SUGGESTION)
  return at === -1 ? message : message.slice(0, at)
}

/** The names that graphql-js suggests, if it does: what a client sent never ends a message with a question. */
function suggestionOf(message: string): string {
  const at = message.endsWith('?') ? message.lastIndexOf(SUGGESTION) : -1
  return at === -1 ? '' : message.slice(at)
}

/** The same error with another message, of the same class: servers tell a client's fault from their own by it. */
function withMessage(error: ResponseError | GraphQLError, message: string): ResponseError | GraphQLError {
  return error instanceof GraphQLError ? new GraphQLError(message, detailsOf(error)) : { ...error, message }
}

function detailsOf({
  nodes,
  source,
  positions,
  originalError,
  extensions,
}: GraphQLError): GraphQLErrorOptions {
  return {
    nodes: nodes ?? null,
    source: source ?? null,
    positions: positions ?? null,
    originalError: originalError ?? null,
    extensions,
  }
}

/**
 * Takes out of a request error (syntax, validation, variables) what the client sent and, unless asked for, names that
 * the schema would suggest. Errors with a `path` come from resolvers and stay as the app made them.
 */
export function cleanError<E extends ResponseError | GraphQLError>(
  error: E,
  suggestions: boolean,
): E | ResponseError | GraphQLError {
  const { message } = error
  if (error.path !== undefined || typeof message !== 'string') return error
  const clean = withoutEcho(withoutSuggestion(message)) + (suggestions ? suggestionOf(message) : '')
  return clean === message ? error : withMessage(error, clean)
}
