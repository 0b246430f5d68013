import { isDeepStrictEqual } from 'node:util'
import { maskText } from './mask-text.ts'
import { isSensitiveName, MASKED } from './sensitive-names.ts'
import { recordable } from './recordable.ts'
import type { Recordable } from './recordable.ts'

/** A member that differs. `before` is missing where it was added, `after` where it was removed. */
export interface Change {
  /** The path of names, joined by dots. */
  readonly field: string
  readonly before?: Recordable
  readonly after?: Recordable
}

const DEEPEST = 8
const MOST_CHANGES = 200

function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

function shown(value: unknown, masked: boolean): Recordable {
  return masked ? MASKED : recordable(value)
}

function compare(
  before: Record<string, unknown>,
  after: Record<string, unknown>,
  path: readonly string[],
  masked: boolean,
  changes: Change[],
): void {
  for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (changes.length >= MOST_CHANGES) return
    const [old, now] = [before[name], after[name]]
    if (isDeepStrictEqual(old, now)) continue
    const hidden = masked || isSensitiveName(name)
    const inner = [...path, maskText(name.slice(0, 128))]
    if (isPlain(old) && isPlain(now) && inner.length < DEEPEST) compare(old, now, inner, hidden, changes)
    else {
      changes.push({
        field: inner.join('.'),
        ...(old === undefined ? {} : { before: shown(old, hidden) }),
        ...(now === undefined ? {} : { after: shown(now, hidden) }),
      })
    }
  }
}

/**
 * The members in which two objects really differ, by value: what was submitted and did not change is not among them.
 * Values under sensitive names are masked; that they changed is told. At most 200.
 */
export function diff(before: object, after: object): readonly Change[] {
  const changes: Change[] = []
  try {
    compare(before as Record<string, unknown>, after as Record<string, unknown>, [], false, changes)
  } catch {
    changes.push({ field: '[unreadable]' })
  }
  return changes
}
