import { instancesOf, unsafeSetting } from '@portcullis/kernel'
import { describeSource, isExposed, RedisUnreachable } from '@portcullis/kernel/redis'
import type { FastifyInstance } from 'fastify'
import { checkSecret, KeyProblem } from '../core/key.ts'
import { InvalidKeysError, StoreUnreachableError } from '../errors.ts'
import type { ResolvedAuthTokensOptions } from '../options.ts'
import { MemoryStore } from './memory-store.ts'
import { PostgresNotReady } from './postgres-not-ready.ts'
import { PostgresStore } from './postgres-store.ts'
import { RedisStore } from './redis-store.ts'
import { StoreUnavailable } from './store-unavailable.ts'
import type { TokenStore } from './store.ts'

const SHORTEST_SECRET = 32

/** Settings with which sessions would not hold in production. */
function checkSettings(
  app: FastifyInstance,
  { redis, postgres, keySecret }: ResolvedAuthTokensOptions,
): void {
  if (redis === undefined && postgres === undefined && instancesOf(app) > 1) {
    unsafeSetting(
      app,
      `auth keeps sessions in the memory of each of ${instancesOf(app)} instances, so a token that one has revoked is taken by the others. Give the redis or postgres option.`,
    )
  }
  if (redis === undefined) return
  try {
    checkSecret(keySecret ?? '', SHORTEST_SECRET)
  } catch (error) {
    throw error instanceof KeyProblem ? new InvalidKeysError(`keySecret ${error.message}.`) : error
  }
  if (isExposed(redis))
    unsafeSetting(
      app,
      `auth.redis at ${describeSource(redis)} is reached without TLS. Use rediss:// or the tls option.`,
    )
}

/**
 * Opens the store of a registration.
 *
 * @throws PORTCULLIS_AUTH_TOKENS_STORE_UNREACHABLE, PORTCULLIS_AUTH_TOKENS_INVALID_KEYS,
 * PORTCULLIS_KERNEL_UNSAFE_IN_PRODUCTION
 */
export async function openStore(
  app: FastifyInstance,
  options: Readonly<ResolvedAuthTokensOptions>,
): Promise<TokenStore> {
  checkSettings(app, options)
  const { redis, postgres: pool, keySecret = '', keyPrefix, storeTimeout: timeout } = options
  if (redis === undefined && pool === undefined) return new MemoryStore()
  const store =
    redis === undefined
      ? new PostgresStore({ pool: pool as NonNullable<typeof pool>, timeout })
      : new RedisStore({ redis, keySecret, keyPrefix, timeout })
  try {
    for (const warning of await store.connect()) app.log.warn(`auth: ${warning}`)
    return store
  } catch (error) {
    await store.close()
    const known = [StoreUnavailable, RedisUnreachable, PostgresNotReady].some((kind) => error instanceof kind)
    if (!known) throw error
    throw new StoreUnreachableError((error as Error).message)
  }
}
