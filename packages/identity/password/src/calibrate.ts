import { randomBytes } from 'node:crypto'
import { argon2 } from './argon2.ts'
import { chooseCost, MEASURED } from './core/cost.ts'
import type { Cost } from './core/cost.ts'

const TIMES = 4

// One measurement for the process, so that all its registrations hash alike.
let measured: Promise<number> | undefined

/** The fastest of a few: what else the machine does only ever makes one slower. */
async function measure(): Promise<number> {
  const salt = randomBytes(16)
  let fastest = Number.POSITIVE_INFINITY
  for (let time = 0; time < TIMES; time++) {
    const begin = performance.now()
    await argon2({
      operation: 'hash',
      algorithm: 'argon2id',
      text: 'how fast is this machine?',
      cost: MEASURED,
      salt,
      output: 32,
      pepper: undefined,
    })
    fastest = Math.min(fastest, performance.now() - begin)
  }
  return fastest
}

/** Chooses what a hash shall cost on this machine. @param target milliseconds */
export async function calibrate(target: number): Promise<Cost> {
  measured ??= measure()
  return chooseCost(await measured, target)
}
