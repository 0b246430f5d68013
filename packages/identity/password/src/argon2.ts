import { hashRaw } from '@node-rs/argon2'
import type { Algorithm, Options, Version } from '@node-rs/argon2'
import type { Cost } from './core/cost.ts'
import type { StoredArgon2 } from './core/phc.ts'
import { tellWork } from './work.ts'

// The library declares these as const enums, which are not there at run time.
const ALGORITHMS = { argon2i: 1, argon2id: 2 } as const satisfies Record<string, Algorithm>
const VERSION_19 = 1 as const satisfies Version

/** What an Argon2 hash is worked out from. */
export interface Argon2Input {
  readonly operation: 'hash' | 'verify'
  readonly algorithm: StoredArgon2['algorithm']
  readonly text: string
  readonly cost: Cost
  readonly salt: Buffer
  /** Bytes. */
  readonly output: number
  readonly pepper: Buffer | undefined
}

/**
 * Works an Argon2 hash out, in a thread of libuv's pool. Hashing and verifying are the same work, so this is the one place
 * where it is done.
 */
export async function argon2({
  operation,
  algorithm,
  text,
  cost,
  salt,
  output,
  pepper,
}: Argon2Input): Promise<Buffer> {
  const { memory, passes, parallelism } = cost
  tellWork({
    operation,
    algorithm,
    memory,
    passes,
    parallelism,
    salt: salt.length,
    output,
    peppered: pepper !== undefined,
  })
  const options: Options = {
    algorithm: ALGORITHMS[algorithm],
    version: VERSION_19,
    memoryCost: memory,
    timeCost: passes,
    parallelism,
    outputLen: output,
    salt,
    ...(pepper === undefined ? {} : { secret: pepper }),
  }
  return hashRaw(text, options)
}
