import type { TokenKey } from '../core/key.ts'

/** Keys, or where to read them again and again: see {@link secretKeys}. */
export type KeySource = readonly TokenKey[] | (() => Promise<readonly TokenKey[]>)

/** Secrets that refresh tokens are derived with, the current one first, or where to read them again and again. */
export type RefreshSecretSource = readonly string[] | (() => Promise<readonly string[]>)

/** Reads a source once. */
export async function readSource<Item>(
  source: readonly Item[] | (() => Promise<readonly Item[]>),
): Promise<readonly Item[]> {
  return typeof source === 'function' ? source() : source
}
