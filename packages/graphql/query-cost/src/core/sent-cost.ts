import type { CostedInputObject } from './costed.ts'
import type { Meter } from './meter.ts'
import { ABSENT, ownProperty } from './values.ts'

/** A value still to be priced as an input object, or as a list of them. */
interface Pending {
  readonly object: CostedInputObject
  readonly value: unknown
}

/**
 * The weights of all input fields inside a value that a client sent. Values are walked with a list of what is left
 * to do, because their nesting is the client's to choose.
 */
export function costOfSent(object: CostedInputObject, value: unknown, meter: Meter): number {
  const pending: Pending[] = [{ object, value }]
  let sum = 0
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    meter.steps++
    if (Array.isArray(next.value)) {
      for (const item of next.value as readonly unknown[]) pending.push({ object: next.object, value: item })
    } else if (typeof next.value === 'object' && next.value !== null) {
      sum += fieldsOf(next.object, next.value, pending)
    }
  }
  return sum
}

function fieldsOf(object: CostedInputObject, value: object, pending: Pending[]): number {
  let sum = 0
  for (const field of object.fields.values()) {
    const given = ownProperty(value, field.name)
    if (given === ABSENT) {
      sum += field.defaultCost
    } else if (given === null) {
      sum += Math.max(0, field.weight)
    } else {
      sum += field.weight
      if (field.object !== null) pending.push({ object: field.object, value: given })
    }
  }
  return sum
}
