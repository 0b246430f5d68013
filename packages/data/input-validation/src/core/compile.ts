import { Ajv2019 } from 'ajv/dist/2019.js'
import type { ErrorObject, ValidateFunction } from 'ajv/dist/2019.js'
import addFormatsModule from 'ajv-formats'
import { InvalidSchemaError } from '../errors.ts'
import { codeOfFormat, NUMBER_FORMATS, TEXT_FORMATS } from './formats/index.ts'
import { uuidVersion } from './formats/uuid.ts'
import { resolverFor } from './schema.ts'
import type { Resolve, SharedSchemas } from './schema.ts'
import { strictSchema, strictShared } from './strict-schema.ts'

// Its types are those of an ES module, its code that of CommonJS.
const addFormats = addFormatsModule as unknown as typeof addFormatsModule.default

/** Something that a schema found, before it is told to anybody. */
interface Finding {
  readonly path: readonly (string | number)[]
  readonly code: string
  readonly format?: string
}

/** A compiled schema. It fills in defaults where it was compiled to. */
export interface CompiledSchema {
  /** @returns nothing where the value is as the schema says */
  readonly check: (value: unknown) => readonly Finding[] | undefined
  /** The member names that the schema has: all others are the client's. */
  readonly names: ReadonlySet<string>
  readonly resolve: Resolve
}

/** How schemas are compiled. */
export interface CompileOptions {
  /** Whether objects take no members but those that are named. */
  readonly closed: boolean
  /** Whether `default` is filled in. */
  readonly defaults: boolean
  readonly shared?: SharedSchemas
}

const CODES: Readonly<Record<string, string>> = {
  type: 'INVALID_TYPE',
  nullable: 'INVALID_TYPE',
  required: 'REQUIRED',
  dependentRequired: 'REQUIRED',
  dependencies: 'REQUIRED',
  additionalProperties: 'UNKNOWN_KEY',
  unevaluatedProperties: 'UNKNOWN_KEY',
  'false schema': 'UNKNOWN_KEY',
  propertyNames: 'UNKNOWN_KEY',
  pattern: 'INVALID_PATTERN',
  enum: 'NOT_ALLOWED',
  const: 'NOT_ALLOWED',
  minLength: 'TOO_SHORT',
  maxLength: 'TOO_LONG',
  minItems: 'TOO_FEW_ITEMS',
  minContains: 'TOO_FEW_ITEMS',
  contains: 'TOO_FEW_ITEMS',
  maxItems: 'TOO_MANY_ITEMS',
  maxContains: 'TOO_MANY_ITEMS',
  additionalItems: 'TOO_MANY_ITEMS',
  unevaluatedItems: 'TOO_MANY_ITEMS',
  uniqueItems: 'DUPLICATE_ITEMS',
  minProperties: 'TOO_SMALL',
  maxProperties: 'TOO_BIG',
  minimum: 'TOO_SMALL',
  exclusiveMinimum: 'TOO_SMALL',
  maximum: 'TOO_BIG',
  exclusiveMaximum: 'TOO_BIG',
  multipleOf: 'NOT_A_MULTIPLE',
  anyOf: 'NO_ALTERNATIVE',
  oneOf: 'NO_ALTERNATIVE',
  uuidVersions: 'INVALID_UUID_VERSION',
}

/** The words that OpenAPI and others add to schemas, which say nothing about values. */
const ANNOTATIONS = ['example', 'xml', 'externalDocs', 'discriminator']

/** The same text for values that JSON Schema takes for equal: members in any order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_name, one: unknown) =>
    typeof one === 'object' && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  )
}

function createAjv(allErrors: boolean, useDefaults: boolean): Ajv2019 {
  const ajv = new Ajv2019({
    allErrors,
    useDefaults,
    coerceTypes: false,
    removeAdditional: false,
    strict: true,
    strictTypes: false,
    strictTuples: false,
    strictRequired: false,
    messages: false,
    logger: false,
  })
  addFormats(ajv)
  for (const [name, validate] of Object.entries(TEXT_FORMATS))
    ajv.addFormat(name, { type: 'string', validate })
  for (const [name, validate] of Object.entries(NUMBER_FORMATS))
    ajv.addFormat(name, { type: 'number', validate })
  ajv.addVocabulary([...ANNOTATIONS])
  ajv.addKeyword({
    keyword: 'uuidVersions',
    type: 'string',
    schemaType: 'array',
    validate: (versions: readonly number[], value: string) => versions.includes(uuidVersion(value) ?? 0),
    errors: false,
  })
  // Ajv compares each item with each other; this is linear in the size of the array.
  ajv.removeKeyword('uniqueItems')
  ajv.addKeyword({
    keyword: 'uniqueItems',
    type: 'array',
    schemaType: 'boolean',
    validate: (unique: boolean, items: readonly unknown[]) =>
      !unique || new Set(items.map((item) => canonical(item))).size === items.length,
    errors: false,
  })
  return ajv
}

function pathOf(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'))
}

/** Errors that only say that another one stands elsewhere. */
const REPEATS = new Set(['if', 'not', 'discriminator'])

function findingOf({ keyword, instancePath, params }: ErrorObject): Finding {
  const path = pathOf(instancePath)
  const { missingProperty, format } = params as { missingProperty?: unknown; format?: unknown }
  if (keyword === 'format' && typeof format === 'string') return { path, code: codeOfFormat(format), format }
  const code = CODES[keyword] ?? 'INVALID'
  return code === 'REQUIRED' && typeof missingProperty === 'string'
    ? { path: [...path, missingProperty], code }
    : { path, code }
}

/**
 * Compiles a JSON Schema (drafts 6 to 2019-09) strictly: nothing is coerced or dropped, and what Ajv would silently let
 * pass is refused.
 *
 * @throws PORTCULLIS_INPUT_VALIDATION_INVALID_SCHEMA
 */
export function compileSchema(
  schema: unknown,
  { closed, defaults, shared = {} }: CompileOptions,
): CompiledSchema {
  const rules = { closed, resolve: resolverFor(shared), names: new Set<string>() }
  const strict = strictSchema(schema, rules) as object | boolean
  const others = Object.values(shared).map((one) => strictShared(one, rules) as object)
  const compile = (allErrors: boolean): ValidateFunction => {
    try {
      const ajv = createAjv(allErrors, defaults)
      for (const other of others) ajv.addSchema(other)
      return ajv.compile(strict)
    } catch (error) {
      if (error instanceof InvalidSchemaError) throw error
      throw new InvalidSchemaError(`The schema cannot be used: ${(error as Error).message}.`)
    }
  }
  // The first wrong thing ends this one; only where there is one, all are looked for.
  const first = compile(false)
  let all: ValidateFunction | undefined
  return {
    names: rules.names,
    resolve: rules.resolve,
    check(value) {
      if (first(value)) return undefined
      all ??= compile(true)
      all(value)
      const errors = all.errors ?? []
      // What is of another type is not told to be of another format as well.
      const otherType = new Set(
        errors.filter(({ keyword }) => keyword === 'type').map((one) => one.instancePath),
      )
      const told = errors.filter(
        ({ keyword, instancePath }) =>
          !REPEATS.has(keyword) && !(keyword === 'format' && otherType.has(instancePath)),
      )
      return (told.length === 0 ? errors : told).map(findingOf)
    },
  }
}
