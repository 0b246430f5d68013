import { InvalidSqlValueError, UnsafeSqlError } from '../errors.ts'
import { quoteIdentifier } from './identifier.ts'
import { like } from './like.ts'
import type { Like } from './like.ts'
import { named } from './named.ts'
import type { NamedQuery } from './named.ts'
import { orderBy } from './order-by.ts'
import { assemble, fromTemplate, isQuery, parameter, trusted } from './query.ts'
import type { Interpolation, SqlQuery, TypedQuery } from './query.ts'
import { isStandardSchema } from './standard-schema.ts'
import type { StandardSchema } from './standard-schema.ts'
import { encodeJson } from './values.ts'
import type { SqlValue } from './values.ts'

/** The `sql` tag and what belongs to it. */
export interface Sql {
  /**
   * Makes a statement or a part of one. Queries between `${` and `}` become part of the text, everything else becomes a
   * parameter.
   *
   * @throws UNSAFE_SQL when it is called with anything but a template; INVALID_SQL_VALUE for a value that PostgreSQL
   * cannot take as it is
   */
  (strings: TemplateStringsArray, ...pieces: readonly Interpolation[]): SqlQuery
  /**
   * An identifier, quoted: a simple name, or any name of a list. User input needs the list; a list that is `undefined`
   * allows nothing.
   *
   * @throws UNSAFE_IDENTIFIER
   */
  id(name: string, allowed?: readonly string[]): SqlQuery
  /**
   * Queries and values, with a separator between them. Default separator: a comma.
   *
   * @throws UNSAFE_SQL for an empty list, which would leave a hole in the statement; INVALID_SQL_VALUE for what is no
   * array
   */
  join(pieces: readonly Interpolation[], separator?: SqlQuery): SqlQuery
  /**
   * `(expression in ($1, $2, …))`; with no values, `false`.
   *
   * @throws INVALID_SQL_VALUE for what is no array, such as one id of a query string
   */
  in(expression: SqlQuery, values: readonly SqlValue[]): SqlQuery
  /**
   * The rows of an `insert`: `($1, $2), ($3, $4), …`.
   *
   * @throws INVALID_SQL_VALUE without rows or with rows of different lengths
   */
  values(rows: readonly (readonly Interpolation[])[]): SqlQuery
  /**
   * A value as `jsonb`.
   *
   * @throws INVALID_SQL_VALUE for what JSON or PostgreSQL would drop or refuse
   */
  json(value: unknown): SqlQuery
  /** Patterns in which what a user sends stands for itself: `` sql`name like ${sql.like.contains(text)}` ``. */
  readonly like: Like
  /**
   * `order by` from what a user sends, such as `-price,name`: names with commas between them, `-` before what descends.
   *
   * @param input the text, or an array of texts
   * @param columns what each name stands for: `{ price: sql.id('price'), name: sql`lower(name)` }`
   * @throws UNSAFE_IDENTIFIER for a name that is not in the map, or comes twice
   */
  orderBy(input: string | readonly string[], columns: Readonly<Record<string, SqlQuery>>): SqlQuery
  /**
   * A tag for statements whose rows a schema checks, in every way to run them, and whose type is what the schema gives.
   *
   * @param schema of zod, valibot, ArkType or any other library that follows the Standard Schema
   * @throws UNSAFE_SQL for what is no such schema
   */
  type<Output>(
    schema: StandardSchema<Output>,
  ): (strings: TemplateStringsArray, ...pieces: readonly Interpolation[]) => TypedQuery<Output>
  /** A template with named parameters, such as `:user_id`; the result takes their values. */
  named(strings: TemplateStringsArray, ...none: readonly never[]): NamedQuery
}

function query(name: string, value: unknown): SqlQuery {
  if (!isQuery(value)) throw new UnsafeSqlError(`${name} takes sql\`…\``)
  return value
}

/** What comes of a query string or a body has any type, whatever the compiler was told. */
function list<T>(name: string, given: readonly T[]): readonly T[] {
  if (!Array.isArray(given)) throw new InvalidSqlValueError(`${name} takes an array`)
  return given
}

/** The texts around so many pieces. */
function around(before: string, between: string, after: string, count: number): string[] {
  const texts = [before]
  for (let index = 1; index < count; index++) texts.push(between)
  texts.push(after)
  return texts
}

function join(given: readonly Interpolation[], separator?: SqlQuery): SqlQuery {
  const pieces = list('sql.join', given)
  if (pieces.length === 0) throw new UnsafeSqlError('sql.join got an empty list')
  if (separator === undefined) return assemble(around('', ', ', '', pieces.length), pieces)
  query('the separator of sql.join', separator)
  const parts = pieces.flatMap((piece, index) => (index === 0 ? [piece] : [separator, piece]))
  return assemble([], parts)
}

function isIn(expression: SqlQuery, given: readonly SqlValue[]): SqlQuery {
  const members = list('sql.in', given)
  query('sql.in', expression)
  if (members.length === 0) return trusted('false')
  return assemble(
    ['(', ' in (', ...around('', ', ', '))', members.length).slice(1)],
    [expression, ...members],
  )
}

function values(given: readonly (readonly Interpolation[])[]): SqlQuery {
  const rows = list('sql.values', given).map((row) => list('each row of sql.values', row))
  const [first] = rows
  if (first === undefined || first.length === 0)
    throw new InvalidSqlValueError('sql.values got no row or no column')
  if (rows.some((row) => row.length !== first.length)) {
    throw new InvalidSqlValueError('sql.values got rows of different lengths')
  }
  const texts = rows.flatMap((_row, index) =>
    around(index === 0 ? '(' : '), (', ', ', '', first.length).slice(0, -1),
  )
  return assemble([...texts, ')'], rows.flat())
}

function type<Output>(schema: StandardSchema<Output>) {
  if (!isStandardSchema(schema)) {
    throw new UnsafeSqlError('sql.type takes a schema that follows the Standard Schema, version 1')
  }
  return (strings: TemplateStringsArray, ...pieces: readonly Interpolation[]): TypedQuery<Output> =>
    fromTemplate(strings, pieces, schema) as TypedQuery<Output>
}

/**
 * The only way to write a statement.
 *
 * @example sql`select * from orders where id = ${id}`
 */
export const sql: Sql = Object.freeze(
  Object.assign(
    (strings: TemplateStringsArray, ...pieces: readonly Interpolation[]) => fromTemplate(strings, pieces),
    {
      id: (...given: readonly unknown[]) => trusted(quoteIdentifier(given[0], ...given.slice(1))),
      join,
      in: isIn,
      values,
      json: (value: unknown) => parameter(encodeJson(value), '::jsonb'),
      like,
      orderBy,
      type,
      named,
    },
  ),
)
