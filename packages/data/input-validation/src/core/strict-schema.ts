import { checkPattern } from './check-pattern.ts'
import { requireTypeOfFormat } from './formats/index.ts'
import { IN_PLACE, isSchemaObject, schemasIn } from './schema.ts'
import type { Resolve, SchemaObject } from './schema.ts'

/** What is made of a schema. */
export interface StrictRules {
  /** Whether objects take no members but those that are named. */
  readonly closed: boolean
  readonly resolve: Resolve
  /** Collects the member names that schemas have. */
  readonly names: Set<string>
}

/** Keywords that hold one schema, or an array of them, each for a value within the value. */
const VALUES = ['items', 'prefixItems', 'additionalItems', 'unevaluatedItems', 'additionalProperties']
/** Keywords that hold schemas by name, each for a value within the value. */
const VALUES_BY_NAME = ['properties', 'patternProperties']
/** Keywords that hold schemas by name to be referred to. */
const DEFINITIONS = ['definitions', '$defs']
/** Keywords within which a closed object would mean something else. */
const TESTS = ['not', 'if', 'contains', 'propertyNames']
const BY_NAME = new Set([...VALUES_BY_NAME, ...DEFINITIONS, 'dependentSchemas', 'dependencies'])

/** Whether a schema names members, itself or through what it is composed of. */
function namesMembers(schema: unknown, root: unknown, rules: StrictRules, seen: Set<unknown>): boolean {
  if (!isSchemaObject(schema) || seen.has(schema)) return false
  seen.add(schema)
  if (isSchemaObject(schema['properties']) || isSchemaObject(schema['patternProperties'])) return true
  const { $ref: ref } = schema
  if (
    typeof ref === 'string' &&
    namesMembers(rules.resolve(ref, root), rootOf(ref, root, rules), rules, seen)
  )
    return true
  return IN_PLACE.some((keyword) => {
    const value = schema[keyword]
    const parts =
      keyword === 'dependentSchemas' && isSchemaObject(value) ? Object.values(value) : schemasIn(value)
    return parts.some((part) => namesMembers(part, root, rules, seen))
  })
}

function rootOf(ref: string, root: unknown, rules: StrictRules): unknown {
  const hash = ref.indexOf('#')
  const id = hash === -1 ? ref : ref.slice(0, hash)
  return id === '' ? root : rules.resolve(`${id}#`, root)
}

function isComposed(schema: SchemaObject): boolean {
  return schema['$ref'] !== undefined || IN_PLACE.some((keyword) => schema[keyword] !== undefined)
}

/** Closes the schema of a value, unless it says itself what else it takes. */
function close(copy: Record<string, unknown>, schema: SchemaObject, root: unknown, rules: StrictRules): void {
  if (schema['additionalProperties'] !== undefined || schema['unevaluatedProperties'] !== undefined) return
  if (!namesMembers(schema, root, rules, new Set())) return
  copy[isComposed(schema) ? 'unevaluatedProperties' : 'additionalProperties'] = false
}

type Position = 'value' | 'in place' | 'test'

/**
 * Copies a schema, so that it takes nothing it does not name, and checks what Ajv would let pass: expressions that can
 * backtrack, and formats that would look at nothing.
 *
 * @throws PORTCULLIS_INPUT_VALIDATION_INVALID_SCHEMA
 */
export function strictSchema(schema: unknown, rules: StrictRules): unknown {
  return copyOf(schema, schema, rules, 'value', '#')
}

/** The same of a schema that others refer to: it is closed where it is used. */
export function strictShared(schema: unknown, rules: StrictRules): unknown {
  return copyOf(schema, schema, rules, 'in place', '#')
}

function copyOf(
  schema: unknown,
  root: unknown,
  rules: StrictRules,
  position: Position,
  where: string,
): unknown {
  if (!isSchemaObject(schema)) return schema
  requireTypeOfFormat(schema, where)
  const copy: Record<string, unknown> = {}
  for (const [keyword, value] of Object.entries(schema)) {
    // Annotations, which say nothing about values; TypeBox marks its schemas with `~` and symbols.
    if (keyword === '$schema' || keyword.startsWith('x-') || keyword.startsWith('~')) continue
    if (keyword === 'pattern' && typeof value === 'string') checkPattern(value, where)
    copy[keyword] = copyOfKeyword(keyword, value, root, rules, position, `${where}/${keyword}`)
  }
  if (position === 'value' && rules.closed) close(copy, schema, root, rules)
  return copy
}

function copyOfKeyword(
  keyword: string,
  value: unknown,
  root: unknown,
  rules: StrictRules,
  position: Position,
  where: string,
): unknown {
  const inner = positionOf(keyword, position)
  if (inner === undefined) return value
  if (BY_NAME.has(keyword) && isSchemaObject(value)) {
    const entries = Object.entries(value).map(([name, one]) => {
      if (keyword === 'patternProperties') checkPattern(name, where)
      else if (keyword === 'properties') rules.names.add(name)
      return [name, copyOf(one, root, rules, inner, `${where}/${name}`)] as const
    })
    return Object.fromEntries(entries)
  }
  if (Array.isArray(value))
    return value.map((one, index) => copyOf(one, root, rules, inner, `${where}/${index}`))
  return copyOf(value, root, rules, inner, where)
}

function positionOf(keyword: string, position: Position): Position | undefined {
  if (TESTS.includes(keyword)) return 'test'
  const within = position === 'test' ? 'test' : undefined
  if (VALUES.includes(keyword) || VALUES_BY_NAME.includes(keyword)) return within ?? 'value'
  if (DEFINITIONS.includes(keyword) || keyword === 'dependencies') return within ?? 'in place'
  return (IN_PLACE as readonly string[]).includes(keyword) ? (within ?? 'in place') : undefined
}
