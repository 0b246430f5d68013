import type { Algorithm, Policy } from '../policy.ts'
import type { Counter } from './algorithm.ts'
import { fixedWindow } from './fixed-window.ts'
import { gcra } from './gcra.ts'
import { slidingWindow } from './sliding-window.ts'

const COUNTERS: Readonly<Record<Algorithm, Counter>> = {
  'sliding-window': slidingWindow,
  'sliding-log': slidingWindow,
  'fixed-window': fixedWindow,
  gcra,
}

/** The state machine that counts for a policy. */
export function counterOf(policy: Policy): Counter {
  return COUNTERS[policy.algorithm]
}
