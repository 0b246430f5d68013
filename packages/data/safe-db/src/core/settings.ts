import { DatabaseContextMissingError } from '../errors.ts'
import { encodeValue } from './values.ts'
import type { Encoded } from './values.ts'

/** Settings of a transaction by name, such as `{ 'app.current_user_id': 'u1' }`, for policies to read. */
export type ContextSettings = Readonly<Record<string, string>>

/** Names with a dot are the app's own: a server setting such as `role` or `search_path` has none. */
const NAME = /^[a-z_][a-z0-9_]{0,62}(?:\.[a-z_][a-z0-9_]{0,62})+$/
const MAX_LENGTH = 4_096

/**
 * Checks settings and gives them as parameters: name, value, name, value, …
 *
 * @throws DATABASE_CONTEXT_MISSING, whose message holds no value
 */
export function settingsToParameters(settings: unknown): readonly Encoded[] {
  if (typeof settings !== 'object' || settings === null || Array.isArray(settings)) {
    throw new DatabaseContextMissingError('context gave no object of settings')
  }
  const entries = Object.entries(settings)
  if (entries.length === 0) throw new DatabaseContextMissingError('context gave no setting')
  return entries.flatMap(([name, value]: [string, unknown]) => {
    if (!NAME.test(name)) {
      throw new DatabaseContextMissingError('a setting is named like app.current_user_id, in lower case')
    }
    if (typeof value !== 'string' || value.length > MAX_LENGTH) {
      throw new DatabaseContextMissingError(`${name} takes a string of at most ${MAX_LENGTH} characters`)
    }
    return [name, safe(name, value)]
  })
}

function safe(name: string, value: string): Encoded {
  try {
    return encodeValue(value)
  } catch {
    throw new DatabaseContextMissingError(`${name} takes well-formed text without NUL`)
  }
}
