import type { SecretsProvider } from '@portcullis/secrets'
import { dsnOfSecret } from '../core/dsn-of-secret.ts'
import { DsnProblem } from '../core/parse-dsn.ts'
import { LATE, within } from '../core/within.ts'

/** A secret that says who we are, and perhaps where the database is. */
export interface DsnSecret {
  /** Where the secret is, such as `fileSecrets({ directory: '/run/secrets' })`. */
  readonly secrets: SecretsProvider
  /**
   * Its name. Its value is a connection string, or JSON with `dsn`, or JSON with `username`, `password` and perhaps `host`,
   * `port` and `dbname`.
   */
  readonly name: string
  /** `postgres://host:5432/database`, for what the secret does not say. */
  readonly url?: string | undefined
}

/** A connection string, or a function or secret that has it: asked before each new connection. */
export type DsnSource = string | (() => string | Promise<string>) | DsnSecret

async function read(source: Exclude<DsnSource, string>): Promise<unknown> {
  if (typeof source === 'function') return source()
  const { value } = await source.secrets.get(source.name)
  return dsnOfSecret(value, source.url)
}

async function ask(source: Exclude<DsnSource, string>, timeout: number): Promise<string> {
  const what = typeof source === 'function' ? 'its function' : 'its secret'
  const asked = read(source).catch((error: unknown) => {
    if (error instanceof DsnProblem) throw error
    // The error may hold the string.
    throw new DsnProblem(`${what} ${typeof source === 'function' ? 'failed' : 'cannot be had'}`)
  })
  const text = await within(timeout, asked)
  if (text === LATE) throw new DsnProblem(`${what} gave no answer in time`)
  if (typeof text !== 'string') throw new DsnProblem(`${what} gave no string`)
  return text
}

/**
 * Makes a function that asks a source. Who asks while it is being asked gets the same answer.
 *
 * @param timeout milliseconds that it may take
 * @returns a function that throws DsnProblem when the source fails or is late
 */
export function askOnce(source: DsnSource, timeout: number): () => Promise<string> {
  let asking: Promise<string> | undefined
  return async () => {
    if (typeof source === 'string') return source
    asking ??= ask(source, timeout).finally(() => (asking = undefined))
    return asking
  }
}
