import { SecretNotFoundError, SecretUnusableError } from './errors.ts'
import { Secret } from './secret.ts'
import type { SecretsProvider } from './secret.ts'

/** Where {@link environmentSecrets} looks. */
export interface EnvironmentSecretsOptions {
  /** Begins the name of each variable. Default: nothing. */
  readonly prefix?: string
  /** The variables. Default: `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>
}

/** Secrets in environment variables, each under its name. An empty variable is no secret. */
export function environmentSecrets(options: EnvironmentSecretsOptions = {}): SecretsProvider {
  const { prefix = '', env = process.env } = options
  return {
    async get(name) {
      const variable = `${prefix}${name}`
      const value = Object.hasOwn(env, variable) ? env[variable] : undefined
      if (value === undefined)
        throw new SecretNotFoundError(name, `set the environment variable ${variable}.`)
      if (value.trim() === '') throw new SecretUnusableError(name, `the variable ${variable} is empty.`)
      return new Secret(value)
    },
  }
}
