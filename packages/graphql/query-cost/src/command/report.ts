import { COST_MODEL } from '../core/index.ts'
import { comparedWith, type Base } from './base.ts'
import { nameOf, type Fault, type PricedOperation } from './price.ts'

/** What `check` compares prices with. */
export interface Bounds {
  readonly maxCost: number
  readonly maxTypeCost: number | undefined
  readonly maxFieldCost: number | undefined
  /** Percent. */
  readonly maxRise: number | undefined
}

/** An operation, judged. */
export interface JudgedOperation extends PricedOperation {
  /** What it cost in the base; left out where the base does not have it. */
  readonly before?: number | null
}

/** What `check --format json` prints. Members may be added, none change, as long as `costModel` is the same. */
export interface Report {
  /** The version of the rules behind all prices; reports of different versions are not comparable. */
  readonly costModel: number
  /** True where no operation has a fault. */
  readonly passed: boolean
  readonly limits: {
    readonly maxCost: number
    readonly maxTypeCost: number | null
    readonly maxFieldCost: number | null
    /** Percent. */
    readonly maxRise: number | null
  }
  /** The dearest first; before it, those without a price. */
  readonly operations: readonly JudgedOperation[]
  /** Operations that only the base has. */
  readonly gone: readonly string[]
}

/** Compares prices with limits and with a base. */
export function judge(priced: readonly PricedOperation[], bounds: Bounds, base: Base | undefined): Report {
  const { before, gone } = comparedWith(base, priced)
  const operations = priced
    .map((one) => judged(one, bounds, before.get(one)))
    .toSorted((a, b) => priceOf(b) - priceOf(a) || (nameOf(a) < nameOf(b) ? -1 : 1))
  return {
    costModel: COST_MODEL,
    passed: operations.every(({ faults }) => faults.length === 0),
    limits: {
      maxCost: bounds.maxCost,
      maxTypeCost: bounds.maxTypeCost ?? null,
      maxFieldCost: bounds.maxFieldCost ?? null,
      maxRise: bounds.maxRise ?? null,
    },
    operations,
    gone,
  }
}

// No price is dearer than any; a number, so that two of them are equal.
const priceOf = ({ cost }: PricedOperation): number => cost ?? Number.MAX_VALUE

function judged(one: PricedOperation, bounds: Bounds, before: number | null | undefined): JudgedOperation {
  // What cannot be priced has its fault already.
  if (one.faults.length > 0) return before === undefined ? one : { ...one, before }
  const faults = [...tooExpensive(one, bounds), ...risen(one, bounds, before)]
  return before === undefined ? { ...one, faults } : { ...one, before, faults }
}

function tooExpensive(one: PricedOperation, { maxCost, maxTypeCost, maxFieldCost }: Bounds): Fault[] {
  const parts = [
    ['costs', one.cost, maxCost],
    ['has a type cost of', one.typeCost, maxTypeCost],
    ['has a field cost of', one.fieldCost, maxFieldCost],
  ] as const
  return parts.flatMap(([what, part, limit]) => {
    if (limit === undefined || (part !== null && part <= limit)) return []
    const message = part === null ? 'nothing bounds what it costs' : `${what} ${part}, more than ${limit}`
    return [{ code: 'QUERY_TOO_EXPENSIVE', message }]
  })
}

function risen({ cost }: PricedOperation, { maxRise }: Bounds, before: number | null | undefined): Fault[] {
  if (maxRise === undefined || before === undefined || before === null) return []
  if (cost !== null && cost <= before * (1 + maxRise / 100)) return []
  return [{ code: 'COST_RISEN', message: `cost ${before} before, and may rise by ${maxRise}%` }]
}
