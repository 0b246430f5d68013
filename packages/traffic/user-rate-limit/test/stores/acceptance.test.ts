import { setImmediate, setTimeout as delay } from 'node:timers/promises'
import { startRedis } from '@portcullis/kernel/testing'
import type { RedisService } from './harness.ts'
import Fastify from 'fastify'
import type { FastifyRequest } from 'fastify'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { canonicalAddress } from '../../src/core/address.ts'
import { partitionKeys } from '../../src/core/partition-key.ts'
import { definePolicy } from '../../src/core/policy.ts'
import type { OnStoreError } from '../../src/core/policy.ts'
import { RedisStore } from '../../src/stores/redis-store.ts'
import { withStoreFallback } from '../../src/stores/store-fallback.ts'

let redis: RedisService
let client: Redis
const keys = partitionKeys({ secret: 'a secret of at least thirty-two bytes' })
const connected = async (): Promise<RedisStore> => {
  const store = new RedisStore({ redis: redis.url, storeTimeout: 2_000 })
  await store.connect()
  await store.reserve([
    { key: '{warm}', policy: definePolicy({ name: 'warm', quota: 1, window: 1 }), cost: 0 },
  ])
  return store
}
beforeAll(async () => {
  redis = await startRedis()
  client = new Redis(redis.url)
})
beforeEach(() => client.flushall())
afterAll(async () => {
  client.disconnect()
  await redis.stop()
})

describe('F26: one script, a bounded sliding window, hashed identities', () => {
  const policy = definePolicy({ name: 'user', quota: 100, window: 60_000 })

  it('F26 ⚠ flawed: INCR, then EXPIRE if it was the first: a crash in between leaves a key for ever', async () => {
    const process = new Redis(redis.url)
    const count = await process.incr('rate_limit:user:7')
    process.disconnect()
    // Dead before: if (count === 1) await process.expire('rate_limit:user:7', 60)
    expect(count).toBe(1)
    const next = await client.incr('rate_limit:user:7')
    if (next === 1) await client.expire('rate_limit:user:7', 60)
    expect(await client.pttl('rate_limit:user:7')).toBe(-1)
  })

  it('F26: a process or connection that dies at any moment leaves no key without TTL', async () => {
    for (let round = 0; round < 30; round += 1) {
      const store = await connected()
      const calls = Promise.allSettled(
        Array.from({ length: 10 }, (_, at) =>
          store.reserve([{ key: keys.keyOf(['user', `${round}:${at}`]), policy, cost: 1 }]),
        ),
      )
      // Decisions leave at the end of a turn: at none, one or more of them later.
      for (let turn = 0; turn < round % 4; turn += 1) await setImmediate()
      if (round % 2 === 0) await client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
      await store.close()
      await calls
    }
    const all = await client.keys('*')
    expect(all.length).toBeGreaterThan(0)
    for (const key of all) expect(await client.pttl(key)).not.toBe(-1)
  })

  it('F26 ⚠ flawed: a counter per clock window admits twice the limit around its edge', async () => {
    const window = 1_000
    const naive = async (): Promise<boolean> =>
      (await client.incr(`fixed:${Math.floor(Date.now() / window)}`)) <= 10
    expect(await aroundTheEdge(window, naive)).toBe(20)
  })

  it('F26: no more than the limit around any edge', async () => {
    const store = await connected()
    const strict = definePolicy({ name: 'edge', quota: 10, window: 1_000 })
    const ours = async (): Promise<boolean> =>
      (await store.reserve([{ key: '{edge}', policy: strict, cost: 1 }])).allowed
    expect(await aroundTheEdge(1_000, ours)).toBe(10)
    await store.close()
  })

  it('F26 ⚠ flawed: an identity pasted into a key meets another one', async () => {
    const naive = async (user: string, path: string): Promise<number> =>
      client.incr(`rate_limit:${user}-${path}`)
    await naive('b-carol', '/a')
    await naive('b', 'carol-/a')
    expect(await naive('b', 'carol-/a')).toBe(3)
  })

  it('F26: identities never meet, and none is readable in Redis', async () => {
    const store = await connected()
    const one = { key: keys.keyOf(['b-carol', '/a']), policy, cost: 100 }
    const other = { key: keys.keyOf(['b', 'carol-/a']), policy, cost: 100 }
    expect((await store.reserve([one])).allowed).toBe(true)
    expect((await store.reserve([other])).allowed).toBe(true)
    expect((await client.keys('*')).join()).not.toContain('carol')
    await store.close()
  })
})

/** Ten calls just before an edge of the clock and ten just after: how many pass within a tenth of a window. */
async function aroundTheEdge(window: number, ask: () => Promise<boolean>): Promise<number> {
  const ten = async (): Promise<number> => {
    const all = await Promise.all(Array.from({ length: 10 }, ask))
    return all.filter(Boolean).length
  }
  const untilEdge = window - (Date.now() % window)
  await delay((untilEdge > 100 ? untilEdge : untilEdge + window) - 60)
  const before = await ten()
  await delay(window - (Date.now() % window) + 5)
  return before + (await ten())
}

describe('F29: what happens without Redis is declared per policy, and bounded in time', () => {
  const within = async <T>(ms: number, work: Promise<T>): Promise<T | 'still waiting'> =>
    Promise.race([work, delay(ms, 'still waiting' as const)])

  it("F29 ⚠ flawed: a limiter on a client with default settings waits, and its answer is nobody's choice", async () => {
    const server = await startRedis()
    const naive = new Redis(server.url)
    naive.on('error', () => undefined)
    await naive.ping()
    await server.kill('SIGSTOP')
    const limited = naive.incr('rate_limit:user:7').then(
      (count) => count > 100,
      () => false,
    )
    expect(await within(1_000, limited)).toBe('still waiting')
    naive.disconnect()
    await server.stop()
  })

  it.each(['SIGKILL', 'SIGSTOP'] as const)(
    'F29: %s: closed refuses, open admits, local counts its share',
    async (signal) => {
      const server = await startRedis()
      const inner = new RedisStore({ redis: server.url })
      await inner.connect()
      const store = withStoreFallback(inner, { instances: 2 })
      const charge = (onStoreError: OnStoreError) => ({
        key: '{k}',
        policy: definePolicy({ name: onStoreError, quota: 4, window: 60_000, onStoreError }),
        cost: 1,
      })
      await store.reserve([charge('closed'), charge('open'), charge('local')])
      await server.kill(signal)
      const flood = async (onStoreError: OnStoreError): Promise<string[]> => {
        const outcomes: string[] = []
        for (let i = 0; i < 5; i += 1) {
          const verdict = await within(
            200,
            store.reserve([charge(onStoreError)]).then(
              ({ allowed }) => (allowed ? 'admitted' : 'refused'),
              () => 'unavailable',
            ),
          )
          outcomes.push(verdict)
        }
        return outcomes
      }
      expect(await flood('closed')).toEqual(Array(5).fill('unavailable'))
      expect(await flood('open')).toEqual(Array(5).fill('admitted'))
      expect(await flood('local')).toEqual(['admitted', 'admitted', 'refused', 'refused', 'refused'])
      await store.close()
      await server.stop()
    },
  )
})

describe('F30: the client address is what Fastify trusts, in one form', () => {
  const policy = definePolicy({ name: 'address', quota: 5, window: 60_000 })
  const passed = async (addressOf: (request: FastifyRequest) => string): Promise<number> => {
    const store = await connected()
    const app = Fastify({ trustProxy: '127.0.0.1' })
    app.addHook('onRequest', async (request, reply) => {
      const key = keys.keyOf(['address', addressOf(request)])
      const { allowed } = await store.reserve([{ key, policy, cost: 1 }])
      if (!allowed) return reply.code(429).send()
    })
    app.get('/', () => 'ok')
    let count = 0
    for (let i = 0; i < 50; i += 1) {
      // The proxy appends the true client; the client wrote what stands before it, and comes from another port each time.
      const headers = { 'x-forwarded-for': `198.51.100.${i}, 203.0.113.9` }
      const { statusCode } = await app.inject({ url: '/', headers, remoteAddress: '127.0.0.1' })
      if (statusCode === 200) count += 1
    }
    await app.close()
    await store.close()
    return count
  }

  it("F30 ⚠ flawed: the leftmost X-Forwarded-For is the client's own words", async () => {
    expect(await passed((request) => String(request.headers['x-forwarded-for']).split(',')[0] ?? '')).toBe(50)
  })

  it('F30: request.ip behind a trusted proxy is one client, whatever it claims', async () => {
    expect(await passed((request) => canonicalAddress(request.ip) ?? 'none')).toBe(5)
  })

  it('F30: ports, mapped forms and the rest of a /64 are one client', () => {
    const forms = [
      '203.0.113.9',
      '203.0.113.9:4711',
      '203.0.113.9:4712',
      '::ffff:203.0.113.9',
      '64:ff9b::203.0.113.9',
    ]
    expect(new Set(forms.map((form) => canonicalAddress(form))).size).toBe(1)
    const site = ['2001:db8:1:2::1', '[2001:db8:1:2:ffff::]:443', '2001:DB8:1:2:a:b:c:d']
    expect(new Set(site.map((form) => canonicalAddress(form))).size).toBe(1)
  })
})
