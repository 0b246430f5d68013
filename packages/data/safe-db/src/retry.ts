import { setTimeout as sleep } from 'node:timers/promises'
import { whenRequestIsOver } from './service.ts'
import type { Caller } from './service.ts'

/** How often a conflict is tried again, unless it is said. */
export const RETRIES = 2
/** The most that may be said. */
export const MAX_RETRIES = 10

/**
 * Serialization failure and deadlock; and what was prepared having changed meanwhile, where it could not be sent again at
 * once. All of them leave nothing behind.
 */
const CONFLICTS: ReadonlySet<unknown> = new Set(['40001', '40P01', '26000'])
const FIRST_WAIT = 10
const LONGEST_WAIT = 250

/** Whether trying again may help: the database said so, and rolled back. */
export function isConflict(error: unknown): boolean {
  return error instanceof Error && CONFLICTS.has((error as { sqlState?: unknown }).sqlState)
}

/**
 * Runs `work`, and again where it ended in a conflict: at most `retries` times, after a random wait that grows, and not
 * when the request is over.
 */
export async function withRetries<T>(
  caller: Caller,
  retries: number,
  work: (attempt: number) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(attempt)
    } catch (error) {
      if (attempt > retries || !isConflict(error)) throw error
      // Those who were in each other's way must not meet again.
      const wait = Math.random() * Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** attempt)
      let isOver = false
      const forget = whenRequestIsOver(caller, () => (isOver = true))
      await sleep(wait)
      forget()
      if (isOver) throw error
    }
  }
}
