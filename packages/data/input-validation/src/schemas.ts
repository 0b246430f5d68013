import type { SchemaObject } from './core/schema.ts'

/** A version of UUIDs by RFC 9562. */
export type UuidVersion = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8

/** A JSON Schema of strings that are UUIDs in the form of RFC 9562, of the given versions. Default: of every version. */
export function uuid({ versions }: { readonly versions?: readonly UuidVersion[] } = {}): SchemaObject {
  return { type: 'string', format: 'uuid', ...(versions === undefined ? {} : { uuidVersions: versions }) }
}

/** A JSON Schema of strings that are email addresses: HTML's form, at most 64 and 254 octets, international domains. */
export function email(): SchemaObject {
  return { type: 'string', format: 'email' }
}

/** A JSON Schema of whole numbers above 0 that are represented exactly. */
export function positiveInt(): SchemaObject {
  return { type: 'integer', format: 'positiveInt' }
}
