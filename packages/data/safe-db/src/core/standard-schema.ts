/** What a schema says about one wrong value. Its message may hold the value. */
interface Issue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** What a schema answers. */
type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly Issue[] }

/**
 * A schema of zod, valibot, ArkType, TypeBox or any other library that follows the Standard Schema.
 *
 * Source: https://standardschema.dev, version 1.
 */
export interface StandardSchema<Output = unknown> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    validate(value: unknown): SchemaResult<Output> | Promise<SchemaResult<Output>>
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined
  }
}

/** Whether something is a {@link StandardSchema}. ArkType's are functions. */
export function isStandardSchema(value: unknown): value is StandardSchema {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false
  const { '~standard': standard } = value as { '~standard'?: unknown }
  if (typeof standard !== 'object' || standard === null) return false
  const { version, validate } = standard as { version?: unknown; validate?: unknown }
  return version === 1 && typeof validate === 'function'
}

/** The column that a schema complains about first, where it is one of the row's. */
export function columnOf(row: object, issues: readonly Issue[]): string | undefined {
  const [first] = issues[0]?.path ?? []
  const key = typeof first === 'object' ? first.key : first
  return typeof key === 'string' && Object.hasOwn(row, key) ? key : undefined
}
