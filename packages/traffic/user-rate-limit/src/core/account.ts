import { InvalidIdentity } from './failures.ts'
import { foldAccountName } from './partition-key.ts'

/** What a request says its account is: a folded name, nothing, or something that is no name. */
export type AccountReading = { readonly name: string } | 'absent' | 'invalid'

/**
 * Reads an account name that a client sent: folded, so that no spelling has a budget of its own. A whole number is its
 * digits. Text that is empty or longer than 1,024 characters, and all else, is `invalid`; `undefined` and `null` are
 * `absent`.
 */
export function readAccount(value: unknown): AccountReading {
  if (value === undefined || value === null) return 'absent'
  if (typeof value === 'number') return Number.isSafeInteger(value) ? { name: String(value) } : 'invalid'
  if (typeof value !== 'string') return 'invalid'
  try {
    return { name: foldAccountName(value) }
  } catch (error) {
    if (error instanceof InvalidIdentity) return 'invalid'
    throw error
  }
}

/** What stands in a value that a client sent, member by member; `undefined` where there is no such member of its own. */
export function memberAt(value: unknown, path: readonly string[]): unknown {
  let found = value
  for (const name of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, name)) return undefined
    found = (found as Readonly<Record<string, unknown>>)[name]
  }
  return found
}
