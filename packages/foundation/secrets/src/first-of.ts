import { SecretNotFoundError } from './errors.ts'
import type { SecretsProvider } from './secret.ts'

/**
 * Asks one provider after another until one has the secret. One that has it and cannot use it ends the search: what is
 * meant to be used must not be passed over in silence.
 */
export function firstOf(...providers: readonly SecretsProvider[]): SecretsProvider {
  return {
    async get(name) {
      for (const provider of providers) {
        try {
          return await provider.get(name)
        } catch (error) {
          if (!(error instanceof SecretNotFoundError)) throw error
        }
      }
      throw new SecretNotFoundError(name, `${providers.length} providers were asked.`)
    },
  }
}
