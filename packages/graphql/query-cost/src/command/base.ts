import * as v from 'valibot'
import { COST_MODEL } from '../core/index.ts'
import { CommandError } from './files.ts'
import { nameOf, type PricedOperation } from './price.ts'

type Compared = Pick<PricedOperation, 'document' | 'operation' | 'cost'>

/** What an earlier report says of its operations. */
export type Base = readonly Compared[]

const report = v.object({
  costModel: v.number(),
  operations: v.array(
    v.object({ document: v.string(), operation: v.nullable(v.string()), cost: v.nullable(v.number()) }),
  ),
})

/** @throws {@link CommandError} where the file is no report, or one of another version of the cost model */
export function baseOf(json: unknown): Base {
  if (!v.is(report, json)) throw new CommandError('the base is no report of check with --format json')
  if (json.costModel === COST_MODEL) return json.operations
  throw new CommandError(
    `the base has prices of cost model ${json.costModel}, which cannot be compared with those of ${COST_MODEL}; make it anew with this version`,
  )
}

/**
 * Finds what each operation cost before: that of the same name where it is the only one, because hashes change with
 * every edit, else that of the same document.
 */
export function comparedWith(
  base: Base | undefined,
  priced: readonly PricedOperation[],
): { before: ReadonlyMap<PricedOperation, number | null>; gone: readonly string[] } {
  const earlier = base ?? []
  const named = soleNames(earlier)
  const stillNamed = soleNames(priced)
  const placed = new Map(earlier.map((one) => [placeOf(one), one]))
  const before = new Map<PricedOperation, number | null>()
  const found = new Set<Compared>()
  for (const one of priced) {
    const name = one.operation ?? ''
    const match = (stillNamed.has(name) ? named.get(name) : undefined) ?? placed.get(placeOf(one))
    if (match === undefined) continue
    found.add(match)
    before.set(one, match.cost)
  }
  return { before, gone: earlier.filter((one) => !found.has(one)).map(nameOf) }
}

const placeOf = ({ document, operation }: Compared): string => JSON.stringify([document, operation])

/** Operations whose name no other one has. */
function soleNames(operations: readonly Compared[]): ReadonlyMap<string, Compared> {
  const sole = new Map<string, Compared>()
  const twice = new Set<string>()
  for (const one of operations) {
    if (one.operation === null) continue
    if (sole.has(one.operation)) twice.add(one.operation)
    sole.set(one.operation, one)
  }
  for (const name of twice) sole.delete(name)
  return sole
}
