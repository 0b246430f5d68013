import type { Policy } from '../policy.ts'

/**
 * What is counted for one policy of one partition: a short list of integers, so that it packs into a few bytes. Its
 * meaning is the algorithm's own. The scripts of the Redis store do the same arithmetic on the same numbers.
 */
export type State = number[]

/** Where a charge went: enough to give it back to the same place, and to know that it has rolled over. */
export type Mark = readonly [number, number, number]

/** A state as a caller sees it. */
interface Reading {
  /** Units that could be charged at once, now. */
  readonly remaining: number
  /** Milliseconds until the whole quota is free again; 0 when it is. */
  readonly resetMs: number
}

/**
 * One way of counting, as a pure state machine in integer arithmetic. `now` is in whole milliseconds of the store's
 * clock. A clock that steps back never admits more: the state's own time stands until the clock has caught up, and a
 * state more than a window ahead (written under a wrong clock) is dated back to `now`.
 */
export interface Counter {
  /** A fresh copy of the state, brought to `now`; the empty state when there is none. */
  advance(policy: Policy, state: State | undefined, now: number): State
  /** What an advanced state says. */
  read(policy: Policy, state: State, now: number): Reading
  /**
   * Milliseconds until `cost` fits into an advanced state when nothing else is charged; 0 when it fits now. A cost above
   * the capacity, which a call of several charges may add up to, waits until all of the state has rolled over.
   */
  wait(policy: Policy, state: State, now: number, cost: number): number
  /** Adds `cost` to an advanced state, in place. */
  charge(policy: Policy, state: State, now: number, cost: number): Mark
  /** Takes up to `amount` of a marked charge from an advanced state, in place; nothing that has rolled over. */
  refund(policy: Policy, state: State, mark: Mark, amount: number): void
  /** Milliseconds for which an advanced state has to be kept: afterwards it equals the empty one. At least 1. */
  lifetime(policy: Policy, state: State, now: number): number
  /** Milliseconds after which a charge has left its window, whatever the clock did meanwhile. */
  longest(policy: Policy): number
}
