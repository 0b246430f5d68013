import rateLimit from '@fastify/rate-limit'
import { startRedis } from '@portcullis/kernel/testing'
import type { RedisService } from './stores/harness.ts'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { MemoryStore, RedisStore, fastifyRateLimitStore } from '../src/fastify-rate-limit.ts'
import type { FastifyRateLimitOptions, RateLimitStore } from '../src/fastify-rate-limit.ts'

const keySecret = 'a secret of at least thirty-two bytes'
let redis: RedisService
let client: Redis
beforeAll(async () => {
  redis = await startRedis()
  client = new Redis(redis.url)
})
afterAll(async () => {
  client.disconnect()
  await redis.stop()
})
const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()))
  await client.flushall()
})

const stores: [string, () => Promise<RateLimitStore>][] = [
  ['memory', async () => new MemoryStore()],
  [
    'redis',
    async () => {
      const store = new RedisStore({ redis: redis.url, storeTimeout: 1_000 })
      await store.connect()
      return store
    },
  ],
]

async function app(
  store: RateLimitStore,
  over: Partial<FastifyRateLimitOptions> = {},
): Promise<FastifyInstance> {
  const server = Fastify()
  closers.push(async () => {
    await server.close()
    await store.close()
  })
  await server.register(rateLimit, {
    max: 5,
    timeWindow: 60_000,
    store: fastifyRateLimitStore({ store, keySecret, ...over }),
  })
  return server
}

const statuses = async (server: FastifyInstance, count: number, ...urls: string[]): Promise<number[]> => {
  const all: number[] = []
  for (let i = 0; i < count; i += 1) {
    const [method, url] = (urls[i % urls.length] ?? '').split(' ')
    all.push((await server.inject({ method: method as 'GET', url: url ?? '' })).statusCode)
  }
  return all
}
const passed = (all: readonly number[]): number => all.filter((status) => status === 200).length

describe.each(stores)('store for @fastify/rate-limit on %s', (name, create) => {
  it('serves max requests and then 429, with the headers of the host', async () => {
    const server = await app(await create())
    server.get('/', () => 'ok')
    const first = await server.inject('/')
    expect(first.headers).toMatchObject({ 'x-ratelimit-limit': '5', 'x-ratelimit-remaining': '4' })
    expect(await statuses(server, 6, 'GET /')).toEqual([200, 200, 200, 200, 429, 429])
    const { headers } = await server.inject('/')
    expect(headers['x-ratelimit-remaining']).toBe('0')
    expect(Number(headers['retry-after'])).toBeGreaterThan(50)
    expect(Number(headers['retry-after'])).toBeLessThanOrEqual(61)
  })

  it('routes count apart, HEAD with its GET, and a groupId is one count', async () => {
    const server = await app(await create())
    const group = { config: { rateLimit: { max: 3, groupId: 'g' } } }
    server.get('/a', { config: { rateLimit: { max: 3 } } }, () => 'ok')
    server.get('/b', { config: { rateLimit: { max: 3 } } }, () => 'ok')
    server.get('/g1', group, () => 'ok')
    server.get('/g2', group, () => 'ok')
    expect(passed(await statuses(server, 6, 'GET /a', 'HEAD /a'))).toBe(3)
    expect(passed(await statuses(server, 6, 'GET /b'))).toBe(3)
    expect(passed(await statuses(server, 6, 'GET /g1', 'GET /g2'))).toBe(3)
  })

  it('a fractional window is a window, and a max of 0 admits nothing', async () => {
    const server = await app(await create())
    server.get('/half', { config: { rateLimit: { max: 2, timeWindow: () => 1_000.5 } } }, () => 'ok')
    server.get('/none', { config: { rateLimit: { max: 0 } } }, () => 'ok')
    expect(await statuses(server, 3, 'GET /half')).toEqual([200, 200, 429])
    expect(await statuses(server, 2, 'GET /none')).toEqual([429, 429])
    if (name === 'redis')
      for (const key of await client.keys('*')) expect(await client.pttl(key)).toBeGreaterThan(0)
  })

  it('reads without counting', async () => {
    const server = await app(await create())
    const peek = server.createRateLimit({ max: 2 })
    server.get('/', { config: { rateLimit: false } }, async (request) => peek(request, { increment: false }))
    expect((await server.inject('/')).json()).toMatchObject({ isExceeded: false, remaining: 2 })
    expect((await server.inject('/')).json()).toMatchObject({ isExceeded: false, remaining: 2 })
  })
})

describe('store for @fastify/rate-limit', () => {
  it('stores no address', async () => {
    const [, create] = stores[1] ?? []
    if (create === undefined) throw new Error('no redis')
    const server = await app(await create(), { prefix: 'host' })
    server.get('/', () => 'ok')
    await server.inject({ url: '/', remoteAddress: '203.0.113.9' })
    expect(await client.keys('*')).toEqual([expect.stringMatching(/^host:v1:\{[\w-]{22}\}$/)])
  })

  it('a store that is away is the error of the host, at once', async () => {
    const store = new RedisStore({ redis: redis.url })
    const server = await app(store)
    server.get('/', () => 'ok')
    server.get('/skip', { config: { rateLimit: { skipOnError: true } } }, () => 'ok')
    expect((await server.inject('/')).json()).toMatchObject({
      code: 'PORTCULLIS_USER_RATE_LIMIT_STORE_UNAVAILABLE',
    })
    expect((await server.inject('/skip')).statusCode).toBe(200)
  })

  it('an identity that is missing is an error, not a shared bucket', async () => {
    const server = await app(new MemoryStore())
    const keyGenerator = (): string => undefined as unknown as string
    server.get('/', { config: { rateLimit: { keyGenerator } } }, () => 'ok')
    server.get('/n', { config: { rateLimit: { keyGenerator: () => 7, max: 1 } } }, () => 'ok')
    expect((await server.inject('/')).json()).toMatchObject({
      code: 'PORTCULLIS_USER_RATE_LIMIT_INVALID_IDENTITY',
    })
    expect(await statuses(server, 2, 'GET /n')).toEqual([200, 429])
  })

  it.each([{ ban: 2 }, { continueExceeding: true }, { exponentialBackoff: true }])(
    'refuses %j',
    async (over) => {
      const server = await app(new MemoryStore())
      expect(() => server.get('/', { config: { rateLimit: over } }, () => 'ok')).toThrow(Object.keys(over)[0])
    },
  )
})
