import { createHmac, randomBytes } from 'node:crypto'

// Versions are for comparing, not for guessing: the key stays in this process.
const versionKey = randomBytes(32)

/** One secret as it is now. Printing, logging or serialising it shows no value. */
export class Secret {
  readonly #value: string
  /** Tells whether the value has changed since it was last read; it says nothing about the value. */
  readonly version: string
  /** When it should be read again, in milliseconds since the epoch; `undefined` where nobody can tell. */
  readonly expiresAt: number | undefined

  /** @param version as the source names it. Default: made from the value, comparable within this process. */
  constructor(value: string, { version, expiresAt }: { version?: string; expiresAt?: number } = {}) {
    this.#value = value
    this.version = version ?? createHmac('sha256', versionKey).update(value).digest('base64url').slice(0, 16)
    this.expiresAt = expiresAt
  }

  /** The secret itself. */
  get value(): string {
    return this.#value
  }
}

/** Where secrets come from. */
export interface SecretsProvider {
  /**
   * The secret of a name, read anew: callers ask again when it is time, or now and then, to see it rotate.
   *
   * @throws (rejects) PORTCULLIS_SECRETS_NOT_FOUND, PORTCULLIS_SECRETS_UNUSABLE
   */
  get(name: string): Promise<Secret>
}
