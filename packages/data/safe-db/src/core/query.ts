import { InvalidSqlValueError, UnsafeSqlError } from '../errors.ts'
import type { StandardSchema } from './standard-schema.ts'
import { factsOf } from './statement.ts'
import type { StatementFacts } from './statement.ts'
import { encodeValue, MAX_PARAMETERS } from './values.ts'
import type { Encoded, SqlValue } from './values.ts'

interface Parts {
  /** One more than there are values: what stands before, between and after them. */
  readonly texts: readonly string[]
  readonly values: readonly Encoded[]
  /** What each row is checked with; of the whole statement, never of a part of it. */
  readonly schema?: StandardSchema | undefined
}

/** A statement ready for the wire. */
export interface Statement extends StatementFacts {
  readonly text: string
  readonly values: readonly Encoded[]
}

// The brand: an object is a query because this module put it here. Neither JSON, nor a look-alike, nor the class's own
// constructor, nor another copy of this package can do that.
const known = new WeakMap<object, Parts>()
// Shared by all copies, for the words of a refusal alone: it lets nothing in, and JSON has no symbols.
const LOOKS_LIKE_QUERY = Symbol.for('@portcullis/safe-db.query')

/** Characters of all values of a statement; the protocol's lengths are 32 bits wide. */
const MAX_VALUE_LENGTH = 2 ** 28

/** A statement or a part of one, made by the `sql` tag and by nothing else. */
export class SqlQuery {
  /** Makes the type nominal: an object of the same shape is none. */
  readonly #brand = true

  get [LOOKS_LIKE_QUERY](): true {
    return this.#brand
  }

  /** What shows in logs: that it is a query, not what it says. */
  toJSON(): string {
    return this.#brand ? '[sql]' : ''
  }
}

declare const rowOf: unique symbol

/** A statement whose rows are checked; `sql.type(schema)` makes it. The member is there for the compiler alone. */
export interface TypedQuery<R> extends SqlQuery {
  readonly [rowOf]: R
}

/** What may stand between `${` and `}` in a `sql` template. */
export type Interpolation = SqlQuery | SqlValue

function create({ texts, values, schema }: Parts): SqlQuery {
  if (values.length > MAX_PARAMETERS) {
    throw new InvalidSqlValueError(`got ${values.length} parameters, takes at most ${MAX_PARAMETERS}`)
  }
  const query = new SqlQuery()
  known.set(query, { texts, values, schema })
  Object.freeze(query)
  return query
}

/** A part of a statement from text that this package or the author of a template wrote. */
export function trusted(text: string): SqlQuery {
  return create({ texts: [text], values: [] })
}

/** A part that is one parameter, followed by trusted text such as a cast. */
export function parameter(encoded: Encoded, cast = ''): SqlQuery {
  return create({ texts: ['', cast], values: [encoded] })
}

/** Puts pieces one after the other: texts that are trusted, between them queries and values. */
export function assemble(
  trustedTexts: readonly string[],
  pieces: readonly unknown[],
  schema?: StandardSchema,
): SqlQuery {
  const texts = [trustedTexts[0] ?? '']
  const values: Encoded[] = []
  for (const [index, piece] of pieces.entries()) {
    const after = trustedTexts[index + 1] ?? ''
    const parts = partsOf(piece)
    if (parts === undefined) {
      if (looksLikeQuery(piece)) throw new UnsafeSqlError(`got ${describe(piece)} between \${ and }`)
      values.push(encodeValue(piece))
      texts.push(after)
      continue
    }
    const [first = '', ...rest] = parts.texts
    texts.push(`${texts.pop() ?? ''}${first}`)
    for (const text of rest) texts.push(text)
    for (const value of parts.values) values.push(value)
    texts.push(`${texts.pop() ?? ''}${after}`)
  }
  return create({ texts, values, schema })
}

/**
 * The strings of a template literal: frozen, with frozen raw strings. An array from JSON or a caller's string is none.
 *
 * @throws UNSAFE_SQL
 */
export function checkTemplate(strings: unknown): readonly string[] {
  if (!isTemplate(strings)) throw new UnsafeSqlError('sql is a template tag: write sql`…`, never sql(…)')
  if (strings.some((part) => typeof part !== 'string' || part.includes('\u0000'))) {
    throw new UnsafeSqlError('the template holds an invalid escape or a NUL character')
  }
  return strings
}

function isTemplate(strings: unknown): strings is readonly string[] {
  // Its own `raw`: a polluted prototype would give one to every array.
  if (!Array.isArray(strings) || !Object.isFrozen(strings) || !Object.hasOwn(strings, 'raw')) return false
  const { raw } = strings as { raw?: unknown }
  return Array.isArray(raw) && Object.isFrozen(raw)
}

function partsOf(value: unknown): Parts | undefined {
  return typeof value === 'object' && value !== null ? known.get(value) : undefined
}

function looksLikeQuery(value: unknown): boolean {
  return typeof value === 'object' && value !== null && LOOKS_LIKE_QUERY in value
}

function describe(value: unknown): string {
  if (typeof value === 'string') return 'a string'
  if (typeof value !== 'object' || value === null)
    return value === null ? 'null' : `a value of type ${typeof value}`
  return looksLikeQuery(value)
    ? 'a query that this copy of @portcullis/safe-db did not make (let one copy be installed)'
    : 'an object'
}

/** Whether something was made by the `sql` tag of this copy of the package. */
export function isQuery(value: unknown): value is SqlQuery {
  return partsOf(value) !== undefined
}

/** What the rows of a query are checked with, where it was made by `sql.type`. */
export function schemaOf(query: unknown): StandardSchema | undefined {
  return partsOf(query)?.schema
}

/**
 * The statement of a query, its placeholders numbered.
 *
 * @throws UNSAFE_SQL for anything that the `sql` tag did not make, or that is not one statement of a kind that is run
 */
export function statementOf(query: unknown): Statement {
  const parts = partsOf(query)
  if (parts === undefined) throw new UnsafeSqlError(`got ${describe(query)}, takes sql\`…\``)
  const { texts, values } = parts
  const length = values.reduce((sum, value) => sum + (value?.length ?? 0), 0)
  if (length > MAX_VALUE_LENGTH) {
    throw new InvalidSqlValueError(`the parameters are longer than ${MAX_VALUE_LENGTH} characters together`)
  }
  const text = texts.map((part, index) => (index === 0 ? part : `$${index}${part}`)).join('')
  return { text, values, ...factsOf(text, values.length) }
}
