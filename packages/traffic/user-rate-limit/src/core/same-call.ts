import type { Policy } from './policy.ts'
import type { Charge } from './verdict.ts'

/** Whether two policies decide alike: callers may make one anew for each call. */
function isSamePolicy(one: Policy, other: Policy): boolean {
  const { quota, capacity, field } = one
  return one === other || (field === other.field && quota === other.quota && capacity === other.capacity)
}

/** Whether two calls charge the same partitions by the same policies at the same costs, in the same order. */
export function isSameCall(some: readonly Charge[], others: readonly Charge[]): boolean {
  if (some.length !== others.length) return false
  for (let at = 0; at < some.length; at += 1) {
    const [one, other] = [some[at] as Charge, others[at] as Charge]
    if (one.key !== other.key || one.cost !== other.cost || !isSamePolicy(one.policy, other.policy))
      return false
  }
  return true
}
