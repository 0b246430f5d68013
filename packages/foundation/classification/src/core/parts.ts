import { types } from 'node:util'

/** One part of an object, which is read when its turn comes: reading may run code of its owner. */
export type Entry = readonly [key: string, read: () => unknown]

/** What a value is to the walker: something without parts, a list, or parts by name. */
export type Parts =
  | { readonly kind: 'leaf'; readonly value: unknown }
  | { readonly kind: 'list'; readonly items: readonly unknown[]; readonly isWhole: boolean }
  | { readonly kind: 'entries'; readonly entries: readonly Entry[]; readonly isWhole: boolean }

const leaf = (value: unknown): Parts => ({ kind: 'leaf', value })

/** The first items of anything that can be iterated, and whether these are all. */
function take<Item>(
  items: Iterable<Item>,
  most: number,
): { readonly items: readonly Item[]; readonly isWhole: boolean } {
  const taken: Item[] = []
  for (const item of items) {
    if (taken.length >= most) return { items: taken, isWhole: false }
    taken.push(item)
  }
  return { items: taken, isWhole: true }
}

function listOf(value: readonly unknown[], most: number): Parts {
  const { length } = value
  // By index, since a list may have an iterator of its own.
  const items = Array.from({ length: Math.min(length, most) }, (_, index) => value[index])
  return { kind: 'list', items, isWhole: items.length === length }
}

function entriesOf(pairs: Iterable<readonly [unknown, unknown]>, most: number): Parts {
  const { items, isWhole } = take(pairs, most)
  const entries = items.map<Entry>(([key, one]) => [
    typeof key === 'string' || typeof key === 'number' ? String(key) : `[${typeof key}]`,
    () => one,
  ])
  return { kind: 'entries', entries, isWhole }
}

/** What an error says that is none of its enumerable members. */
const OF_ERRORS = ['name', 'message', 'stack', 'cause', 'errors'] as const

function membersOf(value: object, most: number, json: boolean): Parts {
  const keys = Object.keys(value)
  if (!json && value instanceof Error)
    keys.push(...OF_ERRORS.filter((key) => Reflect.get(value, key) !== undefined))
  const shown = [...new Set(keys.slice(0, most))]
  const entries = shown.map<Entry>((key) => [key, () => Reflect.get(value, key)])
  return { kind: 'entries', entries, isWhole: keys.length <= most }
}

/** What `JSON.stringify` would ask a value for, or the value where it would not. */
function represented(value: object): unknown {
  const toJson: unknown = Reflect.get(value, 'toJSON')
  return typeof toJson === 'function' ? Reflect.apply(toJson, value, ['']) : value
}

/** A date of its own, unless it wants to be something else. */
function dateOf(value: Date): unknown {
  const isPlain = Reflect.get(value, 'toJSON') === Date.prototype.toJSON
  return isPlain ? new Date(Date.prototype.getTime.call(value)) : represented(value)
}

/** Values that hold their content where no key leads to it. Their own methods are not asked: those may be anything. */
function insideOf(value: object, most: number): Parts | undefined {
  if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) return leaf('[Binary]')
  if (types.isMap(value)) return entriesOf(Map.prototype.entries.call(value), most)
  if (types.isSet(value)) {
    const { items, isWhole } = take(Set.prototype.values.call(value), most)
    return { kind: 'list', items, isWhole }
  }
  if (value instanceof URLSearchParams) return entriesOf(URLSearchParams.prototype.entries.call(value), most)
  if (value instanceof Headers) return entriesOf(Headers.prototype.entries.call(value), most)
  if (types.isRegExp(value)) return leaf(RegExp.prototype.toString.call(value))
  if (types.isPromise(value)) return leaf('[Promise]')
  return undefined
}

function ofPrimitive(value: unknown, json: boolean): unknown {
  if (typeof value === 'symbol') return json ? undefined : '[Symbol]'
  return value
}

function ofObject(value: object, most: number, json: boolean): Parts {
  if (types.isDate(value)) return leaf(new Date(Date.prototype.getTime.call(value)))
  if (types.isBoxedPrimitive(value)) return leaf(ofPrimitive(value.valueOf(), json))
  if (Array.isArray(value)) return listOf(value, most)
  return (json ? undefined : insideOf(value, most)) ?? membersOf(value, most, json)
}

/**
 * The parts of any value, as JSON sees it, or, where `json` is false, with what JSON does not see: Maps, Sets, headers, the
 * message and cause of errors. Binary data is then one value. Throws what the value's own code throws.
 *
 * @param most parts that are read; a list or object has no end that could be trusted
 */
export function partsOf(value: unknown, most: number, json: boolean): Parts {
  if (typeof value === 'function') {
    const shown = represented(value)
    if (shown === value) return leaf(json ? undefined : '[Function]')
    return typeof shown === 'object' && shown !== null
      ? ofObject(shown, most, json)
      : leaf(ofPrimitive(shown, json))
  }
  if (typeof value !== 'object' || value === null) return leaf(ofPrimitive(value, json))
  if (types.isDate(value)) return leaf(dateOf(value))
  // Before `toJSON`, which spells out each byte.
  const inside = json ? undefined : insideOf(value, most)
  if (inside !== undefined) return inside
  const shown = represented(value)
  if (typeof shown === 'function') return leaf(json ? undefined : '[Function]')
  return typeof shown === 'object' && shown !== null
    ? ofObject(shown, most, json)
    : leaf(ofPrimitive(shown, json))
}
