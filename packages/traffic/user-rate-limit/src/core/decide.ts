import { counterOf } from './algorithms/index.ts'
import type { Mark, State } from './algorithms/algorithm.ts'
import { InvalidCost } from './failures.ts'
import type { Charge, Limit } from './verdict.ts'

/** A charge that was made, and where it went. */
export interface Receipt {
  readonly charge: Charge
  readonly mark: Mark
}

/** A state that a decision has changed. */
export interface Change {
  readonly charge: Charge
  readonly state: State
}

/** All charges of one call, decided together. */
export interface Decision {
  readonly allowed: boolean
  readonly limits: readonly Limit[]
  /** What to store; empty when the call is refused. */
  readonly changes: readonly Change[]
  /** One per charge that cost something; empty when the call is refused. */
  readonly receipts: readonly Receipt[]
}

/**
 * Decides all charges of one call at one moment: all fit, or none is made. Charges are looked at in order, so that two
 * charges on the same policy and partition see one another. Pure: `stateOf` gives the stored state, which is not changed.
 */
export function decide(
  charges: readonly Charge[],
  stateOf: (charge: Charge) => State | undefined,
  now: number,
): Decision {
  const working = new Map<string, Change>()
  const receipts: Receipt[] = []
  const before: Limit[] = []
  const after: Limit[] = []
  let allowed = true
  for (const charge of charges) {
    const { policy, cost } = charge
    const counter = counterOf(policy)
    const place = placeOf(charge)
    const known = working.get(place)
    const state = known?.state ?? counter.advance(policy, stateOf(charge), now)
    if (known === undefined) working.set(place, { charge, state })
    const wait = waitFor(charge, state, now)
    const limit: Limit = {
      policy,
      quota: policy.quota,
      ...counter.read(policy, state, now),
      retryAfterMs: wait,
      violated: wait !== 0,
    }
    before.push(limit)
    if (limit.violated) allowed = false
    else if (cost > 0) {
      receipts.push({ charge, mark: counter.charge(policy, state, cost) })
      after.push({ ...limit, ...counter.read(policy, state, now) })
    } else after.push(limit)
  }
  if (!allowed) return { allowed, limits: before, changes: [], receipts: [] }
  const charged = new Set(receipts.map((receipt) => placeOf(receipt.charge)))
  const changes = [...working].flatMap(([place, change]) => (charged.has(place) ? [change] : []))
  return { allowed, limits: after, changes, receipts }
}

/** Where the state of a charge lives: partition and policy. */
export function placeOf(charge: Charge): string {
  return `${charge.key}\n${charge.policy.field}`
}

/**
 * Checks what the types can't.
 *
 * @throws InvalidCost when a cost is not a safe integer >= 0.
 */
export function checkCosts(charges: readonly Charge[]): void {
  for (const { cost } of charges) if (!Number.isSafeInteger(cost) || cost < 0) throw new InvalidCost(cost)
}

function waitFor({ policy, cost }: Charge, state: State, now: number): number | null {
  if (cost === 0) return 0
  return cost > policy.capacity ? null : counterOf(policy).wait(policy, state, now, cost)
}
