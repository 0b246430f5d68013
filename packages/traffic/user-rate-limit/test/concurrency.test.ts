import { request as send } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { codedError, decide, kernel } from '@portcullis/kernel'
import type { SecurityEvent } from '@portcullis/kernel'
import { startRedis } from '@portcullis/kernel/testing'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import userRateLimit from '../src/index.ts'
import type { UserRateLimitOptions } from '../src/index.ts'

const keySecret = 'a secret of this test that is long enough'
const No = codedError('NO', 'No.', 403)
const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})

/** An app whose route answers when it is told to. */
function build(options: UserRateLimitOptions): {
  app: FastifyInstance
  finish: () => void
  running: () => number
} {
  const waiting: (() => void)[] = []
  const app = Fastify()
  closers.push(() => app.close())
  void app.register(kernel, {
    identify: ({ headers }) => ('x-user' in headers ? { id: String(headers['x-user']) } : null),
  })
  void app.register(userRateLimit, options)
  app.get('/', async () => {
    await new Promise<void>((resolve) => waiting.push(resolve))
    return 'ok'
  })
  app.get('/quick', async () => 'ok')
  app.get('/free', { config: { userRateLimit: { concurrency: { perUser: false } } } }, async () => 'ok')
  return {
    app,
    finish: () => waiting.splice(0).forEach((resolve) => resolve()),
    running: () => waiting.length,
  }
}
const as = (user: string, url = '/') => ({ url, headers: { 'x-user': user } })
const until = async (what: () => boolean): Promise<void> => {
  for (let attempt = 0; attempt < 200 && !what(); attempt += 1) await delay(5)
  expect(what()).toBe(true)
}

describe.each(['memory', 'Redis'])('a concurrency limit in %s', (where) => {
  const fixture = async (limit = 2) => {
    const options: UserRateLimitOptions = { concurrency: { perUser: { limit } } }
    if (where === 'memory') return build(options)
    const redis = await startRedis()
    closers.push(() => redis.stop())
    return build({ ...options, redis: redis.url, keySecret, storeTimeout: 2_000 })
  }

  it('refuses one more than may be under way, of the same user, and frees each when its response is over', async () => {
    const { app, finish, running } = await fixture()
    const events: SecurityEvent[] = []
    await app.ready()
    app.securityEvents.subscribe((event) => void events.push(event))
    const first = [app.inject(as('ada')), app.inject(as('ada'))]
    await until(() => running() === 2)
    const refused = await app.inject(as('ada', '/quick'))
    expect([refused.statusCode, refused.json().code]).toEqual([429, 'CONCURRENCY_LIMIT_EXCEEDED'])
    expect([refused.headers['retry-after'], refused.headers['cache-control']]).toEqual(['1', 'no-store'])
    expect(events.map((event) => event.type)).toContain('rate_limit.exceeded')
    expect((await app.inject(as('bob', '/quick'))).statusCode).toBe(200)
    expect((await app.inject(as('ada', '/free'))).statusCode).toBe(200)
    finish()
    await Promise.all(first)
    await delay(20)
    for (let i = 0; i < 5; i += 1) {
      expect((await app.inject(as('ada', '/quick'))).statusCode).toBe(200)
      await delay(5)
    }
  })

  it('frees the slot of a client that went away, and of a request that a later gate refused', async () => {
    const { app, running } = await fixture(1)
    app.register(async (scope) => {
      decide(scope, {
        stage: 'preHandler',
        phase: 'resource',
        name: 'no',
        run: (request) =>
          request.headers['x-no'] === undefined
            ? undefined
            : {
                gate: 'no',
                error: new No(),
                event: { type: 'authz.denied', severity: 'WARNING', details: { code: 'NO' } },
              },
      })
      scope.get('/no', async () => 'never')
    })
    await app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = app.server.address() as AddressInfo
    const aborted = send({ port, host: '127.0.0.1', headers: { 'x-user': 'ada' } })
    aborted.on('error', () => undefined)
    aborted.end()
    await until(() => running() === 1)
    expect((await app.inject(as('ada', '/quick'))).statusCode).toBe(429)
    aborted.destroy()
    await delay(60)
    expect((await app.inject({ url: '/no', headers: { 'x-user': 'ada', 'x-no': '1' } })).statusCode).toBe(403)
    await delay(20)
    expect((await app.inject(as('ada', '/quick'))).statusCode).toBe(200)
  })
})

describe('a concurrency limit', () => {
  it('gives back what a policy has charged for a request that it refuses', async () => {
    const { app, finish, running } = build({
      concurrency: { perUser: { limit: 1 } },
      policies: { perUser: { quota: 3, window: '1m' } },
    })
    const first = app.inject(as('ada'))
    await until(() => running() === 1)
    for (let i = 0; i < 5; i += 1) expect((await app.inject(as('ada', '/quick'))).statusCode).toBe(429)
    finish()
    await first
    await delay(20)
    expect((await app.inject(as('ada', '/quick'))).headers['ratelimit']).toContain('r=1')
  })

  it('that is closed refuses with 503 while Redis is away', async () => {
    const redis = await startRedis()
    closers.push(() => redis.stop())
    const { app } = build({
      concurrency: { perUser: { limit: 1, onStoreError: 'closed' } },
      redis: redis.url,
      keySecret,
    })
    expect((await app.inject(as('ada', '/quick'))).statusCode).toBe(200)
    await redis.kill('SIGKILL')
    const { statusCode, headers } = await app.inject(as('ada', '/quick'))
    expect([statusCode, headers['retry-after']]).toEqual([503, '1'])
  })

  it.each<[string, UserRateLimitOptions]>([
    ['without a limit', { concurrency: { perUser: {} } }],
    ['of nothing', { concurrency: { perUser: { limit: 0 } } }],
    ['beyond ten thousand', { concurrency: { perUser: { limit: 10_001 } } }],
  ])('%s does not boot', async (_name, options) => {
    const { app } = build(options)
    await expect(app.ready()).rejects.toMatchObject({ code: 'PORTCULLIS_KERNEL_INVALID_OPTIONS' })
  })
})
