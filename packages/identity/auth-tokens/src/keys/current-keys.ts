import type { FastifyBaseLogger } from 'fastify'
import { checkKeys } from '../core/check-keys.ts'
import { checkSecret } from '../core/key.ts'
import { Keyring } from '../core/keyring.ts'
import { refreshKeyOf } from '../core/refresh-token.ts'
import type { RefreshKey } from '../core/refresh-token.ts'
import type { Algorithm } from '../core/algorithms.ts'
import { readSource } from './key-source.ts'
import type { KeySource, RefreshSecretSource } from './key-source.ts'
import { RemoteJwks } from './remote-jwks.ts'
import type { RemoteJwksOptions } from './remote-jwks.ts'

/** Where the keys come from. */
export interface KeySettings {
  readonly algorithms: readonly Algorithm[]
  readonly keys: KeySource | undefined
  readonly jwks: RemoteJwksOptions | undefined
  readonly refreshSecrets: RefreshSecretSource | undefined
  /** How often functions among them are asked again, milliseconds. */
  readonly keysMaxAge: number
}

const SHORTEST_REFRESH_SECRET = 32

/** The keys as they are now. They are exchanged while the app runs: all that go together at once. */
export class CurrentKeys {
  readonly #settings: KeySettings
  readonly #log: FastifyBaseLogger
  readonly #remote: RemoteJwks | undefined
  #timer: NodeJS.Timeout | undefined
  #renewing: Promise<void> | undefined
  /** How often the keys were asked for, and which of the answers is used. */
  #asked = 0
  #used = 0
  /** Verifies and signs. */
  ring: Keyring = new Keyring([])
  /** Derive refresh tokens, the current one first. */
  refresh: readonly RefreshKey[] = []

  constructor(settings: KeySettings, log: FastifyBaseLogger) {
    this.#settings = settings
    this.#log = log
    this.#remote = settings.jwks && new RemoteJwks(settings.jwks)
  }

  /**
   * Reads all keys.
   *
   * @throws KeyProblem, and what a function that gives keys throws
   */
  async load(): Promise<void> {
    const { keys, refreshSecrets = [], algorithms } = this.#settings
    if (keys === undefined) return this.#loadRemote()
    const turn = ++this.#asked
    const [own, secrets] = await Promise.all([readSource(keys), readSource(refreshSecrets)])
    const ring = new Keyring(checkKeys(own, algorithms))
    const refresh = secrets.map((secret) => refreshKeyOf(checkSecret(secret, SHORTEST_REFRESH_SECRET)))
    // An answer that comes late does not take the place of a newer one.
    if (turn < this.#used) return
    this.#used = turn
    this.ring = ring
    this.refresh = refresh
  }

  /** Reads what may change again and again, until {@link stop}. What cannot be read leaves the keys as they are. */
  watch(): void {
    const { keys, refreshSecrets, keysMaxAge } = this.#settings
    if (typeof keys !== 'function' && typeof refreshSecrets !== 'function') return
    this.#timer = setInterval(() => void this.#reload(), keysMaxAge)
    this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Whether keys that are not known yet may be had by asking their issuer. */
  get isRemote(): boolean {
    return this.#remote !== undefined
  }

  /** Asks the issuer for its keys where they are old, or a token names one that is not known. */
  async renew(kid?: string): Promise<void> {
    if (this.#remote === undefined || (!this.#remote.isStale && (kid === undefined || this.ring.has(kid))))
      return
    // However many wait for the keys, they are made ready once.
    this.#renewing ??= this.#loadRemote()
      .catch((error: unknown) => {
        this.#log.warn({ err: error }, 'auth: the keys of the issuer could not be renewed')
      })
      .finally(() => {
        this.#renewing = undefined
      })
    await this.#renewing
  }

  async #loadRemote(): Promise<void> {
    const { algorithms } = this.#settings
    const keys = await this.#remote?.fetch()
    if (keys === undefined) return
    const usable = keys.filter(({ alg }) => algorithms.includes(alg))
    this.ring = new Keyring(checkKeys(usable, algorithms))
  }

  async #reload(): Promise<void> {
    try {
      await this.load()
    } catch (error) {
      this.#log.error({ err: error }, 'auth: the keys could not be read again; those from before are used')
    }
  }
}
