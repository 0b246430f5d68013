import type { FastifyContextConfig, FastifyInstance, FastifyRequest } from 'fastify'
import Fastify from 'fastify'
import type { Cluster, Redis } from 'ioredis'
import { expectTypeOf } from 'vitest'
import userRateLimit from '../../src/index.ts'
import type {
  Block,
  Limit,
  Login,
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

expectTypeOf<{ partitionKey: 'account'; account: 'email' }>().toExtend<PolicyOptions>()
expectTypeOf<{ account: { body: 'email'; argument: 'Mutation.login.email' } }>().toExtend<PolicyOptions>()
expectTypeOf<{ when: readonly ['Mutation.login', 'query'] }>().toExtend<PolicyOptions>()
expectTypeOf<{ when: 'Login.mutation' }>().not.toExtend<PolicyOptions>()
expectTypeOf<{ plans: { pro: { quota: 3 }; internal: false } }>().toExtend<PolicyOptions>()
expectTypeOf<{ plans: { pro: 3 } }>().not.toExtend<PolicyOptions>()

// Signing in: what the check answers, without what says that nobody has.
const check = (): { id: string } | undefined => undefined
expectTypeOf(app.userRateLimit.guardLogin(request, { account: 'ada' }, check)).resolves.toEqualTypeOf<
  Login<{ id: string } | undefined>
>()
expectTypeOf<Login<{ id: string } | undefined | false>['value']>().toEqualTypeOf<{ id: string }>()
// @ts-expect-error somebody wants to sign in
void app.userRateLimit.guardLogin(request, {}, check)

// Blocks.
const terms = { for: '1h', reason: 'incident' }
expectTypeOf(app.userRateLimit.block({ principal: 'ada' }, terms)).resolves.toEqualTypeOf<Block>()
void app.userRateLimit.block({ principal: { id: 'bot', kind: 'agent' } }, terms)
// @ts-expect-error a block has an end and a reason
void app.userRateLimit.block({ address: '203.0.113.9' }, { for: '1h' })
// @ts-expect-error nobody is known by an e-mail address
void app.userRateLimit.block({ email: 'ada@example.com' }, terms)

app.userRateLimit.reload({ policies: { perUser: { quota: 1, window: '1m' } } })
// @ts-expect-error the store belongs to the boot
app.userRateLimit.reload({ redis: 'redis://localhost' })

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
