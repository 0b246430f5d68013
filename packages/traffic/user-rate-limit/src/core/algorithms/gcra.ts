import type { Policy } from '../policy.ts'
import type { Counter } from './algorithm.ts'

/** Refunds are counted round a ring of this size, so that the sum stays exact in a double. */
const RING = 2 ** 52

/**
 * The generic cell rate algorithm (ATM Forum, TM 4.0) as a leaking bucket: `quota` units leak per `window`, and the
 * bucket holds `burst`. State: level, the time of the level, refunds so far. Levels are in units times milliseconds of
 * the window, so that leaking is integer arithmetic: `quota` of them per millisecond.
 *
 * A refund gives back what of the charge can't have leaked yet: the level right after the charge, less the leak and
 * less all refunds since. That is never more than what is left of the charge itself, so that nobody else's charge
 * is given back.
 */
export const gcra: Counter = {
  advance(policy, state, now) {
    if (state === undefined) return [0, now, 0]
    const [level = 0, saved = 0, refunded = 0] = state
    const at = saved > now + span(policy) ? now : saved
    return [Math.max(0, level - Math.max(0, now - at) * policy.quota), Math.max(at, now), refunded]
  },

  read(policy, [level = 0, at = 0], now) {
    return {
      remaining: Math.max(0, Math.floor((policy.capacity * policy.window - level) / policy.window)),
      resetMs: level === 0 ? 0 : Math.ceil(level / policy.quota) + at - now,
    }
  },

  wait(policy, [level = 0, at = 0], now, cost) {
    const over = level + (cost - policy.capacity) * policy.window
    return over > 0 ? Math.ceil(over / policy.quota) + at - now : 0
  },

  charge(policy, state, _now, cost) {
    const level = (state[0] ?? 0) + cost * policy.window
    state[0] = level
    return [level, state[1] ?? 0, state[2] ?? 0]
  },

  refund(policy, state, [levelThen, then, refundedThen], amount) {
    const [level = 0, at = 0, refunded = 0] = state
    const since = (refunded - refundedThen + RING) % RING
    const left = levelThen - (at - then) * policy.quota - since
    const back = Math.max(0, Math.min(amount * policy.window, left, level))
    state[0] = level - back
    state[2] = (refunded + back) % RING
  },

  lifetime(policy, [, at = 0], now) {
    return span(policy) + at - now
  },

  longest: span,
}

/** Milliseconds in which a full bucket runs empty. */
function span(policy: Policy): number {
  return Math.ceil((policy.capacity * policy.window) / policy.quota)
}
