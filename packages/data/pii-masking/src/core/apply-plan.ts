import { types } from 'node:util'
import { REMOVED } from '@portcullis/classification'
import type { Place } from '@portcullis/classification'
import type { Disclosure } from './disclosure.ts'
import type { ResponsePlan } from './response-plan.ts'

const MOST_DEPTH = 64

/** What JSON would make of an object: it may say so itself. */
function represent(value: object): unknown {
  const { toJSON } = value as { toJSON?: unknown }
  if (typeof toJSON === 'function' && !(value instanceof Date)) return toJSON.call(value) as unknown
  return types.isBoxedPrimitive(value) ? value.valueOf() : value
}

/** Applies plans to one value, and knows what it is inside of. */
class Application {
  readonly #to: Disclosure
  readonly #within = new Set<object>()

  constructor(to: Disclosure) {
    this.#to = to
  }

  apply(plan: ResponsePlan, given: unknown, place?: Place): unknown {
    if (plan.classified.length > 0) return this.#to.classified(plan.classified, given)
    if (typeof given !== 'object' || given === null) return given
    if (this.#within.has(given)) return '[Circular]'
    if (this.#within.size > MOST_DEPTH) return '[Truncated]'
    this.#within.add(given)
    const copy = this.#copy(plan, represent(given), place)
    this.#within.delete(given)
    return copy
  }

  #applyAll(plans: readonly ResponsePlan[], value: unknown, place: Place | undefined): unknown {
    const classified = plans.flatMap((plan) => plan.classified)
    if (classified.length > 0) return this.#to.classified(classified, value)
    return plans.reduce((masked, plan) => this.apply(plan, masked, place), value)
  }

  #copy(plan: ResponsePlan, value: unknown, place: Place | undefined): unknown {
    if (typeof value !== 'object' || value === null || value instanceof Date) return value
    if (Array.isArray(value)) {
      if (plan.items.length === 0) return this.#to.unknown(value, place)
      return value.map((item) => {
        const masked = this.#applyAll(plan.items, item, place)
        return masked === REMOVED ? null : masked
      })
    }
    const copy = {}
    for (const key of new Set([...Object.keys(value), ...plan.members.keys()])) {
      const masked = this.#member(plan, { key, above: place }, (value as Record<string, unknown>)[key])
      if (masked === undefined || masked === REMOVED) continue
      // Defined, not assigned: a key named __proto__ stays an ordinary key.
      Object.defineProperty(copy, key, {
        value: masked,
        enumerable: true,
        configurable: true,
        writable: true,
      })
    }
    return copy
  }

  #member(plan: ResponsePlan, place: Place, found: unknown): unknown {
    const { key, above } = place
    const plans = plan.members.get(key)
    if (plans !== undefined) {
      const byPath = this.#to.at(key, above)
      if (byPath.length === 0) return this.#applyAll(plans, found, place)
      return this.#to.classified([...byPath, ...plans.flatMap(({ classified }) => classified)], found)
    }
    if (plan.others.some((one) => one.classified.length > 0)) return this.#applyAll(plan.others, found, place)
    const named = this.#to.unknown({ [key]: found }, above) as Record<string, unknown>
    return Object.hasOwn(named, key) ? this.#applyAll(plan.others, named[key], place) : REMOVED
  }
}

/**
 * A masked copy of a value by the plan of its schema. Members that the schema does not name are masked by their names,
 * at any depth. The value is not changed; members are read as a serializer reads them, getters of classes included.
 *
 * @returns the copy, or {@link REMOVED} where the whole value is to be left out
 * @throws what a getter of the value throws, as serializing it would
 */
export function applyPlan(plan: ResponsePlan, value: unknown, to: Disclosure): unknown {
  return new Application(to).apply(plan, value)
}
