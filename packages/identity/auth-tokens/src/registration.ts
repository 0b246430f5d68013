import { createScopedValue } from '@portcullis/kernel'
import type { FastifyInstance } from 'fastify'
import type { Connections } from './connections.ts'
import type { CurrentKeys } from './keys/current-keys.ts'
import type { ResolvedAuthTokensOptions } from './options.ts'
import type { TokenService } from './token-service.ts'

/** What one registration of auth-tokens works with, once its app is ready. */
export interface Registration {
  readonly options: Readonly<ResolvedAuthTokensOptions>
  readonly service: TokenService
  readonly keys: CurrentKeys
  readonly connections: Connections
}

/** Registrations by scope. */
export const registrations: ReturnType<typeof createScopedValue<Registration>> =
  createScopedValue<Registration>()

/** The registration that holds in a scope. */
export function registrationIn(scope: FastifyInstance): Registration {
  const found = registrations.get(scope)
  if (found === undefined)
    throw new Error('auth-tokens works once the app is ready, in the scope it is registered in')
  return found
}
