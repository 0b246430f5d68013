import type { Counter } from './algorithm.ts'

/**
 * A window that opens at the first charge and closes `window` ms later. State: its start, and the units charged in it.
 */
export const fixedWindow: Counter = {
  advance(policy, state, now) {
    const [saved = 0, count = 0] = state ?? [now, 0]
    const start = saved > now + policy.window ? now : saved
    return now >= start + policy.window ? [now, 0] : [start, count]
  },

  read(policy, [start = 0, count = 0], now) {
    return {
      remaining: Math.max(0, policy.quota - count),
      resetMs: count === 0 ? 0 : start + policy.window - now,
    }
  },

  wait(policy, [start = 0, count = 0], now, cost) {
    return count + cost > policy.quota ? start + policy.window - now : 0
  },

  charge(_policy, state, _now, cost) {
    state[1] = (state[1] ?? 0) + cost
    return [state[0] ?? 0, 0, 0]
  },

  refund(_policy, state, [start], amount) {
    if (state[0] === start) state[1] = Math.max(0, (state[1] ?? 0) - amount)
  },

  lifetime(policy, [start = 0], now) {
    return start + policy.window - now
  },

  longest(policy) {
    return policy.window
  },
}
