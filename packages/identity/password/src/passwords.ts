import { randomBytes, timingSafeEqual } from 'node:crypto'
import { verify as verifyBcrypt } from '@node-rs/bcrypt'
import type { FastifyBaseLogger } from 'fastify'
import { argon2 } from './argon2.ts'
import { isStale } from './core/stale.ts'
import type { Cost } from './core/cost.ts'
import { readStored, writeStored } from './core/phc.ts'
import type { StoredArgon2, StoredHash } from './core/phc.ts'
import { readText } from './core/text.ts'
import type { PasswordText } from './core/text.ts'
import { PasswordInvalidError } from './errors.ts'
import type { Peppers } from './peppers.ts'
import type { CheckContext, Policy, Verdict } from './policy.ts'
import { tellWork } from './work.ts'
import type { Workers } from './workers.ts'

const [SALT_BYTES, HASH_BYTES] = [16, 32]
/** bcrypt reads no further, so that all passwords with the same beginning would be one. */
const BCRYPT_BYTES = 72

/**
 * Why a stored hash could not be compared, for the app and never for the client: it is unreadable, costs more than it may
 * or has a pepper that nobody gave; or the password is longer than the 72 bytes that its bcrypt hash was made from.
 */
export type StoredProblem = 'UNUSABLE_HASH' | 'BEYOND_BCRYPT'

/** What comparing a password with a stored hash told. */
export interface Verification {
  /** It is the password. */
  readonly ok: boolean
  /** It is, and its hash should be replaced by one of `hash(password)`. */
  readonly needsRehash: boolean
  readonly problem?: StoredProblem | undefined
}

/** Where passwords are hashed at the moment. */
export interface PasswordsStatus {
  /** Of new hashes; memory in KiB. */
  readonly cost: Cost
  readonly workers: number
  readonly running: number
  readonly waiting: number
}

/** Stores a new hash in place of the old one, and only of that: the password may have been changed meanwhile. */
export type SaveHash = (newHash: string, oldHash: string) => Promise<unknown>

/** `app.passwords`. */
export interface Passwords {
  /**
   * Hashes a password with Argon2id.
   *
   * @returns a PHC string of at most 256 characters
   * @throws PASSWORD_INVALID for what is no password, PASSWORD_HASHING_BUSY where the queue is full
   */
  hash(password: string): Promise<string>
  /**
   * Compares a password with a stored hash.
   *
   * @param stored nothing for an account that is not there: then the same work is done, and the answer is no
   * @throws PASSWORD_INVALID for what is no password, PASSWORD_HASHING_BUSY where the queue is full
   */
  verify(password: string, stored: string | null | undefined): Promise<Verification>
  /**
   * {@link verify}, and a new hash is made and saved where the old one is out of date. That this failed is logged, and is no
   * reason to refuse the login.
   *
   * @returns whether it is the password
   * @throws as {@link verify} does
   */
  login(password: string, stored: string | null | undefined, save: SaveHash): Promise<boolean>
  /**
   * Judges a password that somebody chooses, by the policy.
   *
   * @throws PASSWORD_INVALID for what is no string, PASSWORD_BREACH_CHECK_UNAVAILABLE where the source failed and `onError` is
   * `closed`
   */
  check(password: string, about?: CheckContext): Promise<Verdict>
  readonly status: PasswordsStatus
}

/** What {@link createPasswords} needs. */
export interface PasswordsParts {
  readonly cost: Cost
  /** The cost was given, and not measured: hashes of any other are out of date. */
  readonly fixed: boolean
  readonly maxBytes: number
  readonly peppers: Peppers
  readonly workers: Workers
  readonly policy: Policy
  readonly log: FastifyBaseLogger
}

/** What a password is compared with: a stored hash, or one that nobody has. */
type Target = StoredHash & { readonly problem?: StoredProblem }

/** Creates `app.passwords`. */
export function createPasswords(parts: PasswordsParts): Passwords {
  const { cost, peppers, workers, log } = parts

  function read(password: unknown): PasswordText {
    if (typeof password !== 'string') throw new PasswordInvalidError('it is no string')
    const text = readText(password, parts.maxBytes)
    if (text === 'TOO_LONG') throw new PasswordInvalidError('it is too long')
    if (text === 'INVALID_TEXT') throw new PasswordInvalidError('it has characters that no keyboard types')
    return text
  }

  /** Hashes as those that are made now are, and like no password: the same work, and never a yes. */
  function nobody(problem?: StoredProblem): Target {
    const [salt, hash] = [randomBytes(SALT_BYTES), randomBytes(HASH_BYTES)]
    const keyId = peppers.current?.id
    return { algorithm: 'argon2id', cost, salt, hash, keyId, ...(problem && { problem }) }
  }

  function targetOf(stored: string | null | undefined, { raw }: PasswordText): Target {
    if (stored === null || stored === undefined) return nobody()
    const hash = typeof stored === 'string' ? readStored(stored) : undefined
    if (hash === undefined || (hash.algorithm !== 'bcrypt' && !hasPepper(hash))) {
      log.error(
        { code: 'UNUSABLE_HASH' },
        'a stored password hash cannot be read, costs too much or lacks its pepper',
      )
      return nobody('UNUSABLE_HASH')
    }
    if (hash.algorithm === 'bcrypt' && Buffer.byteLength(raw) > BCRYPT_BYTES) return nobody('BEYOND_BCRYPT')
    return hash
  }

  function hasPepper({ keyId }: StoredArgon2): boolean {
    return keyId === undefined || peppers.find(keyId) !== undefined
  }

  async function matches(target: Target, { raw, text }: PasswordText): Promise<boolean> {
    if (target.algorithm === 'bcrypt') {
      return workers.run(1, () => {
        tellWork({ operation: 'verify', algorithm: 'bcrypt', rounds: target.rounds })
        return verifyBcrypt(raw, target.encoded)
      })
    }
    const { algorithm, salt, hash, keyId } = target
    const pepper = keyId === undefined ? undefined : peppers.find(keyId)?.secret
    const input = { operation: 'verify', algorithm, text, salt, pepper, output: hash.length } as const
    const made = await workers.run(target.cost.parallelism, () => argon2({ ...input, cost: target.cost }))
    return timingSafeEqual(made, hash)
  }

  const self: Passwords = {
    async hash(password) {
      const { text } = read(password)
      workers.requireRoom()
      const pepper = peppers.current
      const salt = randomBytes(SALT_BYTES)
      const input = {
        operation: 'hash',
        algorithm: 'argon2id',
        text,
        cost,
        salt,
        output: HASH_BYTES,
      } as const
      const hash = await workers.run(1, () => argon2({ ...input, pepper: pepper?.secret }))
      return writeStored({ algorithm: 'argon2id', cost, salt, hash, keyId: pepper?.id })
    },
    async verify(password, stored) {
      const text = read(password)
      workers.requireRoom()
      const target = targetOf(stored, text)
      const ok = await matches(target, text)
      const live = { cost, fixed: parts.fixed, keyId: peppers.current?.id }
      return { ok, needsRehash: ok && isStale(target, live), problem: target.problem }
    },
    async login(password, stored, save) {
      const { ok, needsRehash } = await self.verify(password, stored)
      if (!needsRehash || typeof stored !== 'string') return ok
      try {
        await save(await self.hash(password), stored)
      } catch (error) {
        log.warn({ err: error }, 'a password hash that is out of date could not be replaced')
      }
      return ok
    },
    async check(password, about = {}) {
      if (typeof password !== 'string') throw new PasswordInvalidError('it is no string')
      return parts.policy(password, about)
    },
    get status() {
      const { size, running, waiting } = workers.slots
      return { cost, workers: size, running, waiting }
    },
  }
  return self
}
