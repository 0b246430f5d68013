import type { Classified } from './classification.ts'
import { HIDDEN } from './masks.ts'
import { partsOf } from './parts.ts'
import type { Entry } from './parts.ts'
import type { Place } from './paths.ts'
import { REMOVED } from './strategies.ts'
import { maskJsonText, maskPlainText, maskUrlText, TRUNCATED } from './walk-text.ts'

/** How the walker knows what to hide and how. */
export interface WalkRules {
  /** What a key stands for; `above` is where the object stands that has it, if that stands under a key. */
  readonly name: (key: string, above?: Place) => Classified | undefined
  /** What may be shown of a classified value that has no parts; {@link REMOVED} leaves it out. */
  readonly disclose: (classified: Classified, value: unknown) => unknown
  /**
   * What is shown of a text that stands under no classified key, by the key it stands under. Default: all of it, and where
   * `json` is false without the secrets that the scanner finds (signed tokens, keys, passwords in URLs).
   */
  readonly text?: ((text: string, key: string) => string) | undefined
  /**
   * Read objects as `JSON.stringify` does: Maps and Sets have no members, errors only their own, a text that is JSON is a
   * text. For answers, which must not hold more than they would unmasked. Default: false.
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

const CIRCULAR = '[Circular]'
const UNREADABLE = '[Unreadable]'

function isAncestor(value: unknown, task: Task): boolean {
  for (let one = task.parent; one !== undefined; one = one.parent) if (one.value === value) return true
  return false
}

function setOwn(target: object, key: string, value: unknown): void {
  // Defined, not assigned: a key named __proto__ stays an ordinary key.
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true })
}

/** A key that somebody chose as a name. Others may be values: `{ phones: { "+15550104477": "home" } }`. */
function isPlainName(key: string): boolean {
  return /^[\p{L}_$][\p{L}\p{N}_$-]{0,63}$/u.test(key) && !/[0-9]{4}/.test(key)
}

/**
 * Copies any value with everything classified hidden, at any depth: arrays, Maps, Sets, headers, URLs, errors with their
 * cause, objects with getters, cycles, and texts that are JSON. It never changes what it is given and never throws: what
 * cannot be read becomes `'[Unreadable]'`. An object or array under a classified key is hidden in all its parts. Types are
 * kept: numbers stay numbers, big integers big integers, dates dates of their own.
 *
 * Iterative, and bounded by `maxDepth` and `maxNodes`.
 */
export function maskUnknown(value: unknown, rules: WalkRules): unknown {
  return walk(value, rules, 0)
}

/** @param textDepth how many texts that are JSON the value was found in */
function walk(value: unknown, rules: WalkRules, textDepth: number): unknown {
  const { maxDepth = 32, maxNodes = 10_000, json = false } = rules
  let result: unknown
  let nodes = 0
  const put = (copy: unknown): void => {
    result = copy === REMOVED ? undefined : copy
  }
  const tasks: Task[] = [{ value, put, within: undefined, place: rules.place, parent: undefined, depth: 0 }]
  const parse = (one: unknown, place: Place | undefined): unknown => {
    const inner = { ...rules, place, json: true, maxNodes: Math.max(1, maxNodes - nodes) }
    return walk(one, inner, textDepth + 1)
  }

  function hideKey(within: Classified, key: string, copy: object, place: number): string {
    const shown = rules.disclose(within, key)
    const hidden = typeof shown === 'string' ? shown : HIDDEN
    return Object.hasOwn(copy, hidden) ? `${hidden} (${place})` : hidden
  }

  function open(task: Task, copy: object, entries: readonly Entry[]): void {
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
        waiting.push({ ...child, value: read() })
      } catch {
        child.put(UNREADABLE)
      }
    }
    tasks.push(...waiting.toReversed())
  }

  function openList(task: Task, copy: unknown[], items: readonly unknown[]): void {
    const waiting = items.map<Task>((one, index) => ({
      value: one,
      within: task.within,
      place: task.place,
      parent: task,
      depth: task.depth + 1,
      put: (item) => void (copy[index] = item === REMOVED ? null : item),
    }))
    for (const one of waiting.toReversed()) tasks.push(one)
  }

  function showText(text: string, place: Place | undefined): string {
    if (json && textDepth === 0) return rules.text === undefined ? text : rules.text(text, place?.key ?? '')
    const masked = maskJsonText(text, textDepth, (one) => parse(one, place))
    if (masked !== undefined) return masked
    return rules.text === undefined ? maskPlainText(text) : rules.text(text, place?.key ?? '')
  }

  function show({ within, place }: Task, one: unknown): unknown {
    if (within !== undefined) return rules.disclose(within, one)
    return typeof one === 'string' ? showText(one, place) : one
  }

  function visit(task: Task): void {
    nodes += 1
    const isParent =
      (typeof task.value === 'object' && task.value !== null) || typeof task.value === 'function'
    if (isParent && isAncestor(task.value, task)) return task.put(CIRCULAR)
    if (isParent && task.depth > maxDepth) return task.put(TRUNCATED)
    if (nodes > maxNodes) return task.put(TRUNCATED)
    if (!json && task.value instanceof URL) {
      return task.put(
        task.within === undefined
          ? maskUrlText(task.value, rules)
          : rules.disclose(task.within, task.value.href),
      )
    }
    const parts = partsOf(task.value, Math.max(0, maxNodes - nodes), json)
    if (parts.kind === 'leaf') return task.put(show(task, parts.value))
    if (parts.kind === 'list') {
      const copy: unknown[] = []
      if (!parts.isWhole) copy[parts.items.length] = TRUNCATED
      task.put(copy)
      return openList(task, copy, parts.items)
    }
    const copy = {}
    task.put(copy)
    open(task, copy, parts.entries)
    if (!parts.isWhole) setOwn(copy, TRUNCATED, true)
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
