import type { FastifyContextConfig, FastifyInstance, FastifyRequest } from 'fastify'
import Fastify from 'fastify'
import type { Cluster, Redis } from 'ioredis'
import { expectTypeOf } from 'vitest'
import userRateLimit from '../../src/index.ts'
import type {
  Limit,
  PolicyOptions,
  Principal,
  RedisSource,
  UserRateLimit,
  UserRateLimitErrorCode,
  UserRateLimitRouteOptions,
} from '../../src/index.ts'

// Decorators, the kernel's too.
expectTypeOf<FastifyInstance['userRateLimit']>().toEqualTypeOf<UserRateLimit>()
expectTypeOf<FastifyRequest['userRateLimit']>().toEqualTypeOf<readonly Limit[]>()
expectTypeOf<FastifyRequest['principal']>().toEqualTypeOf<Principal>()

declare const app: FastifyInstance
declare const request: FastifyRequest
const policy = { name: 'mails', quota: 2, window: 1000 }
expectTypeOf(app.userRateLimit.consume({ policy, identity: ['user', 'a'] })).resolves.toEqualTypeOf<{
  readonly allowed: boolean
  readonly limits: readonly Limit[]
}>()
// @ts-expect-error whose quota it is has to be said
void app.userRateLimit.consume({ policy })
// @ts-expect-error limits are told, not set
request.userRateLimit = []

// A route's options: policies and mode, but no store.
expectTypeOf<FastifyContextConfig['userRateLimit']>().toEqualTypeOf<
  UserRateLimitRouteOptions | false | undefined
>()
const route = (config: FastifyContextConfig) => Fastify().get('/', { config }, () => 'hello')
route({ userRateLimit: { policies: { own: { quota: 3, window: '1m' }, perUser: false } } })
route({ userRateLimit: false })
// @ts-expect-error the store belongs to the plugin
route({ userRateLimit: { redis: 'redis://localhost' } })
// @ts-expect-error policies are under `policies`
route({ userRateLimit: { quota: 3, window: '1m' } })
// @ts-expect-error a policy is left out with false
route({ userRateLimit: { policies: { perUser: null } } })

// Policies.
expectTypeOf<{ quota: number; window: '15m' }>().toExtend<PolicyOptions>()
expectTypeOf<{ partitionKey: readonly ['tenant', 'address'] }>().toExtend<PolicyOptions>()
expectTypeOf<{
  partitionKey: (request: FastifyRequest) => Promise<string | null>
}>().toExtend<PolicyOptions>()
expectTypeOf<{ when: 'mutation'; cost: 'queryCost' }>().toExtend<PolicyOptions>()
expectTypeOf<{ partitionKey: 'user' }>().not.toExtend<PolicyOptions>()
expectTypeOf<{ onStoreError: 'ignore' }>().not.toExtend<PolicyOptions>()
expectTypeOf<{ when: 'mutations' }>().not.toExtend<PolicyOptions>()
expectTypeOf<{ cost: 'price' }>().not.toExtend<PolicyOptions>()

// Where Redis is: a URL, options, or a client of the ioredis that the app has.
expectTypeOf<string>().toExtend<RedisSource>()
expectTypeOf<{ host: string; port: number; tls: object }>().toExtend<RedisSource>()
expectTypeOf<Redis>().toExtend<RedisSource>()
expectTypeOf<Cluster>().toExtend<RedisSource>()
expectTypeOf<number>().not.toExtend<RedisSource>()

// The plugin's options.
void Fastify().register(userRateLimit)
void Fastify().register(userRateLimit, {
  policies: { perUser: { quota: 1, window: 1000 } },
  storeTimeout: '20ms',
})
// @ts-expect-error misspelt
void Fastify().register(userRateLimit, { polices: {} })

expectTypeOf<'USER_RATE_LIMIT_EXCEEDED'>().toExtend<UserRateLimitErrorCode>()
expectTypeOf<'TOO_MANY_REQUESTS'>().not.toExtend<UserRateLimitErrorCode>()
