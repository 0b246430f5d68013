import { setTimeout as delay } from 'node:timers/promises'
import { startRedis } from '@portcullis/kernel/testing'
import type { RedisService } from '@portcullis/kernel/testing'
import type { PolicyOptions } from '@portcullis/user-rate-limit'
import type { FastifyInstance } from 'fastify'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { accept, messageOf, verdictOf } from './acceptance.ts'
import { waitForStore } from './flawed/wait-for-store.ts'
import { get, limitedApp, repeated, statuses } from './limited-app.ts'
import type { LimitedApp } from './limited-app.ts'

const keySecret = 'a secret for tests that is long enough'
const honest = get('/free')
/** No answer may wait longer for a store that does not answer. */
const BOUND = 1_000
let server: RedisService

beforeAll(async () => {
  server = await startRedis()
})
beforeEach(async () => {
  await server.restart()
})
afterAll(async () => {
  await server.stop()
})

const policy = (onStoreError: PolicyOptions['onStoreError']) => ({
  policies: { own: { quota: 4, window: '60s', partitionKey: 'address', onStoreError } as const },
})

/** Three routes, each with a choice of its own. */
const routes = {
  '/closed': policy('closed'),
  '/open': policy('open'),
  '/local': policy('local'),
}

const onRedis =
  (parts: Partial<LimitedApp> = {}) =>
  (withGate: boolean): FastifyInstance =>
    limitedApp({ routes, ...parts, options: { redis: server.url, keySecret } })(withGate)

/** Statuses of several requests, or how long one took where it took too long. */
async function within(app: FastifyInstance, times: number, url: string): Promise<(number | string)[]> {
  const answers: (number | string)[] = []
  for (let count = 0; count < times; count++) {
    const started = performance.now()
    const { statusCode } = await app.inject(get(url))
    const took = performance.now() - started
    answers.push(took < BOUND ? statusCode : `${Math.round(took)} ms`)
  }
  return answers
}

const outages = [
  ['frozen', async () => server.kill('SIGSTOP'), async () => server.kill('SIGCONT')],
  ['gone', async () => server.kill('SIGKILL'), async () => server.restart()],
] as const

/** Asserts while Redis is away, and brings it back whatever happens. */
async function during(
  [, leave, comeBack]: (typeof outages)[number],
  assert: () => Promise<void>,
): Promise<void> {
  await leave()
  try {
    await assert()
  } finally {
    await comeBack()
  }
}

describe('F29: what a policy does without its store is a choice, with a bounded wait', () => {
  it('the flawed pattern: nothing was decided, so a frozen store holds every request up', async () => {
    const redis = new Redis(server.url)
    expect(await waitForStore(redis, 'alice', 4)).toBe(true)
    await during(outages[0], async () => {
      const answer = waitForStore(redis, 'alice', 4).catch(() => 'an error')
      expect(await Promise.race([answer, delay(BOUND, 'no answer')])).toBe('no answer')
    })
    redis.disconnect()
  })

  for (const outage of outages) {
    const [state] = outage
    accept(`closed refuses while Redis is ${state}`, {
      build: onRedis(),
      honest,
      async assert(app) {
        expect(await within(app, 1, '/closed')).toEqual([200])
        await during(outage, async () => {
          expect(await within(app, 3, '/closed')).toEqual([503, 503, 503])
          const answer = await app.inject(get('/closed'))
          expect(verdictOf(answer)).toEqual([503, 'RATE_LIMIT_STORE_UNAVAILABLE'])
          expect(answer.headers['retry-after']).toBe('1')
          expect(messageOf(answer)).not.toContain('127.0.0.1')
        })
      },
    })

    accept(`local counts while Redis is ${state}`, {
      build: onRedis(),
      honest,
      assert: async (app) =>
        during(outage, async () => {
          expect(await within(app, 5, '/local')).toEqual([200, 200, 200, 200, 429])
        }),
    })

    accept(`local counts this instance's share while Redis is ${state}`, {
      build: onRedis({ instances: 2 }),
      honest,
      assert: async (app) =>
        during(outage, async () => {
          expect(await within(app, 3, '/local')).toEqual([200, 200, 429])
        }),
    })

    accept(`open passes while Redis is ${state}, and only then`, {
      build: onRedis(),
      honest,
      async assert(app) {
        const earlier = get('/open', { address: '203.0.113.9' })
        expect(await statuses(app, 5, earlier)).toEqual([200, 200, 200, 200, 429])
        await during(outage, async () => {
          expect(await within(app, 6, '/open')).toEqual([200, 200, 200, 200, 200, 200])
        })
        await expect
          .poll(async () => (await app.inject(get('/open'))).statusCode, { timeout: 8_000 })
          .toBe(429)
      },
    })

    accept(`closed counts again when Redis that was ${state} is back`, {
      build: onRedis(),
      honest,
      async assert(app) {
        await during(outage, async () => expect(await within(app, 1, '/closed')).toEqual([503]))
        const address = `198.51.100.${state.length}`
        const closed = get('/closed', { address })
        await expect.poll(async () => (await app.inject(closed)).statusCode, { timeout: 8_000 }).toBe(200)
        expect(await statuses(app, 4, closed)).toEqual([200, 200, 200, 429])
      },
    })
  }

  accept('a crowd does not wait longer than one', {
    build: onRedis(),
    honest,
    assert: async (app) =>
      during(outages[0], async () => {
        const answers = await Promise.all(Array.from({ length: 100 }, async () => within(app, 1, '/closed')))
        expect(answers.flat()).toEqual(repeated(503, 100))
      }),
  })

  describe('at boot', () => {
    const unreachable = (routesOfApp: LimitedApp['routes'], lines: string[]) =>
      limitedApp({
        routes: routesOfApp ?? {},
        fastify: { logger: { level: 'warn', stream: { write: (line: string) => void lines.push(line) } } },
        options: { redis: 'redis://somebody:secret-4711@127.0.0.1:1/0', keySecret },
      })

    it('closed does not start without Redis, and names its host without credentials', async () => {
      const app = unreachable({ '/closed': policy('closed') }, [])(true)
      const failure: unknown = await app.ready().then(
        () => undefined,
        (error: unknown) => error,
      )
      expect(String(failure)).toContain('127.0.0.1:1')
      expect(String(failure)).toContain("onStoreError: 'closed'")
      expect(String(failure)).not.toMatch(/secret-4711|somebody/)
      await app.close()
    })

    const lines: string[] = []
    accept('open and local start with a warning', {
      build: (withGate) =>
        unreachable({ '/open': policy('open'), '/local': policy('local') }, lines)(withGate),
      honest,
      async assert(app) {
        expect(await within(app, 5, '/local')).toEqual([200, 200, 200, 200, 429])
        expect(await within(app, 5, '/open')).toEqual([200, 200, 200, 200, 200])
        const warnings = lines.filter((line) => line.includes('RATE_LIMIT_STORE_UNAVAILABLE'))
        expect(warnings.join('')).toContain('127.0.0.1:1')
        expect(lines.join('')).not.toMatch(/secret-4711|somebody/)
      },
    })
  })
})
