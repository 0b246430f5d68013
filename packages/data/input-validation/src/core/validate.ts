import { InvalidSchemaError } from '../errors.ts'
import { Collector } from './collect.ts'
import { compileSchema } from './compile.ts'
import type { CompiledSchema } from './compile.ts'
import { inspect } from './inspect.ts'
import type { Issue, Messages } from './issue.ts'
import { boundsOf, DEFAULT_PROFILE } from './profile.ts'
import type { Profile } from './profile.ts'
import { isSchemaObject } from './schema.ts'
import { findingsOf, isStandardSchema } from './standard-schema.ts'
import type { StandardSchema } from './standard-schema.ts'

/** What {@link validate} answers. `value` is what a Standard Schema made of the input; else the input itself. */
export type Validation =
  | { readonly ok: true; readonly value: unknown; readonly issues: readonly [] }
  | { readonly ok: false; readonly issues: readonly Issue[] }

/** What {@link validate} may be told. */
export interface ValidateOptions extends Partial<Profile> {
  readonly messages?: Messages
}

/** A JSON Schema (TypeBox's are), or a Standard Schema such as Zod's. */
export type InputSchema = StandardSchema | Readonly<Record<string, unknown>>

const open = new WeakMap<object, CompiledSchema>()
const closed = new WeakMap<object, CompiledSchema>()
const NO_NAMES: ReadonlySet<string> = new Set()

function compiled(schema: object, isClosed: boolean): CompiledSchema {
  const cache = isClosed ? closed : open
  const known = cache.get(schema)
  if (known !== undefined) return known
  const made = compileSchema(schema, { closed: isClosed, defaults: false })
  cache.set(schema, made)
  return made
}

/**
 * Validates a value outside of routes, by the same profile: all that is wrong with it at once, never the value. The value
 * stays as it is; defaults are not filled in. Schemas are compiled once for each object.
 *
 * @throws PORTCULLIS_INPUT_VALIDATION_INVALID_SCHEMA for a schema that cannot be used, or a Standard Schema that answers
 * later
 */
export function validate(schema: InputSchema, value: unknown, options: ValidateOptions = {}): Validation {
  const { messages = {}, ...given } = options
  const profile: Profile = { ...DEFAULT_PROFILE, ...given }
  const collector = new Collector(profile.maxIssues, messages)
  const isStandard = isStandardSchema(schema)
  if (!isStandard && !isSchemaObject(schema)) {
    throw new InvalidSchemaError('This is no schema: take a JSON Schema or a Standard Schema.')
  }
  const json = isStandard ? undefined : compiled(schema, !profile.allow.includes('unknownKeys'))
  const names = json?.names ?? NO_NAMES
  const { findings } = inspect(value, boundsOf(profile), true, profile.maxIssues)
  for (const finding of findings) collector.add('', finding, names)
  // What is too deep or too long is not looked at any further.
  if (!collector.isEmpty) return { ok: false, issues: collector.issues }
  if (json !== undefined) {
    for (const finding of json.check(value) ?? []) collector.add('', finding, names)
    return collector.isEmpty ? { ok: true, value, issues: [] } : { ok: false, issues: collector.issues }
  }
  const result = (schema as StandardSchema)['~standard'].validate(value)
  if (result instanceof Promise) {
    // Nobody waits for it.
    result.catch(() => undefined)
    throw new InvalidSchemaError(
      'The schema answers later, and validate() does not wait: take a schema that answers at once.',
    )
  }
  if (result.issues === undefined) return { ok: true, value: result.value, issues: [] }
  for (const finding of findingsOf(result.issues)) collector.add('', finding, 'all')
  return { ok: false, issues: collector.issues }
}
