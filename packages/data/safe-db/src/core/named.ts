import { InvalidSqlValueError, UnsafeSqlError } from '../errors.ts'
import { assemble, checkTemplate } from './query.ts'
import type { SqlQuery } from './query.ts'
import { tokenize } from './tokens.ts'
import type { SqlValue } from './values.ts'

/** A statement with named parameters: call it with their values. */
export type NamedQuery = (values: Readonly<Record<string, SqlValue>>) => SqlQuery

interface Template {
  readonly texts: readonly string[]
  readonly names: readonly string[]
}

/** Splits a text at `:name`, but not inside quotes and comments, and not at a cast (`::`). */
function split(text: string): Template {
  const tokens = tokenize(text)
  const texts: string[] = []
  const names: string[] = []
  let from = 0
  for (const [index, { type, start, end }] of tokens.entries()) {
    const colon = tokens[index - 1]
    if (type !== 'word' || colon?.end !== start || text.charAt(colon.start) !== ':') continue
    if (colon.type !== 'other' || text.charAt(colon.start - 1) === ':') continue
    texts.push(text.slice(from, colon.start))
    names.push(text.slice(start, end))
    from = end
  }
  return { texts: [...texts, text.slice(from)], names }
}

/**
 * Compiles a template with parameters such as `:user_id`. The result takes their values: each name of the template, and
 * no other.
 *
 * @throws UNSAFE_SQL where something is interpolated or the template has no name; INVALID_SQL_VALUE, from the result,
 * where a value is missing or unknown
 */
export function named(strings: TemplateStringsArray, ...none: readonly never[]): NamedQuery {
  const [text = '', ...more] = checkTemplate(strings)
  if (more.length > 0 || none.length > 0) {
    throw new UnsafeSqlError('sql.named takes names such as :user_id, and nothing between ${ and }')
  }
  const { texts, names } = split(text)
  const expected = new Set(names)
  if (expected.size === 0)
    throw new UnsafeSqlError('sql.named found no name such as :user_id in the template')
  return (values) => {
    const isObject = typeof values === 'object' && values !== null && !Array.isArray(values)
    if (!isObject) throw new InvalidSqlValueError('sql.named takes an object of values')
    const given = new Map(Object.entries(values))
    const missing = [...expected].find((name) => !given.has(name))
    if (missing !== undefined) throw new InvalidSqlValueError(`there is no value for :${missing}`)
    if (given.size > expected.size) {
      throw new InvalidSqlValueError(
        `got values for ${given.size} names, takes ${expected.size}: ${names.join(', ')}`,
      )
    }
    return assemble(
      texts,
      names.map((name) => given.get(name)),
    )
  }
}
