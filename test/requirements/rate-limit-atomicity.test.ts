import { setTimeout as delay } from 'node:timers/promises'
import { startRedis } from '@portcullis/kernel/testing'
import type { RedisService } from '@portcullis/kernel/testing'
import type { PolicyOptions } from '@portcullis/user-rate-limit'
import type { FastifyInstance } from 'fastify'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { accept } from './acceptance.ts'
import { admissionsOf, mostInAnyWindow } from './admissions.ts'
import type { Admission } from './admissions.ts'
import { countThenExpire } from './flawed/count-then-expire.ts'
import { get, limitedApp, statuses } from './limited-app.ts'

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

/** An app with one policy that counts in the Redis of these tests. */
function appWith(perUser: PolicyOptions): (withGate: boolean) => FastifyInstance {
  return (withGate) =>
    limitedApp({
      routes: { '/items': {} },
      options: { redis: server.url, keySecret, storeTimeout: '1s', policies: { perUser } },
    })(withGate)
}

describe('F26: a user limit is atomic, bounded, and keeps ids out of its keys', () => {
  const limit = { quota: 5, windowMs: 1_200 }
  const perUser = { quota: limit.quota, window: limit.windowMs }
  const items = get('/items', { user: 'alice' })
  const build = appWith(perUser)

  it('the flawed pattern: an end between the two steps leaves a key that never expires', async () => {
    const doomed = new Redis(server.url, { retryStrategy: () => null, maxRetriesPerRequest: 0 })
    await expect(countThenExpire(doomed, 'alice', limit, () => doomed.disconnect())).rejects.toThrow()
    expect(await redis.ttl('rate_limit:user:alice')).toBe(-1)
    await delay(limit.windowMs + 100)
    const admitted = await admissionsOf(10, () => countThenExpire(redis, 'alice', limit))
    expect(admitted.length).toBeLessThan(limit.quota)
  })

  it('the flawed pattern: the edge of a window admits twice the quota, and the key tells who it was', async () => {
    const send = (): Promise<boolean> => countThenExpire(redis, 'alice@shop.example', limit)
    const left = async (): Promise<number> => redis.pttl('rate_limit:user:alice@shop.example')
    const first = await admissionsOf(1, send)
    await expect.poll(left, { interval: 20 }).toBeLessThan(500)
    const before = await admissionsOf(limit.quota, send)
    await expect.poll(left, { interval: 20 }).toBeLessThan(0)
    const after = await admissionsOf(limit.quota, send)
    expect(mostInAnyWindow([...first, ...before, ...after], limit.windowMs)).toBeGreaterThan(limit.quota)
    expect(await redis.keys('*')).toEqual(['rate_limit:user:alice@shop.example'])
  })

  accept('at the edge of a window no window has more than the quota', {
    build,
    honest,
    async assert(app) {
      const send = async (): Promise<boolean> => (await app.inject(items)).statusCode === 200
      const first = await admissionsOf(1, send)
      await delay(800)
      const before = await admissionsOf(limit.quota, send)
      await delay(450)
      const after = await admissionsOf(limit.quota, send)
      expect(mostInAnyWindow([...first, ...before, ...after], limit.windowMs)).toBe(limit.quota)
    },
  })

  accept('nor does any window of a flood that lasts', {
    build,
    honest,
    async assert(app) {
      const until = performance.now() + 2 * limit.windowMs
      const flood = async (): Promise<Admission[]> => {
        const admitted: Admission[] = []
        while (performance.now() < until) {
          admitted.push(...(await admissionsOf(1, async () => (await app.inject(items)).statusCode === 200)))
          await delay(2)
        }
        return admitted
      }
      const admitted = (await Promise.all([flood(), flood(), flood()])).flat()
      expect(mostInAnyWindow(admitted, limit.windowMs)).toBe(limit.quota)
      expect(admitted.length).toBeGreaterThanOrEqual(2 * limit.quota)
    },
  })

  accept('a hundred requests at once are exactly the quota', {
    build,
    honest,
    async assert(app) {
      const answers = await Promise.all(Array.from({ length: 100 }, async () => app.inject(items)))
      expect(answers.filter((answer) => answer.statusCode === 200)).toHaveLength(limit.quota)
    },
  })

  accept('no key is without an end, whatever connection breaks when', {
    build: appWith({ quota: 1_000, window: '60s', onStoreError: 'open' }),
    honest,
    async assert(app) {
      const endless: string[] = []
      for (let round = 0; round < 10; round++) {
        const calls = Array.from({ length: 40 }, async (_, index) =>
          app.inject(get('/items', { user: `user-${round}-${index}` })),
        )
        await delay(round)
        await redis.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
        await Promise.all(calls)
        await delay(60)
        for (const key of await redis.keys('*')) if ((await redis.pttl(key)) <= 0) endless.push(key)
      }
      expect(await redis.dbsize()).toBeGreaterThan(0)
      expect(endless).toEqual([])
    },
  })

  accept('neither keys nor values hold an id', {
    build,
    honest,
    async assert(app) {
      const ids = ['alice@shop.example', '4111111111111111', '*', 'a:b', '{slot}', 'käthe']
      for (const user of ids) {
        expect((await app.inject(get('/items', { user: encodeURIComponent(user) }))).statusCode).toBe(200)
      }
      const keys = await redis.keys('*')
      expect(keys).toHaveLength(ids.length)
      const dumps = await Promise.all(keys.map((key) => redis.dumpBuffer(key)))
      const stored = [...keys, ...dumps.map((dump) => dump?.toString('latin1'))].join('\n')
      for (const trace of ['alice', 'shop.example', '4111111', '{slot', 'k%C3'])
        expect(stored).not.toContain(trace)
    },
  })

  accept('ids that look alike never share a quota', {
    build: appWith({ quota: 1, window: '60s' }),
    honest,
    async assert(app) {
      for (const user of ['1', '1:1', '11', '01', '1 1', 'A', 'a', '*', '?']) {
        expect(await statuses(app, 2, get('/items', { user }))).toEqual([200, 429])
      }
    },
  })
})
