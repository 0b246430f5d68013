import { hash } from 'node:crypto'
import { maskText } from './mask-text.ts'
import { isSensitiveName, MASKED } from './sensitive-names.ts'

/** What can be recorded: JSON without surprises. */
export type Recordable =
  | string
  | number
  | boolean
  | null
  | readonly Recordable[]
  | { readonly [name: string]: Recordable }

const LONGEST_TEXT = 1024
const LONGEST_NAME = 128
const DEEPEST = 8
const MOST_MEMBERS = 100

/** How many values of one event are looked at. */
interface Budget {
  left: number
}

/** A text, masked; a long one as its head, length and hash, so that nothing is cut without a trace. */
export function recordableText(text: string, longest: number = LONGEST_TEXT): Recordable {
  if (text.length <= longest) return maskText(text)
  return { head: maskText(text.slice(0, longest)), length: text.length, sha256: hash('sha256', text, 'hex') }
}

function recordableScalar(value: unknown): Recordable | undefined {
  if (value === null || typeof value === 'boolean') return value
  if (typeof value === 'string') return recordableText(value)
  if (typeof value === 'number') {
    // A card's number is one, written without quotes, too.
    const text = String(value)
    return Number.isFinite(value) && maskText(text) === text ? value : maskText(text)
  }
  if (typeof value === 'bigint') return recordableText(String(value))
  if (typeof value !== 'object') return `[${typeof value}]`
  return undefined
}

function read(target: object, name: string): unknown {
  try {
    return (target as Record<string, unknown>)[name]
  } catch {
    return '[threw]'
  }
}

function walkMembers(value: object, ancestors: readonly object[], budget: Budget): Recordable {
  const names = Object.keys(value)
  // Without a prototype, a member named __proto__ is a member like others.
  const members = Object.create(null) as Record<string, Recordable>
  for (const name of names.slice(0, MOST_MEMBERS)) {
    const member = read(value, name)
    // As in JSON.
    if (member === undefined) continue
    const masked = isSensitiveName(name)
    members[maskText(name.slice(0, LONGEST_NAME))] = masked
      ? MASKED
      : walk(member, [...ancestors, value], budget)
  }
  if (names.length > MOST_MEMBERS) members['[more]'] = names.length - MOST_MEMBERS
  return members
}

function walkObject(value: object, ancestors: readonly object[], budget: Budget): Recordable {
  if (ancestors.includes(value)) return '[cycle]'
  if (ancestors.length >= DEEPEST) return '[deep]'
  if (Array.isArray(value)) {
    const items = value.slice(0, MOST_MEMBERS).map((item) => walk(item, [...ancestors, value], budget))
    return value.length > MOST_MEMBERS ? [...items, `[${value.length - MOST_MEMBERS} more]`] : items
  }
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? '[invalid date]' : value.toISOString()
  // The message of an error says what users typed; its code does not.
  if (value instanceof Error) {
    const code = read(value, 'code')
    return recordableText(typeof code === 'string' ? code : value.name, LONGEST_NAME)
  }
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  if (value instanceof Map || value instanceof Set) return `[${value.size} entries]`
  return walkMembers(value, ancestors, budget)
}

function walk(value: unknown, ancestors: readonly object[], budget: Budget): Recordable {
  budget.left -= 1
  if (budget.left < 0) return '[more]'
  return recordableScalar(value) ?? walkObject(value as object, ancestors, budget)
}

/**
 * A copy of anything that can be recorded: values under sensitive names masked, personal values in texts masked, and
 * bounded in depth, members and length. Never throws: cycles, getters that throw and proxies are recorded as such.
 */
export function recordable(value: unknown): Recordable {
  try {
    return walk(value, [], { left: 1000 })
  } catch {
    return '[unreadable]'
  }
}
