import type { SecretsProvider } from '@portcullis/secrets'
import type { TokenKey } from '../core/key.ts'
import { keysOfJwks } from './jwk.ts'

/**
 * Keys from a secret whose value is a JWK Set in JSON (`{ "keys": [{ "kty": "oct", "kid": …, "alg": "HS256", "k": … }] }`):
 * the first that can sign signs, all verify. To rotate, put a new key first and leave the old ones until their tokens
 * have expired. Give it as `keys`; it is read again every `keysMaxAge`.
 *
 * @param name the secret's name
 */
export function secretKeys(secrets: SecretsProvider, name: string): () => Promise<readonly TokenKey[]> {
  return async () => keysOfJwks((await secrets.get(name)).value)
}

/**
 * Refresh secrets from secrets, the current one first. Give it as `refreshSecrets`.
 *
 * @param names of the secrets
 */
export function refreshSecretsFrom(
  secrets: SecretsProvider,
  ...names: readonly string[]
): () => Promise<readonly string[]> {
  return async () => Promise.all(names.map(async (name) => (await secrets.get(name)).value))
}
