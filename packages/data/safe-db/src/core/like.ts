import { InvalidSqlValueError } from '../errors.ts'
import { parameter } from './query.ts'
import type { SqlQuery } from './query.ts'
import { encodeValue } from './values.ts'

/**
 * Patterns for `like` and `ilike` in which the text stands for itself: `%`, `_` and `\` in it are escaped by `\`, which is
 * PostgreSQL's escape character where the statement names no other. An empty text matches everything.
 */
export interface Like {
  /**
   * Matches what has the text in it.
   *
   * @throws INVALID_SQL_VALUE for what is no string, or none that PostgreSQL can take
   */
  contains(text: string): SqlQuery
  /** Matches what begins with the text. */
  startsWith(text: string): SqlQuery
  /** Matches what ends with the text. */
  endsWith(text: string): SqlQuery
}

function escape(text: unknown): string {
  if (typeof text !== 'string') throw new InvalidSqlValueError('sql.like takes a string')
  return text.replaceAll(/[\\%_]/g, String.raw`\$&`)
}

function pattern(before: string, text: unknown, after: string): SqlQuery {
  return parameter(encodeValue(`${before}${escape(text)}${after}`))
}

/** See {@link Like}. */
export const like: Like = Object.freeze({
  contains: (text: string) => pattern('%', text, '%'),
  startsWith: (text: string) => pattern('', text, '%'),
  endsWith: (text: string) => pattern('%', text, ''),
})
