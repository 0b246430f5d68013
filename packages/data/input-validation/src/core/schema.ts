/** A JSON Schema that is an object. */
export type SchemaObject = Readonly<Record<string, unknown>>

/** Whether something is an object as a JSON Schema is one. */
export function isSchemaObject(value: unknown): value is SchemaObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Finds what a `$ref` means. */
export type Resolve = (ref: string, root: unknown) => unknown

/** Schemas by `$id`, as an app shares them. */
export type SharedSchemas = Readonly<Record<string, unknown>>

function at(root: unknown, pointer: string): unknown {
  let value = root
  for (const segment of pointer.split('/').slice(1)) {
    const name = decodeURIComponent(segment).replaceAll('~1', '/').replaceAll('~0', '~')
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    value = (value as Record<string, unknown>)[name]
  }
  return value
}

/** Resolves `#`, `#/definitions/a`, `shared#` and `shared#/properties/b`. What cannot be found is left to Ajv. */
export function resolverFor(shared: SharedSchemas): Resolve {
  return (ref, root) => {
    const hash = ref.indexOf('#')
    const id = hash === -1 ? ref : ref.slice(0, hash)
    const pointer = hash === -1 ? '' : ref.slice(hash + 1)
    const base = id === '' ? root : (shared[id] ?? shared[`${id}#`])
    return pointer === '' ? base : at(base, pointer)
  }
}

/** Keywords whose value is a schema, or several, of the very value that their own schema is for. */
export const IN_PLACE = ['allOf', 'anyOf', 'oneOf', 'then', 'else', 'dependentSchemas'] as const

/** The schemas within a keyword's value. */
export function schemasIn(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value as readonly unknown[]
  return isSchemaObject(value) ? [value] : []
}
