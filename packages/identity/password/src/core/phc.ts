import { isBounded, MOST } from './cost.ts'
import type { Cost } from './cost.ts'

/** An Argon2 hash of a table. */
export interface StoredArgon2 {
  readonly algorithm: 'argon2id' | 'argon2i'
  readonly cost: Cost
  readonly salt: Buffer
  readonly hash: Buffer
  /** Which pepper it was made with, if any. */
  readonly keyId: string | undefined
}

/** A bcrypt hash of a table. */
interface StoredBcrypt {
  readonly algorithm: 'bcrypt'
  /** The base-2 logarithm of its rounds. */
  readonly rounds: number
  readonly encoded: string
}

/** A hash of a table. */
export type StoredHash = StoredArgon2 | StoredBcrypt

/** Longer than any hash within the bounds below. */
const LONGEST = 512
const SALT = { least: 8, most: 64 }
const HASH = { least: 16, most: 64 }
const BASE64 = /^[A-Za-z0-9+/]+$/
const NUMBER = /^[1-9]\d{0,9}$/
const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/
/** RFC 9106; hashes of version 16 (before 2016) are not read. */
const VERSION = 'v=19'

/** Base64 without padding, in its one canonical spelling. */
function decode(text: string, { least, most }: typeof SALT): Buffer | undefined {
  if (!BASE64.test(text)) return undefined
  const bytes = Buffer.from(text, 'base64')
  if (encode(bytes) !== text || bytes.length < least || bytes.length > most) return undefined
  return bytes
}

function encode(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '')
}

interface Parameters {
  readonly cost: Cost
  readonly keyId: string | undefined
}

/** `m`, `t`, `p` and perhaps `keyid`, once each and in any order: makers differ in it. */
function readParameters(text: string): Parameters | undefined {
  const given = new Map<string, string>()
  for (const pair of text.split(',')) {
    const at = pair.indexOf('=')
    const [name, value] = [pair.slice(0, at), pair.slice(at + 1)]
    const form = name === 'keyid' ? BASE64 : NUMBER
    if (!['m', 't', 'p', 'keyid'].includes(name) || given.has(name) || !form.test(value)) return undefined
    given.set(name, value)
  }
  const cost = {
    memory: Number(given.get('m')),
    passes: Number(given.get('t')),
    parallelism: Number(given.get('p')),
  }
  // NaN, where one is missing, is within no bounds.
  return isBounded(cost) ? { cost, keyId: given.get('keyid') } : undefined
}

function readArgon2(encoded: string): StoredArgon2 | undefined {
  const [before, algorithm, version, parameters = '', salt = '', hash = '', ...more] = encoded.split('$')
  if (before !== '' || version !== VERSION || more.length > 0) return undefined
  if (algorithm !== 'argon2id' && algorithm !== 'argon2i') return undefined
  const read = readParameters(parameters)
  const bytes = { salt: decode(salt, SALT), hash: decode(hash, HASH) }
  if (read === undefined || bytes.salt === undefined || bytes.hash === undefined) return undefined
  return { algorithm, ...read, salt: bytes.salt, hash: bytes.hash }
}

/**
 * Reads a stored hash: a PHC string of Argon2id or Argon2i, or a bcrypt string (`$2a$`, `$2b$`, `$2y$`).
 *
 * @returns nothing where it is none, or would cost more than {@link MOST}
 */
export function readStored(encoded: string): StoredHash | undefined {
  if (encoded.length > LONGEST) return undefined
  const bcrypt = BCRYPT.exec(encoded)
  if (bcrypt === null) return readArgon2(encoded)
  const rounds = Number(bcrypt[1])
  return rounds >= 4 && rounds <= MOST.bcrypt ? { algorithm: 'bcrypt', rounds, encoded } : undefined
}

/** Writes an Argon2 hash as a PHC string, with its parameters in the order of the reference implementation. */
export function writeStored({ algorithm, cost, salt, hash, keyId }: StoredArgon2): string {
  const key = keyId === undefined ? '' : `,keyid=${keyId}`
  const parameters = `m=${cost.memory},t=${cost.passes},p=${cost.parallelism}${key}`
  return `$${algorithm}$${VERSION}$${parameters}$${encode(salt)}$${encode(hash)}`
}
