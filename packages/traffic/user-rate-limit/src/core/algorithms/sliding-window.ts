import type { Policy } from '../policy.ts'
import type { Counter } from './algorithm.ts'

/** Most buckets a window is cut into. One more is counted: the oldest, of which only a part is inside the window. */
export const BUCKETS = 60

/** Milliseconds per bucket, which is also the most by which quota comes back late. */
export function bucketWidth(policy: Policy): number {
  return Math.ceil(policy.window / BUCKETS)
}

/**
 * A window of buckets. State: the number of the newest bucket, then the counts from the newest to the oldest, without
 * trailing zeros. A bucket counts in full while any moment of it is inside the window that ends now, so that no window
 * of that length, wherever it starts, holds more than the quota.
 */
export const slidingWindow: Counter = {
  advance(policy, state, now) {
    const width = bucketWidth(policy)
    const current = Math.floor(now / width)
    if (state === undefined) return [current, 0]
    const saved = state[0] ?? 0
    const newest = saved * width > now + policy.window ? current : saved
    const first = Math.max(current, newest)
    const at = newest > current ? newest * width : now
    const oldest = Math.floor((at - policy.window) / width)
    const shift = first - newest
    const last = Math.min(first - oldest, shift + state.length - 2)
    const moved = [first]
    let kept = 1
    for (let age = 0; age <= last; age += 1) {
      const count = age < shift ? 0 : (state[1 + age - shift] ?? 0)
      moved.push(count)
      if (count > 0) kept = age + 1
    }
    moved.length = kept + 1
    moved[1] ??= 0
    return moved
  },

  read(policy, state, now) {
    return {
      remaining: Math.max(0, policy.quota - sum(state)),
      resetMs: sum(state) === 0 ? 0 : releasedAt(policy, state, newestUsed(state)) - now,
    }
  },

  wait(policy, state, now, cost) {
    let over = sum(state) + cost - policy.quota
    for (let age = state.length - 2; age >= 0 && over > 0; age -= 1) {
      over -= state[1 + age] ?? 0
      if (over <= 0) return releasedAt(policy, state, age) - now
    }
    return 0
  },

  charge(_policy, state, cost) {
    state[1] = (state[1] ?? 0) + cost
    return [state[0] ?? 0, 0, 0]
  },

  refund(_policy, state, [bucket], amount) {
    const at = 1 + (state[0] ?? 0) - bucket
    const count = at < 1 ? undefined : state[at]
    if (count !== undefined) state[at] = Math.max(0, count - amount)
  },

  lifetime(policy, state, now) {
    return releasedAt(policy, state, 0) - now
  },
}

/** The first moment at which the bucket of that age no longer counts. */
function releasedAt(policy: Policy, state: readonly number[], age: number): number {
  return ((state[0] ?? 0) - age + 1) * bucketWidth(policy) + policy.window
}

function newestUsed(state: readonly number[]): number {
  return state.findIndex((count, index) => index > 0 && count > 0) - 1
}

function sum(state: readonly number[]): number {
  let total = 0
  for (let index = 1; index < state.length; index += 1) total += state[index] ?? 0
  return total
}
