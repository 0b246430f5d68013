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
  readonly schema: StandardSchema | undefined
}

/** A statement ready for the wire. */
export interface Statement extends StatementFacts {
  readonly text: string
  readonly values: readonly Encoded[]
}

let partsOf: (value: unknown) => Parts | undefined
// Nobody outside of this module has it, so nobody can make a query with the constructor that every query tells.
const KEY = Symbol('key')
// Shared by all copies, for the words of a refusal alone: it lets nothing in, and JSON has no symbols.
const LOOKS_LIKE_QUERY = Symbol.for('@portcullis/safe-db.query')

/** Characters of all values of a statement; the protocol's lengths are 32 bits wide. */
const MAX_VALUE_LENGTH = 2 ** 28

/**
 * A statement or a part of one, made by the `sql` tag and by nothing else: neither JSON, nor a look-alike, a proxy or a
 * clone, nor another copy of this package has its private member.
 */
export class SqlQuery {
  readonly #parts: Parts | undefined

  /** Makes nothing that is run: only the `sql` tag does. */
  constructor(parts?: unknown, key?: unknown) {
    this.#parts = key === KEY ? (parts as Parts) : undefined
  }

  get [LOOKS_LIKE_QUERY](): true {
    return true
  }

  /** What shows in logs: that it is a query, not what it says. */
  toJSON(): string {
    return '[sql]'
  }

  static {
    partsOf = (value) =>
      typeof value === 'object' && value !== null && #parts in value ? value.#parts : undefined
  }
}

declare const rowOf: unique symbol

/** A statement whose rows are checked; `sql.type(schema)` makes it. The member is there for the compiler alone. */
export interface TypedQuery<R> extends SqlQuery {
  readonly [rowOf]: R
}

/** What may stand between `${` and `}` in a `sql` template. */
export type Interpolation = SqlQuery | SqlValue

function create(
  texts: readonly string[],
  values: readonly Encoded[],
  schema: StandardSchema | undefined,
): SqlQuery {
  if (values.length > MAX_PARAMETERS) {
    throw new InvalidSqlValueError(`got ${values.length} parameters, takes at most ${MAX_PARAMETERS}`)
  }
  return new SqlQuery({ texts, values, schema }, KEY)
}

/** A part of a statement from text that this package or the author of a template wrote. */
export function trusted(text: string): SqlQuery {
  return create([text], [], undefined)
}

/** A part that is one parameter, followed by trusted text such as a cast. */
export function parameter(encoded: Encoded, cast = ''): SqlQuery {
  return create(['', cast], [encoded], undefined)
}

function encodePiece(piece: unknown): Encoded {
  if (looksLikeQuery(piece)) throw new UnsafeSqlError(`got ${describe(piece)} between \${ and }`)
  return encodeValue(piece)
}

/** Puts pieces one after the other: texts that are trusted, between them queries and values. */
export function assemble(
  trustedTexts: readonly string[],
  pieces: readonly unknown[],
  schema?: StandardSchema,
): SqlQuery {
  const texts: string[] = []
  const values: Encoded[] = []
  let last = trustedTexts[0] ?? ''
  for (let index = 0; index < pieces.length; index++) {
    const piece = pieces[index]
    const parts = partsOf(piece)
    if (parts === undefined) {
      values.push(encodePiece(piece))
      texts.push(last)
      last = ''
    } else {
      for (let value = 0; value < parts.values.length; value++) {
        texts.push(`${last}${parts.texts[value]}`)
        last = ''
        values.push(parts.values[value] ?? null)
      }
      last += parts.texts.at(-1) ?? ''
    }
    last += trustedTexts[index + 1] ?? ''
  }
  texts.push(last)
  return create(texts, values, schema)
}

/** Templates that were checked. The engine gives one place in the source the same array each time. */
const templates = new WeakSet<object>()
/** Statements of templates between whose strings only values stand, by those strings. */
const plain = new WeakMap<object, { readonly text: string; readonly facts: StatementFacts }>()

/** A query from a template and what stands between `${` and `}`: {@link assemble} where that is not values alone. */
export function fromTemplate(
  strings: unknown,
  pieces: readonly unknown[],
  schema?: StandardSchema,
): SqlQuery {
  const template = checkTemplate(strings)
  if (template.length !== pieces.length + 1)
    throw new UnsafeSqlError('the template and its values do not match')
  for (const piece of pieces) if (partsOf(piece) !== undefined) return assemble(template, pieces, schema)
  return create(template, pieces.map(encodePiece), schema)
}

/**
 * The strings of a template literal: frozen, with frozen raw strings. An array from JSON or a caller's string is none.
 *
 * @throws UNSAFE_SQL
 */
export function checkTemplate(strings: unknown): readonly string[] {
  if (typeof strings === 'object' && strings !== null && templates.has(strings))
    return strings as readonly string[]
  if (!isTemplate(strings)) throw new UnsafeSqlError('sql is a template tag: write sql`…`, never sql(…)')
  if (strings.some((part) => typeof part !== 'string' || part.includes('\u0000'))) {
    throw new UnsafeSqlError('the template holds an invalid escape or a NUL character')
  }
  templates.add(strings)
  return strings
}

function isTemplate(strings: unknown): strings is readonly string[] {
  // Its own `raw`: a polluted prototype would give one to every array.
  if (!Array.isArray(strings) || !Object.isFrozen(strings) || !Object.hasOwn(strings, 'raw')) return false
  const { raw } = strings as { raw?: unknown }
  return Array.isArray(raw) && Object.isFrozen(raw)
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
  let length = 0
  for (const value of values) length += value?.length ?? 0
  if (length > MAX_VALUE_LENGTH) {
    throw new InvalidSqlValueError(`the parameters are longer than ${MAX_VALUE_LENGTH} characters together`)
  }
  const { text, facts } = plain.get(texts) ?? numbered(texts)
  const { kind, commands, fingerprint, sha256, touchesSession } = facts
  return { text, values, kind, commands, fingerprint, sha256, touchesSession }
}

function numbered(texts: readonly string[]): { readonly text: string; readonly facts: StatementFacts } {
  let text = texts[0] ?? ''
  for (let index = 1; index < texts.length; index++) text += `$${index}${texts[index]}`
  const statement = { text, facts: factsOf(text, texts.length - 1) }
  if (templates.has(texts)) plain.set(texts, statement)
  return statement
}
