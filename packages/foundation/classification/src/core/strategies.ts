import type { InfoType } from './info-types.ts'
import { HIDDEN, maskText } from './masks.ts'
import { tokenOf } from './token.ts'

/**
 * What becomes of a value, from most to least shown: as it is; masked by its kind; a keyed token; its keyed
 * hash; `null`; left out; the whole answer refused.
 */
export const STRATEGIES = ['raw', 'partial', 'tokenize', 'hash', 'null', 'remove', 'reject'] as const

/** One of {@link STRATEGIES}. */
export type Strategy = (typeof STRATEGIES)[number]

/** Stands for a value that has to be left out. */
export const REMOVED: unique symbol = Symbol('removed')

/** Makes the same text of the same value, from which the value cannot be found without the key. */
export type KeyedHash = (infoType: InfoType, text: string) => string

/** The one of two strategies that shows less. */
export function stricter(a: Strategy, b: Strategy): Strategy {
  return STRATEGIES.indexOf(a) >= STRATEGIES.indexOf(b) ? a : b
}

/** Types are kept where JSON or the language has them; a value that says nothing stands for the hidden one. */
function hidePrimitive(infoType: InfoType, value: unknown): unknown {
  switch (typeof value) {
    case 'string':
      return maskText(infoType, value)
    case 'number':
      return 0
    case 'bigint':
      return 0n
    case 'boolean':
      return false
    case 'object':
      if (!(value instanceof Date)) return HIDDEN
      return infoType.startsWith('DATE') && !Number.isNaN(value.getTime())
        ? new Date(Date.UTC(value.getUTCFullYear(), 0, 1))
        : null
    case 'undefined':
    case 'function':
    case 'symbol':
      return REMOVED
  }
}

/**
 * Applies a strategy to one value that has no parts. `null` and `undefined` stay as they are, except where they are
 * to be left out. Numbers become 0, booleans `false`, dates of a person the first day of their year.
 *
 * @param hash needed for `hash` and `tokenize`; without one, and where it is no text, the value is masked
 * @returns what may be shown, or {@link REMOVED} for `remove` and `reject`
 */
export function applyStrategy(
  strategy: Strategy,
  infoType: InfoType,
  value: unknown,
  hash?: KeyedHash,
): unknown {
  if (strategy === 'raw') return value
  if (strategy === 'remove' || strategy === 'reject') return REMOVED
  if (value === null || value === undefined) return value
  if (strategy === 'null') return null
  if (typeof value === 'string' && hash !== undefined) {
    if (strategy === 'hash') return hash(infoType, value)
    if (strategy === 'tokenize') return tokenOf(infoType, value, hash)
  }
  return hidePrimitive(infoType, value)
}
