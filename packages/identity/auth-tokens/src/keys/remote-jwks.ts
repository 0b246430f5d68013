import type { TokenKey } from '../core/key.ts'
import { KeyProblem } from '../core/key.ts'
import { keysOfJwks } from './jwk.ts'

/** Where another issuer publishes its keys. Durations are milliseconds. */
export interface RemoteJwksOptions {
  readonly url: string
  /** Shortest time between two fetches, however many tokens name unknown keys. */
  readonly cooldown: number
  /** How old keys get before the next token that comes makes the app ask again, without waiting for the answer. */
  readonly maxAge: number
  /** Longest wait for an answer. */
  readonly timeout: number
}

/** Longest JWK Set that is read, in bytes. */
const LONGEST = 262_144

async function readBounded(response: Response): Promise<string> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const part of response.body ?? []) {
    const bytes = part as Uint8Array
    length += bytes.length
    if (length > LONGEST) throw new KeyProblem(`it is longer than ${LONGEST} bytes.`)
    parts.push(bytes)
  }
  return Buffer.concat(parts).toString('utf8')
}

/** Fetches the keys of another issuer: one request at a time, and never more often than the cooldown. */
export class RemoteJwks {
  readonly #options: RemoteJwksOptions
  readonly #now: () => number
  #fetching: Promise<readonly TokenKey[]> | undefined
  #askedAt = Number.NEGATIVE_INFINITY
  #fetchedAt = Number.NEGATIVE_INFINITY

  /** @param now milliseconds of a clock that never goes back */
  constructor(options: RemoteJwksOptions, now: () => number = () => performance.now()) {
    this.#options = options
    this.#now = now
  }

  /** Whether the keys are so old that somebody has to ask again. */
  get isStale(): boolean {
    return this.#now() - this.#fetchedAt > this.#options.maxAge
  }

  /**
   * Asks for the keys.
   *
   * @returns nothing while the cooldown lasts
   * @throws (rejects) Error without anything of the answer
   */
  fetch(): Promise<readonly TokenKey[]> | undefined {
    if (this.#fetching !== undefined) return this.#fetching
    if (this.#now() - this.#askedAt < this.#options.cooldown) return undefined
    this.#askedAt = this.#now()
    this.#fetching = this.#ask().finally(() => {
      this.#fetching = undefined
    })
    return this.#fetching
  }

  async #ask(): Promise<readonly TokenKey[]> {
    const host = new URL(this.#options.url).host
    const text = await this.#read().catch((error: unknown) => {
      throw error instanceof KeyProblem ? error : new KeyProblem(`the JWK Set at ${host} cannot be fetched.`)
    })
    // Only public keys: whoever publishes a secret has given it away.
    const keys = keysOfJwks(text).filter(({ publicKey }) => publicKey !== undefined)
    if (keys.length === 0) throw new KeyProblem(`the JWK Set at ${host} has no public key for signatures.`)
    this.#fetchedAt = this.#now()
    return keys
  }

  async #read(): Promise<string> {
    const { url, timeout } = this.#options
    const response = await fetch(url, {
      headers: { accept: 'application/jwk-set+json, application/json' },
      redirect: 'error',
      signal: AbortSignal.timeout(timeout),
    })
    if (response.ok) return readBounded(response)
    await response.body?.cancel()
    throw new KeyProblem(`the JWK Set at ${new URL(url).host} is answered with ${response.status}.`)
  }
}
