import { createHmac, randomBytes } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { DatabaseContextMissingError } from '../errors.ts'
import { encodeValue } from './values.ts'
import type { Encoded } from './values.ts'

/** Settings of a transaction by name, such as `{ 'app.current_user_id': 'u1' }`, for policies to read. */
export type ContextSettings = Readonly<Record<string, string>>

/** What a transaction is told of who asks. At least one of the three. */
export interface DatabaseContext {
  /** Settings for policies to read. */
  readonly settings?: ContextSettings | undefined
  /** The role that statements run as, one of the `roles` option. Default: the role that the connection logged in as. */
  readonly role?: string | undefined
  /** Schemas in which names without one are looked up, in order; those of temporary tables come last, always. */
  readonly searchPath?: readonly string[] | undefined
}

/** A checked context. */
export interface CheckedContext {
  /** Names of settings in the order in which they are set; each is safe to stand in a text of SQL. */
  readonly names: readonly string[]
  readonly values: readonly Encoded[]
  /** What a plan depends on beside the text: role and search path. */
  readonly planKey: string
  /**
   * 16 hexadecimal digits that are the same for equal contexts in this process, and tell nothing of them: keyed with a
   * secret that ends with it. `none` where nothing is told.
   */
  readonly hash: string
}

/** Names with a dot are the app's own: a server setting such as `role` or `search_path` has none. */
const NAME = /^[a-z_][a-z0-9_]{0,62}(?:\.[a-z_][a-z0-9_]{0,62})+$/
const MAX_LENGTH = 4_096
const MAX_IDENTIFIER = 63
const MAX_SCHEMAS = 16
const KEYS: ReadonlySet<string> = new Set(['settings', 'role', 'searchPath'])

/** That nobody is told anything. */
export const NO_CONTEXT: CheckedContext = Object.freeze({ names: [], values: [], planKey: '', hash: 'none' })

const secret = randomBytes(32)
const hashes = new LRUCache<string, string>({ max: 1_000 })
const knownNames = new LRUCache<string, true>({ max: 1_000 })

function hashOf(text: string): string {
  const known = hashes.get(text)
  if (known !== undefined) return known
  const hash = createHmac('sha256', secret).update(text).digest('hex').slice(0, 16)
  hashes.set(text, hash)
  return hash
}

function fail(reason: string): never {
  throw new DatabaseContextMissingError(reason)
}

function textOf(what: string, value: unknown): Encoded {
  if (typeof value !== 'string' || value.length > MAX_LENGTH) {
    return fail(`${what} takes a string of at most ${MAX_LENGTH} characters`)
  }
  try {
    return encodeValue(value)
  } catch {
    return fail(`${what} takes well-formed text without NUL`)
  }
}

function checkName(name: string): void {
  if (knownNames.get(name) === true) return
  if (!NAME.test(name)) fail('a setting is named like app.current_user_id, in lower case')
  knownNames.set(name, true)
}

/** A quoted search path that ends with the schema of temporary tables: else PostgreSQL would look there first. */
export function quoteSearchPath(schemas: unknown): string {
  if (!Array.isArray(schemas) || schemas.length === 0 || schemas.length > MAX_SCHEMAS) {
    return fail(`searchPath takes an array of 1 to ${MAX_SCHEMAS} schemas`)
  }
  const quoted = schemas.map((schema: unknown) => {
    const fits =
      typeof schema === 'string' &&
      schema !== '' &&
      schema.isWellFormed() &&
      !schema.includes('"') &&
      !schema.includes('\u0000') &&
      Buffer.byteLength(schema) <= MAX_IDENTIFIER
    // `$user` is a variable there; `pg_temp` and its like hold what anybody may have made.
    if (!fits || schema.startsWith('$') || /^pg_(temp|toast)/i.test(schema)) {
      return fail(`searchPath takes names of schemas, of at most ${MAX_IDENTIFIER} bytes and without quotes`)
    }
    return `"${schema}"`
  })
  return [...quoted, 'pg_temp'].join(', ')
}

/**
 * Checks a context.
 *
 * @param roles those that it may name
 * @throws DATABASE_CONTEXT_MISSING, whose message holds no value
 */
export function checkContext(context: unknown, roles: readonly string[]): CheckedContext {
  if (typeof context !== 'object' || context === null || Array.isArray(context)) {
    fail('context gave no object')
  }
  for (const key of Object.keys(context)) {
    if (!KEYS.has(key)) fail('context gives { settings, role, searchPath } and nothing else')
  }
  const { settings = {}, role, searchPath } = context as Record<string, unknown>
  if (typeof settings !== 'object' || settings === null || Array.isArray(settings)) {
    fail('settings takes an object of strings')
  }
  const names: string[] = []
  const values: Encoded[] = []
  for (const [name, value] of Object.entries(settings)) {
    checkName(name)
    names.push(name)
    values.push(textOf(name, value))
  }
  let planKey = ''
  if (searchPath !== undefined) {
    const path = quoteSearchPath(searchPath)
    names.push('search_path')
    values.push(path)
    planKey = path
  }
  if (role !== undefined) {
    if (typeof role !== 'string' || !roles.includes(role)) fail('role takes one of the roles option')
    // The last: what comes after it needs the rights of the new role.
    names.push('role')
    values.push(role)
    planKey = `${role} ${planKey}`
  }
  if (names.length === 0) fail('context gave neither settings nor a role nor a search path')
  return { names, values, planKey, hash: hashOf(JSON.stringify([names, values])) }
}

const texts = new LRUCache<string, string>({ max: 500 })

/** The statement that sets `names`, with a parameter for each, until the end of the transaction. */
export function contextText(names: readonly string[]): string {
  const key = names.join(' ')
  const known = texts.get(key)
  if (known !== undefined) return known
  const calls = names.map((name, index) => `pg_catalog.set_config('${name}', $${index + 1}, true)`)
  const text = `select ${calls.join(', ')}`
  texts.set(key, text)
  return text
}
