import type { Policy } from '../policy.ts'
import type { Counter, State } from './algorithm.ts'

/** Most buckets a window is cut into. One more is counted: the oldest, of which only a part is inside the window. */
export const BUCKETS = 60

/**
 * Milliseconds per bucket, which is also the most by which quota comes back late. A sliding log is a window whose
 * buckets are as fine as its clock.
 */
export function bucketWidth(policy: Policy): number {
  return policy.algorithm === 'sliding-log' ? 1 : Math.ceil(policy.window / BUCKETS)
}

/**
 * A window of buckets. State: the sum of all counts, then number and count of each bucket that is not empty, from the
 * oldest to the newest. A bucket counts in full while any moment of it is inside the window that ends now, so that no
 * window of that length, wherever it starts, holds more than the quota.
 */
export const slidingWindow: Counter = {
  advance(policy, state, now) {
    const saved = newestOf(state)
    if (state === undefined || saved === undefined) return [0]
    const width = bucketWidth(policy)
    const current = Math.floor(now / width)
    // Written under a clock that was far ahead: all of it is dated back.
    const ahead = saved * width > now + policy.window ? saved - current : 0
    const at = Math.max(now, (saved - ahead) * width)
    const oldest = Math.floor((at - policy.window) / width) + ahead
    let total = state[0] ?? 0
    let first = 1
    for (; first < state.length && (state[first] ?? 0) < oldest; first += 2) total -= state[first + 1] ?? 0
    const moved = state.slice(first - 1)
    moved[0] = total
    if (ahead > 0)
      for (let index = 1; index < moved.length; index += 2) moved[index] = (moved[index] ?? 0) - ahead
    return moved
  },

  read(policy, state, now) {
    const newest = newestOf(state)
    return {
      remaining: Math.max(0, policy.quota - (state[0] ?? 0)),
      resetMs: newest === undefined ? 0 : releasedAt(policy, newest) - now,
    }
  },

  wait(policy, state, now, cost) {
    let over = (state[0] ?? 0) + cost - policy.quota
    for (let index = 1; index < state.length && over > 0; index += 2) {
      over -= state[index + 1] ?? 0
      if (over <= 0) return releasedAt(policy, state[index] ?? 0) - now
    }
    return over > 0 ? releasedAt(policy, bucketAt(policy, state, now)) - now : 0
  },

  charge(policy, state, now, cost) {
    const newest = newestOf(state)
    const bucket = bucketAt(policy, state, now)
    const last = state.length - 1
    if (bucket === newest) state[last] = (state[last] ?? 0) + cost
    else state.push(bucket, cost)
    state[0] = (state[0] ?? 0) + cost
    return [bucket, 0, 0]
  },

  refund(_policy, state, [bucket], amount) {
    for (let index = state.length - 2; index > 0; index -= 2) {
      if (state[index] !== bucket) continue
      const count = state[index + 1] ?? 0
      const back = Math.min(count, amount)
      state[0] = (state[0] ?? 0) - back
      if (back === count) state.splice(index, 2)
      else state[index + 1] = count - back
      return
    }
  },

  lifetime(policy, state, now) {
    const newest = newestOf(state)
    return newest === undefined ? 1 : releasedAt(policy, newest) - now
  },

  longest(policy) {
    return policy.window + bucketWidth(policy)
  },
}

function newestOf(state: State | undefined): number | undefined {
  return state === undefined || state.length < 3 ? undefined : state[state.length - 2]
}

/** The bucket that a charge goes to. A clock that was set back goes on in the newest one. */
function bucketAt(policy: Policy, state: State, now: number): number {
  return Math.max(Math.floor(now / bucketWidth(policy)), newestOf(state) ?? 0)
}

/** The first moment at which a bucket no longer counts. */
function releasedAt(policy: Policy, bucket: number): number {
  return (bucket + 1) * bucketWidth(policy) + policy.window
}
