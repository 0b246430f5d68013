import { TransparencyLogError } from '../errors.ts'
import { rawPublicKey } from '../key/key-object.ts'
import type { Verifier } from '../key/verifier.ts'

/** Whom a checkpoint must be signed by. */
export interface Trust {
  /** The log's key. */
  readonly key: Verifier
  /** The log's name. Default: the key's. */
  readonly origin?: string | undefined
  /** Keys of witnesses, of type `cosignature`. Default: none. */
  readonly witnesses?: readonly Verifier[] | undefined
  /** How many of the witnesses must have signed. Default: all of them. */
  readonly quorum?: number | undefined
}

/** A trust that can be met, with its defaults. */
export interface CheckedTrust {
  readonly key: Verifier
  readonly origin: string
  readonly witnesses: readonly Verifier[]
  readonly quorum: number
}

function refuse(message: string): TransparencyLogError {
  return new TransparencyLogError('INVALID_ARGUMENT', message)
}

/** Refuses what would silently trust less than it says: a witness counted twice, a log that vouches for itself. */
export function checkTrust({ key, origin = key.name, witnesses = [], quorum }: Trust): CheckedTrust {
  if (key.type !== 'ed25519') throw refuse(`key: ${key.name} is a witness's key, not a log's.`)
  const keys = new Set([rawPublicKey(key.publicKey).toString('hex')])
  for (const { name, type, publicKey } of witnesses) {
    if (type !== 'cosignature') throw refuse(`witnesses: ${name} is a log's key, not a witness's.`)
    keys.add(rawPublicKey(publicKey).toString('hex'))
  }
  if (keys.size !== witnesses.length + 1) {
    throw refuse('witnesses: two of them, or one and the log, have the same key.')
  }
  const needed = quorum ?? witnesses.length
  if (!Number.isSafeInteger(needed) || needed < 0 || needed > witnesses.length) {
    throw refuse(`quorum: ${needed} of ${witnesses.length} witnesses cannot sign. Give more witnesses.`)
  }
  return { key, origin, witnesses, quorum: needed }
}
