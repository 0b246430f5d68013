import { hashRaw, parseOptions } from '@node-rs/argon2'
import type { ParsedHashOptions } from '@node-rs/argon2'
import type { Cost } from './core/cost.ts'
import type { StoredArgon2 } from './core/phc.ts'
import { tellWork } from './work.ts'

/** The library's own numbers of an algorithm and version 19: it declares them as const enums, which no module may import. */
function numbersOf(algorithm: StoredArgon2['algorithm']): Pick<ParsedHashOptions, 'algorithm' | 'version'> {
  const hash = `$${algorithm}$v=19$m=8,t=1,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`
  const { algorithm: number, version } = parseOptions(hash)
  return { algorithm: number, version }
}

const NUMBERS = { argon2i: numbersOf('argon2i'), argon2id: numbersOf('argon2id') }

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
  return hashRaw(text, {
    ...NUMBERS[algorithm],
    memoryCost: memory,
    timeCost: passes,
    parallelism,
    outputLen: output,
    salt,
    ...(pepper === undefined ? {} : { secret: pepper }),
  })
}
