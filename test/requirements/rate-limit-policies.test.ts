import { setTimeout as delay } from 'node:timers/promises'
import type { PolicyOptions, UserRateLimitOptions } from '@portcullis/user-rate-limit'
import type { FastifyInstance } from 'fastify'
import { describe, expect, it } from 'vitest'
import { accept, acceptRefusalToBoot, messageOf, operation, verdictOf } from './acceptance.ts'
import { limiterOf } from './flawed/parts-without-effect.ts'
import { retryAfterWindow } from './flawed/retry-after-window.ts'
import { get, lastOf, limitedApp, repeated, statuses } from './limited-app.ts'

const honest = get('/free')
const items = get('/items', { user: 'alice' })

const appWith = (policy: PolicyOptions, options: UserRateLimitOptions = {}) =>
  limitedApp({
    options: { ...options, policies: { own: { quota: 4, window: '60s', ...policy } } },
    routes: { '/items': {}, '/others': {} },
  })

describe.concurrent('F25: every part of a policy has its effect', () => {
  it('the flawed pattern counts the same whatever strategy and burst are written down', () => {
    const strategies = ['fixed', 'sliding', 'bucket'] as const
    const schedule = [0, 900, 900, 900, 1_050, 1_050, 1_050, 1_050]
    const admitted = strategies.map((strategy) => {
      const admits = limiterOf({ requests: 4, windowMs: 1_000, strategy, burst: 1 })
      return schedule.map(admits)
    })
    expect(admitted).toEqual(strategies.map(() => schedule.map(() => true)))
  })

  accept('quota', {
    build: appWith({ quota: 6 }),
    honest,
    assert: async (app) => expect(await statuses(app, 8, items)).toEqual([...repeated(200, 6), 429, 429]),
  })

  accept('window', {
    build: appWith({ window: '1s' }),
    honest,
    async assert(app) {
      expect(await statuses(app, 5, items)).toEqual([200, 200, 200, 200, 429])
      await delay(1_100)
      expect(await statuses(app, 5, items)).toEqual([200, 200, 200, 200, 429])
    },
  })

  // One request at once, three after 1.5 s, as many as possible after 2.2 s.
  const late = async (app: FastifyInstance): Promise<number> => {
    await statuses(app, 1, items)
    await delay(1_500)
    await statuses(app, 3, items)
    await delay(700)
    return (await statuses(app, 8, items)).filter((status) => status === 200).length
  }
  for (const [algorithm, admitted] of [
    ['sliding-window', 1],
    ['fixed-window', 4],
  ] as const) {
    accept(`algorithm: ${algorithm}`, {
      build: appWith({ algorithm, window: '2s' }),
      honest,
      assert: async (app) => expect(await late(app)).toBe(admitted),
    })
  }

  accept('burst, with a steady rate after it', {
    build: appWith({ algorithm: 'gcra', burst: 2, window: '6s' }),
    honest,
    async assert(app) {
      expect(await statuses(app, 4, items)).toEqual([200, 200, 429, 429])
      await delay(1_700)
      expect(await statuses(app, 3, items)).toEqual([200, 429, 429])
    },
  })

  acceptRefusalToBoot(
    'a burst that would have no effect does not boot',
    appWith({ algorithm: 'sliding-window', burst: 2 }),
    'burst',
    'gcra',
  )

  accept('partition key', {
    build: appWith({ partitionKey: ({ headers }) => headers['x-shop']?.toString() }),
    honest,
    async assert(app) {
      const shop = (name: string) => ({ ...items, headers: { 'x-shop': name } })
      expect(await statuses(app, 5, shop('one'))).toEqual([200, 200, 200, 200, 429])
      expect((await app.inject(shop('two'))).statusCode).toBe(200)
    },
  })

  accept('when', {
    build: appWith({ when: (request) => request.routeOptions.url === '/others' }),
    honest,
    async assert(app) {
      expect(await statuses(app, 8, items)).toEqual(repeated(200, 8))
      const others = { ...items, url: '/others' }
      expect(await statuses(app, 5, others)).toEqual([200, 200, 200, 200, 429])
    },
  })

  accept('skip', {
    build: appWith({ skip: ({ ip }) => ip === '198.51.100.9' }),
    honest,
    async assert(app) {
      const monitor = { ...items, remoteAddress: '198.51.100.9' }
      expect(await statuses(app, 8, monitor)).toEqual(repeated(200, 8))
      expect(await statuses(app, 5, items)).toEqual([200, 200, 200, 200, 429])
    },
  })

  accept('cost', {
    build: appWith({ cost: 2 }),
    honest,
    assert: async (app) => expect(await statuses(app, 3, items)).toEqual([200, 200, 429]),
  })

  accept('message', {
    build: appWith({ message: 'Too many items' }),
    honest,
    assert: async (app) => expect(messageOf(await lastOf(app, 5, items))).toBe('Too many items'),
  })

  accept('mode', {
    build: limitedApp({
      options: {
        policies: {
          measured: { quota: 1, window: '60s', mode: 'measure' },
          enforced: { quota: 4, window: '60s' },
        },
      },
      routes: { '/items': {} },
    }),
    honest,
    async assert(app) {
      const outcomes: unknown[] = []
      app.securityEvents.subscribe(({ outcome, details }) => void outcomes.push([outcome, details]))
      expect(await statuses(app, 5, items)).toEqual([200, 200, 200, 200, 429])
      const details = { code: 'USER_RATE_LIMIT_EXCEEDED', policy: 'measured', limit: 1 }
      expect(outcomes).toContainEqual(['measured', details])
      expect(outcomes).toContainEqual(['refused', { ...details, policy: 'enforced', limit: 4 }])
    },
  })
})

describe.concurrent('F28: USER_RATE_LIMIT_EXCEEDED is a 429 with honest headers', () => {
  it('the flawed pattern asks for a whole window when a moment is left of it', () => {
    expect(retryAfterWindow(60_000, 0, 59_000)).toBe(60)
  })

  const perUser = { quota: 2, window: '60s' } as const
  accept('message, code and headers of a REST route', {
    build: limitedApp({ options: { policies: { perUser } }, routes: { '/items': {} } }),
    honest,
    async assert(app) {
      const first = await app.inject(items)
      expect([first.statusCode, first.headers['ratelimit'], first.headers['ratelimit-policy']]).toEqual([
        200,
        expect.stringMatching(/^"perUser";r=1;t=(60|61)$/),
        '"perUser";q=2;w=60',
      ])
      await app.inject(items)
      const answer = await app.inject(items)
      expect(answer.json()).toEqual({
        statusCode: 429,
        code: 'USER_RATE_LIMIT_EXCEEDED',
        error: 'Too Many Requests',
        message: 'Rate limit exceeded for user',
      })
      expect(answer.headers).toMatchObject({
        ratelimit: expect.stringMatching(/^"perUser";r=0;t=(59|60|61)$/),
        'ratelimit-policy': '"perUser";q=2;w=60',
        'retry-after': expect.stringMatching(/^(59|60|61)$/),
        'cache-control': 'no-store',
      })
    },
  })

  accept('and of a GraphQL route', {
    build: limitedApp({ options: { policies: { perUser } }, graphql: {} }),
    honest,
    async assert(app) {
      const hello = { ...operation('{ hello }'), headers: { 'x-user': 'alice' } }
      const answer = await lastOf(app, 3, hello)
      expect(verdictOf(answer)).toEqual([429, 'USER_RATE_LIMIT_EXCEEDED'])
      expect(messageOf(answer)).toBe('Rate limit exceeded for user')
      expect(answer.headers['retry-after']).toMatch(/^(59|60|61)$/)
      expect(answer.headers['ratelimit-policy']).toBe('"perUser";q=2;w=60')
    },
  })

  accept('Retry-After is what is left of the wait, and after it the request passes', {
    build: limitedApp({
      options: { policies: { perUser: { quota: 1, window: '3s' } } },
      routes: { '/items': {} },
    }),
    honest,
    async assert(app) {
      const before = performance.now()
      await app.inject(items)
      const after = performance.now()
      expect((await app.inject(items)).statusCode).toBe(429)
      await delay(1_500)
      // The window cannot end before `earliest`; quota is back one bucket after it at the latest.
      const latest = after + 3_050 - performance.now()
      const answer = await app.inject(items)
      const earliest = before + 3_000 - performance.now()
      const seconds = Number(answer.headers['retry-after'])
      expect(seconds).toBeGreaterThanOrEqual(Math.ceil(earliest / 1_000))
      expect(seconds).toBeLessThanOrEqual(Math.ceil(latest / 1_000))
      expect(seconds).toBeLessThan(3)
      await delay(seconds * 1_000)
      expect((await app.inject(items)).statusCode).toBe(200)
    },
  })

  accept('of several policies the one that is spent tells how long', {
    build: limitedApp({
      options: {
        policies: { short: { quota: 5, window: '10s' }, long: { quota: 2, window: '1h' } },
      },
      routes: { '/items': {} },
    }),
    honest,
    async assert(app) {
      const answer = await lastOf(app, 3, items)
      expect(answer.headers['ratelimit-policy']).toBe('"short";q=5;w=10, "long";q=2;w=3600')
      expect(answer.headers['ratelimit']).toMatch(/^"short";r=3, "long";r=0;t=36\d\d$/)
      expect(Number(answer.headers['retry-after'])).toBeGreaterThanOrEqual(3_599)
    },
  })
})
