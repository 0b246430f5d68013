import { counterOf } from './algorithms/index.ts'
import type { Mark, State } from './algorithms/algorithm.ts'
import { InvalidCost } from './failures.ts'
import type { Charge, Limit } from './verdict.ts'

/** A charge that was made, and where it went. */
export interface Receipt {
  readonly charge: Charge
  readonly mark: Mark
}

/** All charges of one call, decided together. */
export interface Decision {
  readonly allowed: boolean
  readonly limits: readonly Limit[]
  /** The state of each charge, brought to now and charged; charges on the same place share one. */
  readonly states: readonly State[]
  /** One per charge that cost something; empty when the call is refused. */
  readonly receipts: readonly Receipt[]
}

/**
 * Decides all charges of one call at one moment: all fit, or none is made. Charges are looked at in order, so that of
 * two on the same policy and partition the second has to fit beside the first.
 * Pure: what is stored is not changed.
 *
 * @param stored what is stored for each charge
 */
export function decide(
  charges: readonly Charge[],
  stored: readonly (State | undefined)[],
  now: number,
): Decision {
  const states: State[] = []
  const waits: (number | null)[] = []
  let allowed = true
  for (let at = 0; at < charges.length; at += 1) {
    const charge = charges[at] as Charge
    const { policy } = charge
    let [state, before]: [State | undefined, number] = [undefined, 0]
    for (let earlier = 0; earlier < at; earlier += 1) {
      const other = charges[earlier] as Charge
      if (other.key !== charge.key || other.policy.field !== policy.field) continue
      state = states[earlier]
      before += other.cost
    }
    state ??= counterOf(policy).advance(policy, stored[at], now)
    const wait = waitFor(charge, state, now, before)
    if (wait !== 0) allowed = false
    states.push(state)
    waits.push(wait)
  }
  const receipts: Receipt[] = []
  const limits = charges.map((charge, at): Limit => {
    const { policy, cost } = charge
    const counter = counterOf(policy)
    const state = states[at] as State
    if (allowed && cost > 0) receipts.push({ charge, mark: counter.charge(policy, state, now, cost) })
    const { remaining, resetMs } = counter.read(policy, state, now)
    const retryAfterMs = waits[at] as number | null
    return { policy, quota: policy.quota, remaining, resetMs, retryAfterMs, violated: retryAfterMs !== 0 }
  })
  return { allowed, limits, states, receipts }
}

/**
 * Checks what the types can't.
 *
 * @throws InvalidCost when a cost is not a safe integer >= 0.
 */
export function checkCosts(charges: readonly Charge[]): void {
  for (const { cost } of charges) if (!Number.isSafeInteger(cost) || cost < 0) throw new InvalidCost(cost)
}

function waitFor({ policy, cost }: Charge, state: State, now: number, before: number): number | null {
  if (cost === 0) return 0
  return cost > policy.capacity ? null : counterOf(policy).wait(policy, state, now, before + cost)
}
