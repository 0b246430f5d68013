import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { instancesOf, unsafeSetting } from '@portcullis/kernel'
import { describeSource, isExposed, RedisUnreachable } from '@portcullis/kernel/redis'
import type { RedisSource } from '@portcullis/kernel/redis'
import type { FastifyInstance } from 'fastify'
import { deviceTokens } from './core/device-token.ts'
import type { DeviceTokens } from './core/device-token.ts'
import { memoryBlocks } from './blocks/block-store.ts'
import type { BlockStore } from './blocks/block-store.ts'
import { RedisBlocks } from './blocks/redis-blocks.ts'
import { blockNames } from './blocks/subject.ts'
import type { BlockNames } from './blocks/subject.ts'
import { partitionKeys } from './core/partition-key.ts'
import type { PartitionKeys } from './core/partition-key.ts'
import { StoreUnreachableError } from './errors.ts'
import type { ResolvedLoginOptions } from './login/login-options.ts'
import type { ResolvedUserRateLimitOptions } from './options.ts'
import { addressKeys } from './policies/address-keys.ts'
import type { AddressKeys } from './policies/address-keys.ts'
import { plansOf } from './policies/plans.ts'
import type { Plans } from './policies/plans.ts'
import { withLeases } from './stores/leases.ts'
import { MemoryStore } from './stores/memory-store.ts'
import { RedisStore } from './stores/redis-store.ts'
import { MemorySlots, withSlotFallback } from './stores/slots.ts'
import type { SlotStore } from './stores/slots.ts'
import { withStoreFallback } from './stores/store-fallback.ts'
import type { RateLimitStore } from './stores/store.ts'
import { trustsEverybody } from './trusts-everybody.ts'

/** What decides for one registration. */
export interface Limiter {
  readonly store: RateLimitStore
  /** Whether Redis is known to be away; `undefined` where this process's memory counts. */
  readonly isAway: (() => boolean) | undefined
  readonly slots: SlotStore
  readonly keys: PartitionKeys
  readonly addressKeys: AddressKeys
  readonly devices: DeviceTokens
  readonly ipv6Subnet: number
  readonly blocks: BlockStore
  readonly blockNames: BlockNames
  readonly login: ResolvedLoginOptions
  readonly plans: Plans | undefined
  readonly headers: ResolvedUserRateLimitOptions['headers']
}

const SHORTEST_SECRET = 32

/** Settings with which the limits would not hold in production. */
export function checkSettings(app: FastifyInstance, options: ResolvedUserRateLimitOptions): void {
  const { redis, keySecret } = options
  if (trustsEverybody(app)) {
    unsafeSetting(
      app,
      "userRateLimit counts by address, and Fastify's trustProxy believes anybody: each request can claim an address of its own. Give trustProxy the addresses or CIDR ranges of your proxies.",
    )
  }
  if (redis === undefined) {
    if (instancesOf(app) > 1) {
      unsafeSetting(
        app,
        `userRateLimit counts in the memory of each of ${instancesOf(app)} instances, so each admits the whole quota. Give the redis option.`,
      )
    }
    return
  }
  if (keySecret !== undefined && Buffer.byteLength(keySecret) < SHORTEST_SECRET) {
    unsafeSetting(
      app,
      `userRateLimit.keySecret has fewer than ${SHORTEST_SECRET} bytes. Give a random one, such as 32 random bytes in base64.`,
    )
  }
  if (isExposed(redis)) {
    unsafeSetting(
      app,
      `userRateLimit.redis at ${describeSource(redis)} is reached without TLS. Use rediss:// or the tls option.`,
    )
  }
}

/**
 * Opens the store.
 *
 * @param closed names of the policies that are `closed` while the store is away
 * @throws PORTCULLIS_USER_RATE_LIMIT_STORE_UNREACHABLE when Redis cannot be reached and there is such a policy
 */
export async function openLimiter(
  app: FastifyInstance,
  options: ResolvedUserRateLimitOptions,
  closed: readonly string[],
): Promise<Limiter> {
  const { redis, keySecret, keyPrefix, storeTimeout, ipv6Subnet, maxKeys, login } = options
  // Without Redis nothing outlives the process, so a secret of its own is as good.
  const secret = keySecret ?? randomBytes(SHORTEST_SECRET)
  const keys = partitionKeys({ secret, prefix: keyPrefix })
  const devices = deviceTokens(secret, login.deviceLifetime)
  const fallback = { instances: instancesOf(app), memory: new MemoryStore({ maxKeys }) }
  const { plan, planCacheFor, headers } = options
  const plans = plan === undefined ? undefined : plansOf(plan, planCacheFor)
  const shared = {
    keys,
    addressKeys: addressKeys(keys, ipv6Subnet),
    plans,
    headers,
    devices,
    login,
    ipv6Subnet,
    blockNames: blockNames(keys, ipv6Subnet),
  }
  if (redis === undefined) {
    const store = withStoreFallback(new MemoryStore({ maxKeys }), fallback)
    return { ...shared, store, isAway: undefined, slots: new MemorySlots(), blocks: memoryBlocks() }
  }
  const redisStore = new RedisStore({ redis, storeTimeout, onHealed: warnOnceOfLostExpiry(app) })
  try {
    await redisStore.connect()
    await warnOfEviction(app, redisStore, 1)
  } catch (error) {
    if (!(error instanceof RedisUnreachable)) throw error
    if (closed.length > 0) {
      await redisStore.close()
      throw new StoreUnreachableError(error.message, closed.join(', '))
    }
    app.log.warn(
      { code: 'RATE_LIMIT_STORE_UNAVAILABLE' },
      `userRateLimit: ${error.message} Its policies go on as they declare.`,
    )
  }
  const store = withStoreFallback(withLeases(redisStore), fallback)
  return {
    ...shared,
    slots: withSlotFallback(redisStore.slots, fallback.instances),
    store,
    isAway: () => redisStore.away,
    blocks: await openBlocks(app, redis, keyPrefix, {
      onReset: (key) => store.forgetLocal?.(key),
      // It may be another server than before.
      onBack: () => void warnOfEviction(app, redisStore, 20),
    }),
  }
}

/** Says where Redis may drop counters: an evicted one is a fresh quota. */
async function warnOfEviction(app: FastifyInstance, store: RedisStore, attempts: number): Promise<void> {
  let policy: string | undefined
  try {
    policy = await store.evictionPolicy()
  } catch {
    // One that does not answer at boot is looked at when it is back, which the store may see later than the blocks.
    if (attempts <= 1) return
    await delay(500, undefined, { ref: false })
    return warnOfEviction(app, store, attempts - 1)
  }
  if (policy === 'noeviction') return
  const found = policy === undefined ? 'does not tell its maxmemory-policy' : `has maxmemory-policy ${policy}`
  app.log.warn(
    { code: 'RATE_LIMIT_STORE_EVICTS' },
    `userRateLimit: Redis ${found}: where it evicts keys, who has used up a quota gets another. Set maxmemory-policy noeviction.`,
  )
}

/** Says once that something takes the expiry from keys: without the gate's mending they would be there for ever. */
function warnOnceOfLostExpiry(app: FastifyInstance): (keys: number) => void {
  let isTold = false
  return (keys) => {
    if (isTold) return
    isTold = true
    app.log.warn(
      { code: 'RATE_LIMIT_STORE_EXPIRY_LOST' },
      `userRateLimit: ${keys} ${keys === 1 ? 'key' : 'keys'} in Redis had lost the expiry and ${keys === 1 ? 'has' : 'have'} one again. Something writes to them, such as a PERSIST or a restore without TTL. This is said once.`,
    )
  }
}

/** Opens the blocks. Where Redis is away they are looked for until it is back: no block is known, and none is lost. */
async function openBlocks(
  app: FastifyInstance,
  redis: RedisSource,
  keyPrefix: string,
  { onReset, onBack }: { readonly onReset: (key: string) => void; readonly onBack: () => void },
): Promise<BlockStore> {
  const blocks = new RedisBlocks({
    redis,
    keyPrefix,
    onReset,
    onChange: (isAway) => {
      app.log.warn(
        { code: 'RATE_LIMIT_STORE_UNAVAILABLE' },
        isAway
          ? 'userRateLimit: Redis is away, so blocks that others set meanwhile are not known.'
          : 'userRateLimit: Redis is back, and the blocks are known again.',
      )
      if (!isAway) onBack()
    },
  })
  await blocks.connect().catch(() => undefined)
  blocks.watch()
  return blocks
}
