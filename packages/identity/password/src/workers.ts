import { availableParallelism } from 'node:os'
import { PasswordHashingBusyError } from './errors.ts'
import { createSlots } from './core/slots.ts'
import type { Slots } from './core/slots.ts'

/** Threads of libuv, in which hashing runs beside files, DNS and zlib. */
const POOL = Number(process.env['UV_THREADPOOL_SIZE']) || 4
const LONGEST_WAIT = 60

/** How many hashes may run at once: a core stays free for the event loop, and a thread of libuv for everything else. */
export const MOST_WORKERS: number = Math.max(1, Math.min(availableParallelism(), POOL) - 1)

// One for the process: apps and registrations share the cores.
const ofProcess = createSlots(MOST_WORKERS, Number.POSITIVE_INFINITY)

/** The workers of one registration. */
export interface Workers {
  readonly slots: Slots
  /**
   * For callers that have something to prepare, which under load would be in vain.
   *
   * @throws PASSWORD_HASHING_BUSY where no job would be taken now
   */
  requireRoom(): void
  /**
   * Runs a job when its threads are free.
   *
   * @throws PASSWORD_HASHING_BUSY at once, before anything is hashed, where the queue is full
   */
  run<T>(threads: number, job: () => Promise<T>): Promise<T>
}

function busy(slots: Slots): Error {
  const wait = Math.ceil((slots.waiting * slots.lastDuration) / slots.size / 1000)
  const seconds = Math.min(LONGEST_WAIT, Math.max(1, wait))
  return Object.assign(new PasswordHashingBusyError(), { headers: { 'retry-after': String(seconds) } })
}

/**
 * Creates the workers of a registration, within those of the process.
 *
 * @param wanted how many; {@link MOST_WORKERS} where that is fewer
 * @param maxQueue how many jobs may wait
 */
export function createWorkers(wanted: number, maxQueue: number): Workers {
  const slots = createSlots(Math.min(wanted, MOST_WORKERS), maxQueue)
  return {
    slots,
    requireRoom() {
      if (slots.isFull) throw busy(slots)
    },
    async run(threads, job) {
      const run = slots.run(
        threads,
        async () => ofProcess.run(threads, job) ?? Promise.reject(busy(ofProcess)),
      )
      if (run === undefined) throw busy(slots)
      return run
    },
  }
}
