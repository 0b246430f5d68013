import { InvalidSchemaError } from '../../errors.ts'
import type { SchemaObject } from '../schema.ts'
import { isEmail } from './email.ts'
import { isUuid } from './uuid.ts'

type Text = string & { isWellFormed(): boolean }

const MIN_BIGINT = -(2n ** 63n)
const MAX_BIGINT = 2n ** 63n - 1n
const INTEGER = /^(?:0|-?[1-9]\d{0,18})$/
const PLAIN_IDENTIFIER = /^[a-z_][a-z0-9_$]*$/i
const MAX_IDENTIFIER = 63
const SLUG = /^[a-z0-9]+(?:-[a-z0-9]+)*$/
const E164 = /^\+[1-9]\d{6,14}$/
const CONTROL = /\p{Cc}/u

function isBigint(value: string): boolean {
  if (!INTEGER.test(value)) return false
  const number = BigInt(value)
  return number >= MIN_BIGINT && number <= MAX_BIGINT
}

function isHttpsUrl(value: string): boolean {
  if (!value.startsWith('https://') || CONTROL.test(value) || value.includes(' ')) return false
  if (!URL.canParse(value)) return false
  const { username, password } = new URL(value)
  return username === '' && password === ''
}

/** Formats of strings, by name. */
export const TEXT_FORMATS: Readonly<Record<string, (value: string) => boolean>> = {
  email: isEmail,
  uuid: isUuid,
  pgText: (value) => !value.includes('\0') && (value as Text).isWellFormed(),
  pgIdentifier: (value) => value.length <= MAX_IDENTIFIER && PLAIN_IDENTIFIER.test(value),
  bigintString: isBigint,
  slug: (value) => SLUG.test(value),
  e164: (value) => E164.test(value),
  httpsUrl: isHttpsUrl,
  printable: (value) => !CONTROL.test(value),
}

/** Formats of numbers, by name. */
export const NUMBER_FORMATS: Readonly<Record<string, (value: number) => boolean>> = {
  safeInteger: (value) => Number.isSafeInteger(value),
  positiveInt: (value) => Number.isSafeInteger(value) && value > 0,
}

/** Formats of numbers that ajv-formats has. */
const OTHER_NUMBERS = ['int32', 'int64', 'float', 'double']

/**
 * Refuses a format beside a type that it does not look at: it would let everything pass.
 *
 * @throws PORTCULLIS_INPUT_VALIDATION_INVALID_SCHEMA
 */
export function requireTypeOfFormat({ format, type, enum: members }: SchemaObject, where: string): void {
  if (typeof format !== 'string' || Array.isArray(members)) return
  const isNumber = Object.hasOwn(NUMBER_FORMATS, format) || OTHER_NUMBERS.includes(format)
  const takes = isNumber ? ['integer', 'number'] : ['string']
  const types = Array.isArray(type) ? (type as unknown[]) : [type]
  if (types.some((one) => takes.includes(String(one)))) return
  throw new InvalidSchemaError(
    `The format '${format}' at ${where} looks at values of type ${takes.join(' or ')} alone, and the schema does not say that type: it would let everything pass. Add type: '${takes[0]}'.`,
  )
}

/** `positiveInt` is `POSITIVE_INT`. */
function upperSnake(name: string): string {
  return name
    .replaceAll(/([a-z\d])([A-Z])/g, '$1_$2')
    .replaceAll('-', '_')
    .toUpperCase()
}

/** The code of an issue with a format: `INVALID_POSITIVE_INT`. */
export function codeOfFormat(format: string): string {
  return `INVALID_${upperSnake(format)}`
}
