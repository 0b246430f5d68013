import { types } from 'node:util'
import { InvalidSqlValueError } from '../errors.ts'

/** What may stand in a statement as a parameter. Objects need `sql.json`. */
export type SqlValue = string | number | bigint | boolean | null | Date | Uint8Array | readonly SqlValue[]

/** A value in PostgreSQL's text format, or bytes. */
export type Encoded = string | Buffer | null

/** The most parameters whose kinds are told. */
const MOST_TOLD = 100

/** Kinds and sizes of values as they are sent: text in characters, bytes, null. Tells no value. */
export function kindsOf(values: readonly Encoded[]): readonly string[] {
  const kinds = values.slice(0, MOST_TOLD).map((value) => {
    if (value === null) return 'null'
    return `${typeof value === 'string' ? 'text' : 'bytes'}(${value.length})`
  })
  return values.length > MOST_TOLD ? [...kinds, `[${values.length - MOST_TOLD} more]`] : kinds
}

/** The most parameters of one statement: their number is 16 bits wide in the protocol. */
export const MAX_PARAMETERS = 65_535
const MAX_ARRAY_DEPTH = 6
const NUL = '\u0000'

function invalid(got: string, takes: string): Error {
  return new InvalidSqlValueError(`got ${got}, takes ${takes}`)
}

/**
 * The string itself.
 *
 * @throws INVALID_SQL_VALUE for one with a NUL character or half a surrogate pair, which PostgreSQL cannot store
 */
function checkText(value: string): string {
  if (value.includes(NUL)) throw invalid('text with a NUL character', 'text without')
  if (!value.isWellFormed()) throw invalid('text with half a surrogate pair', 'well-formed Unicode')
  return value
}

function encodeNumber(value: number): string {
  if (!Number.isFinite(value)) throw invalid('a number that is not finite', 'a finite number')
  return Object.is(value, -0) ? '-0' : String(value)
}

function encodeDate(value: Date): string {
  const year = value.getUTCFullYear()
  if (!(year >= 1 && year <= 9999)) {
    throw invalid('an invalid date or one outside the years 1 to 9999', 'a date within them')
  }
  return value.toISOString()
}

interface EncodedArray {
  readonly text: string
  /** The lengths of its dimensions: equal ones have the same shape. */
  readonly shape: string
}

function encodeItem(item: unknown): string {
  const encoded = encodeValue(item)
  if (encoded === null) return 'NULL'
  if (typeof encoded !== 'string') return String.raw`"\\x${encoded.toString('hex')}"`
  return `"${encoded.replaceAll('\\', '\\\\').replaceAll('"', String.raw`\"`)}"`
}

/** PostgreSQL's arrays are boxes: their parts have one shape. An empty part would make the whole array come back empty. */
function encodeArray(value: readonly unknown[], depth: number): EncodedArray {
  if (depth > MAX_ARRAY_DEPTH)
    throw invalid('an array that is too deep', `at most ${MAX_ARRAY_DEPTH} dimensions`)
  if (depth > 1 && value.length === 0) throw invalid('an empty array in an array', 'parts that are not empty')
  let shape: string | undefined
  const items = Array.from(value, (item) => {
    const part = Array.isArray(item) ? encodeArray(item, depth + 1) : { text: encodeItem(item), shape: '' }
    shape ??= part.shape
    if (part.shape !== shape) throw invalid('an array of parts that differ in shape', 'parts of one shape')
    return part.text
  })
  return { text: `{${items.join(',')}}`, shape: `${items.length} ${shape ?? ''}` }
}

/**
 * Encodes a value as a parameter. Dates become UTC with milliseconds; arrays become PostgreSQL's array literals. What
 * comes back is a copy: changing the value later changes nothing.
 *
 * @throws INVALID_SQL_VALUE, whose message never holds the value
 */
export function encodeValue(value: unknown): Encoded {
  switch (typeof value) {
    case 'string':
      return checkText(value)
    case 'number':
      return encodeNumber(value)
    case 'bigint':
    case 'boolean':
      return String(value)
    case 'object':
      break
    default:
      throw invalid(`a value of type ${typeof value}`, 'null where nothing is meant')
  }
  if (value === null) return null
  if (Array.isArray(value)) return encodeArray(value, 1).text
  if (types.isDate(value)) return encodeDate(value)
  if (types.isUint8Array(value)) return Buffer.from(value)
  throw invalid('an object', 'a scalar; wrap it in sql.json() where JSON is meant')
}

/**
 * Encodes a value as JSON text that `jsonb` takes.
 *
 * @throws INVALID_SQL_VALUE for what JSON would drop or change without a word (undefined in an array, functions, symbols,
 * bigint, NaN, invalid dates), cycles, and text that PostgreSQL cannot store
 */
export function encodeJson(value: unknown): string {
  function check(this: unknown, key: string, item: unknown): unknown {
    checkText(key)
    const original = (this as Record<string, unknown>)[key]
    if (types.isDate(original)) encodeDate(original)
    if (typeof item === 'string') checkText(item)
    if (typeof item === 'number') encodeNumber(item)
    const lost = item === undefined && (Array.isArray(this) || key === '')
    if (lost || typeof item === 'function' || typeof item === 'symbol' || typeof item === 'bigint') {
      throw invalid(`a value of type ${typeof item} in JSON`, 'what JSON can say')
    }
    return item
  }
  try {
    return JSON.stringify(value, check)
  } catch (error) {
    if (error instanceof InvalidSqlValueError) throw error
    throw invalid('an object that has no JSON form', 'one without cycles')
  }
}
