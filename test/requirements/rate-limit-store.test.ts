import { startRedis } from '@portcullis/kernel/testing'
import type { RedisService } from '@portcullis/kernel/testing'
import type { UserRateLimitOptions } from '@portcullis/user-rate-limit'
import type { FastifyInstance } from 'fastify'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { accept, acceptRefusalToBoot, messageOf, operation } from './acceptance.ts'
import { get, limitedApp, repeated, statuses } from './limited-app.ts'
import type { LimitedApp } from './limited-app.ts'

const keySecret = 'a secret for tests that is long enough'
const honest = get('/free')
let server: RedisService
let redis: Redis

beforeAll(async () => {
  server = await startRedis()
  redis = new Redis(server.url)
})
beforeEach(async () => {
  await redis.flushall()
})
afterAll(async () => {
  redis.disconnect()
  await server.stop()
})

/** An app that counts in the Redis of these tests. */
function onRedis(
  parts: Partial<LimitedApp>,
  options: UserRateLimitOptions = {},
): (withGate: boolean) => FastifyInstance {
  return (withGate) =>
    limitedApp({
      routes: { '/items': {} },
      ...parts,
      options: { redis: server.url, keySecret, storeTimeout: '1s', ...options },
    })(withGate)
}

describe('F19: a shared Redis with a key prefix; remote plaintext is refused', () => {
  const policies = { perUser: { quota: 4, window: '60s' } } as const
  const items = get('/items', { user: 'alice' })

  const sources: [string, () => UserRateLimitOptions['redis']][] = [
    ['a URL', () => `${server.url}/0`],
    ['options', () => ({ host: '127.0.0.1', port: server.port, db: 0 })],
    ['a client', () => redis],
  ]
  for (const [kind, source] of sources) {
    accept(`given as ${kind}, two instances share the quota and every key has the prefix`, {
      build: (withGate) => onRedis({}, { policies, redis: source(), keyPrefix: 'shop' })(withGate),
      honest,
      async assert(app) {
        const other = onRedis({}, { policies, redis: source(), keyPrefix: 'shop' })(true)
        expect(await statuses(other, 2, items)).toEqual([200, 200])
        expect(await statuses(app, 3, items)).toEqual([200, 200, 429])
        expect((await other.inject(items)).statusCode).toBe(429)
        await other.close()
        const keys = await redis.keys('*')
        expect(keys.length).toBeGreaterThan(0)
        expect(keys.filter((key) => !key.startsWith('shop:'))).toEqual([])
        expect(await redis.ping()).toBe('PONG')
      },
    })
  }

  accept('with another prefix the counts are others', {
    build: onRedis({}, { policies, keyPrefix: 'one' }),
    honest,
    async assert(app) {
      const other = onRedis({}, { policies, keyPrefix: 'two' })(true)
      expect(await statuses(app, 5, items)).toEqual([200, 200, 200, 200, 429])
      expect(await statuses(other, 5, items)).toEqual([200, 200, 200, 200, 429])
      await other.close()
    },
  })

  const production = (options: UserRateLimitOptions, instances = 1) =>
    limitedApp({ options: { policies, ...options }, environment: 'production', instances })
  acceptRefusalToBoot(
    'plaintext to a host that is not this one',
    production({ redis: 'redis://somebody:secret-4711@198.51.100.1:6379/0', keySecret }),
    '198.51.100.1:6379',
    'without TLS',
    'rediss://',
  )
  acceptRefusalToBoot(
    'a short secret',
    production({ redis: 'redis://127.0.0.1', keySecret: 'short' }),
    '32 bytes',
  )
  acceptRefusalToBoot('no secret', production({ redis: 'redis://127.0.0.1' }), 'keySecret')
  acceptRefusalToBoot('memory for two instances', production({}, 2), 'memory', '2 instances', 'redis')

  it('a refusal to boot tells no credentials', async () => {
    const url = 'redis://somebody:secret-4711@198.51.100.1:6379/0'
    const app = production({ redis: url, keySecret })(true)
    const failure: unknown = await app.ready().then(
      () => undefined,
      (error: unknown) => error,
    )
    expect(String(failure)).toContain('198.51.100.1')
    expect(String(failure)).not.toMatch(/secret-4711|somebody/)
    await app.close()
  })
})

describe('F24: one registration sets up all limits', () => {
  const minutes = 60_000
  const rule = (quota: number, window: number, message: string) =>
    ({ quota, window, message, partitionKey: 'address' }) as const
  const build = (withGate: boolean): FastifyInstance =>
    onRedis(
      {
        routes: {
          '/auth/login': { policies: { auth: rule(5, 5 * minutes, 'Too many attempts') } },
          '/api/orders': { policies: { api: rule(100, minutes, 'Too many calls') } },
        },
        graphql: { policies: { graphql: rule(60, minutes, 'GraphQL rate limit exceeded') } },
      },
      {
        redis,
        policies: {
          everything: { quota: 500, window: '60s', partitionKey: 'address' },
          mutations: { ...rule(20, minutes, 'Mutation rate limit exceeded'), when: 'mutation' },
        },
      },
    )(withGate)

  accept('with a client of Redis and the rules of each route', {
    build,
    honest,
    async assert(app) {
      const table = [
        [get('/auth/login'), 5, 'Too many attempts'],
        [get('/api/orders'), 100, 'Too many calls'],
        [operation('mutation { touch }'), 20, 'Mutation rate limit exceeded'],
        [operation('{ hello }'), 40, 'GraphQL rate limit exceeded'],
      ] as const
      for (const [request, quota, message] of table) {
        expect(await statuses(app, quota, request)).toEqual(repeated(200, quota))
        const refused = await app.inject(request)
        expect([refused.statusCode, messageOf(refused)]).toEqual([429, message])
      }
    },
  })
})
