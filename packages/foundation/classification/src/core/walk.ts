import { types } from 'node:util'
import type { Classified } from './classification.ts'
import { HIDDEN } from './masks.ts'
import type { Place } from './paths.ts'
import { REMOVED } from './strategies.ts'

/** How the walker knows what to hide and how. */
export interface WalkRules {
  /** What a key stands for; `above` is where the object stands that has it, if that stands under a key. */
  readonly name: (key: string, above?: Place) => Classified | undefined
  /** What may be shown of a classified value that has no parts; {@link REMOVED} leaves it out. */
  readonly disclose: (classified: Classified, value: unknown) => unknown
  /** What is shown of a text that stands under no classified key, by the key it stands under. Default: all of it. */
  readonly text?: ((text: string, key: string) => string) | undefined
  /**
   * Read objects as `JSON.stringify` does: Maps and Sets have no members, errors only their own. For answers, which
   * must not hold more than they would unmasked. Default: false.
   */
  readonly json?: boolean | undefined
  /** Where the value itself stands. Default: nowhere. */
  readonly place?: Place | undefined
  /** Deepest nesting that is looked at; what is deeper is `'[Truncated]'`. Default: 32. */
  readonly maxDepth?: number | undefined
  /** Most values that are looked at; the rest is `'[Truncated]'`. Default: 10,000. */
  readonly maxNodes?: number | undefined
}

/** A value that waits to be copied, with the copies it is part of. */
interface Task {
  readonly value: unknown
  readonly put: (copy: unknown) => void
  readonly within: Classified | undefined
  /** The key it stands under, itself or in a list, and so on outwards. */
  readonly place: Place | undefined
  readonly parent: Task | undefined
  readonly depth: number
}

const TRUNCATED = '[Truncated]'
const CIRCULAR = '[Circular]'
const UNREADABLE = '[Unreadable]'

function isAncestor(value: unknown, task: Task): boolean {
  for (let one = task.parent; one !== undefined; one = one.parent) if (one.value === value) return true
  return false
}

/** JSON asks an object for what it wants to be, so that is what is looked at. */
function represent(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  const { toJSON } = value as { toJSON?: unknown }
  if (typeof toJSON === 'function') return toJSON.call(value) as unknown
  if (types.isBoxedPrimitive(value)) return value.valueOf()
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return '[Binary]'
  if (value instanceof URL || value instanceof URLSearchParams) return HIDDEN
  return value
}

function setOwn(target: object, key: string, value: unknown): void {
  // Defined, not assigned: a key named __proto__ stays an ordinary key.
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true })
}

/** A key that somebody chose as a name. Others may be values: `{ phones: { "+15550104477": "home" } }`. */
function isPlainName(key: string): boolean {
  return /^[\p{L}_$][\p{L}\p{N}_$-]{0,63}$/u.test(key) && !/[0-9]{4}/.test(key)
}

/** The parts of a value that is no array, by name. */
function entriesOf(value: object, json: boolean): [string, () => unknown][] {
  if (value instanceof Map && !json) {
    return Array.from(value.entries(), ([key, one]: [unknown, unknown]) => [
      typeof key === 'string' || typeof key === 'number' ? String(key) : `[${typeof key}]`,
      () => one,
    ])
  }
  const keys = Object.keys(value)
  if (value instanceof Error && !json)
    keys.push('name', 'message', ...(value.cause === undefined ? [] : ['cause']))
  return [...new Set(keys)].map((key) => [key, () => (value as Record<string, unknown>)[key]])
}

/**
 * Copies any value with everything classified hidden, at any depth: arrays, Maps, Sets, errors with their cause,
 * objects with getters, cycles. It never changes what it is given and never throws: what cannot be read becomes
 * `'[Unreadable]'`. An object or array under a classified key is hidden in all its parts.
 *
 * Iterative, and bounded by `maxDepth` and `maxNodes`.
 */
export function maskUnknown(value: unknown, rules: WalkRules): unknown {
  const { maxDepth = 32, maxNodes = 10_000, json = false } = rules
  let result: unknown
  let nodes = 0
  const put = (copy: unknown): void => {
    result = copy === REMOVED ? undefined : copy
  }
  const tasks: Task[] = [{ value, put, within: undefined, place: rules.place, parent: undefined, depth: 0 }]

  function hideKey(within: Classified, key: string, copy: object, place: number): string {
    const shown = rules.disclose(within, key)
    const hidden = typeof shown === 'string' ? shown : HIDDEN
    return Object.hasOwn(copy, hidden) ? `${hidden} (${place})` : hidden
  }

  function open(task: Task, copy: object, entries: readonly [string, () => unknown][]): void {
    const waiting: Task[] = []
    for (const [place, [given, read]] of entries.entries()) {
      const isName = task.within === undefined || isPlainName(given)
      const key = isName ? given : hideKey(task.within, given, copy, place)
      const within = task.within ?? rules.name(key, task.place)
      // The place is kept now, so that the order of keys is that of the original.
      setOwn(copy, key, undefined)
      const child: Omit<Task, 'value'> = {
        within,
        place: { key, above: task.place },
        parent: task,
        depth: task.depth + 1,
        put: (one) => (one === REMOVED ? Reflect.deleteProperty(copy, key) : setOwn(copy, key, one)),
      }
      try {
        waiting.push({ ...child, value: nodes + waiting.length < maxNodes ? read() : TRUNCATED })
      } catch {
        child.put(UNREADABLE)
      }
    }
    tasks.push(...reversed(waiting))
  }

  function openList(task: Task, items: readonly unknown[]): void {
    const copy: unknown[] = []
    const shown = items.slice(0, Math.max(0, maxNodes - nodes))
    const waiting = shown.map<Task>((one, index) => ({
      value: one,
      within: task.within,
      place: task.place,
      parent: task,
      depth: task.depth + 1,
      put: (item) => void (copy[index] = item === REMOVED ? null : item),
    }))
    if (shown.length < items.length) copy[shown.length] = TRUNCATED
    task.put(copy)
    for (const one of reversed(waiting)) tasks.push(one)
  }

  function show({ within, place }: Task, one: unknown): unknown {
    if (within !== undefined) return rules.disclose(within, one)
    return typeof one === 'string' && rules.text !== undefined ? rules.text(one, place?.key ?? '') : one
  }

  function visit(task: Task): void {
    nodes += 1
    const one = represent(task.value)
    if (typeof one !== 'object' || one === null || one instanceof Date) {
      task.put(show(task, one))
    } else if (isAncestor(task.value, task)) task.put(CIRCULAR)
    else if (nodes > maxNodes || task.depth > maxDepth) task.put(TRUNCATED)
    else if (Array.isArray(one)) openList(task, one)
    else if (one instanceof Set && !json) openList(task, [...one])
    else {
      const copy = {}
      task.put(copy)
      open(task, copy, entriesOf(one, json))
    }
  }

  for (let task = tasks.pop(); task !== undefined; task = tasks.pop()) {
    try {
      visit(task)
    } catch {
      task.put(UNREADABLE)
    }
  }
  return result
}

function reversed<T>(items: readonly T[]): T[] {
  return items.toReversed()
}
