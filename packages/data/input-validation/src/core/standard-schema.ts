/** A schema of any library that follows Standard Schema (version 1): Zod, Valibot, ArkType and others. */
export interface StandardSchema {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => StandardResult | Promise<StandardResult>
  }
}

interface StandardIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
  /** Not of the standard; Zod and others have it. */
  readonly code?: unknown
  readonly type?: unknown
}

/** What a Standard Schema says of a value. */
type StandardResult =
  | { readonly value: unknown; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] }

/** Whether something is a Standard Schema. */
export function isStandardSchema(schema: unknown): schema is StandardSchema {
  if ((typeof schema !== 'object' && typeof schema !== 'function') || schema === null) return false
  const standard: unknown = (schema as Partial<StandardSchema>)['~standard']
  return typeof (standard as StandardSchema['~standard'] | undefined)?.validate === 'function'
}

const CODE = /^[a-z][a-z_]*$/i

/**
 * The issues of a Standard Schema without their messages, which may hold the value: codes in upper snake case where the
 * library has some, else `INVALID`.
 */
export function findingsOf(issues: readonly StandardIssue[]): { path: (string | number)[]; code: string }[] {
  return issues.map(({ path = [], code, type }) => {
    const given = [code, type].find((one) => typeof one === 'string' && CODE.test(one))
    const keys = path.map((segment) => (typeof segment === 'object' ? segment.key : segment))
    return {
      path: keys.map((key) => (typeof key === 'number' ? key : String(key))),
      code: typeof given === 'string' ? given.toUpperCase() : 'INVALID',
    }
  })
}
