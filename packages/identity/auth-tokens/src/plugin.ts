import { decide, defineGate, identifyBy, onceRoutesKnown } from '@portcullis/kernel'
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { authenticate, identify } from './authenticate.ts'
import { Connections } from './connections.ts'
import { KeyProblem } from './core/key.ts'
import { RevocationList } from './core/revocation-list.ts'
import { decorate } from './decorators.ts'
import { InvalidKeysError, StoreUnreachableError } from './errors.ts'
import { Proofs } from './http/proofs.ts'
import { CurrentKeys } from './keys/current-keys.ts'
import { authTokensOptions } from './options.ts'
import type { AuthTokensOptions, ResolvedAuthTokensOptions } from './options.ts'
import { NAME, registrations } from './registration.ts'
import { RevocationFollower } from './revocation/follower.ts'
import { openStore } from './stores/open-store.ts'
import { StoreUnavailable } from './stores/store-unavailable.ts'
import type { RevocationScope } from './stores/store.ts'
import { TokenService } from './token-service.ts'

function tellRevoked(app: FastifyInstance, scope: RevocationScope, id: string, reused: boolean): void {
  const { securityEvents } = app
  if (reused) {
    const event = { severity: 'CRITICAL', outcome: 'refused', details: { family: id } } as const
    void securityEvents.publish({ type: 'auth.token_reuse', ...event })
  }
  const event = { severity: 'INFO', outcome: 'succeeded', details: { scope } } as const
  void securityEvents.publish({ type: 'auth.revoked', ...event })
}

async function loadKeys(keys: CurrentKeys): Promise<void> {
  try {
    await keys.load()
  } catch (error) {
    throw error instanceof KeyProblem ? new InvalidKeysError(error.message) : error
  }
}

async function open(app: FastifyInstance, options: Readonly<ResolvedAuthTokensOptions>): Promise<void> {
  const keys = new CurrentKeys(options, app.log)
  await loadKeys(keys)
  const store = await openStore(app, options)
  const list = new RevocationList()
  const connections = new Connections(list)
  const follower = new RevocationFollower(store, list, () => connections.revoked())
  app.addHook('onClose', async () => {
    keys.stop()
    await Promise.all([follower.stop(), store.close()])
  })
  try {
    await follower.start()
  } catch (error) {
    throw error instanceof StoreUnavailable ? new StoreUnreachableError(error.message) : error
  }
  keys.watch()
  const service = new TokenService({
    options,
    store,
    keys,
    list,
    follower,
    onRevoked: (scope, id, reused) => tellRevoked(app, scope, id, reused),
  })
  registrations.set(app, { options, service, keys, connections, proofs: new Proofs(options) })
}

function register(app: FastifyInstance, options: Readonly<ResolvedAuthTokensOptions>): void {
  decorate(app)
  identifyBy(app, identify)
  decide(app, { stage: 'onRequest', phase: 'identity', name: NAME, run: authenticate })
  onceRoutesKnown(app, () => open(app, options))
}

/**
 * Access and refresh tokens: issued, verified, rotated and revoked, so that they hold when many processes and clients use
 * them at once.
 *
 * @throws PORTCULLIS_KERNEL_INVALID_OPTIONS, PORTCULLIS_KERNEL_UNSAFE_IN_PRODUCTION,
 * PORTCULLIS_AUTH_TOKENS_INVALID_KEYS, PORTCULLIS_AUTH_TOKENS_STORE_UNREACHABLE
 */
export const authTokens: FastifyPluginAsync<AuthTokensOptions> = defineGate<
  AuthTokensOptions,
  ResolvedAuthTokensOptions
>({ name: NAME, package: '@portcullis/auth-tokens', options: authTokensOptions, register })
