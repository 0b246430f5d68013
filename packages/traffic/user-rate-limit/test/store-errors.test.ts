import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { describe, expect, it } from 'vitest'
import type { PolicyOptions } from '../src/index.ts'
import { gateApps } from './gate-app.ts'

const apps = gateApps()
const limit = { quota: 10, window: '1m' } as const

const DEFAULTS: readonly [name: string, own: PolicyOptions, declared: string][] = [
  ['nothing', {}, 'local'],
  ['a penalty', { penalty: 1 }, 'closed'],
  ['a penalty of nothing', { penalty: 0 }, 'local'],
  ['a penalty, and local', { penalty: 1, onStoreError: 'local' }, 'local'],
  ['a penalty, and open', { penalty: 1, onStoreError: 'open' }, 'open'],
  ['closed alone', { onStoreError: 'closed' }, 'closed'],
]

function limited(policy: PolicyOptions, redis = apps.redis.url): FastifyInstance {
  const app = apps.build({ ...apps.store('redis'), redis, storeTimeout: 100, policies: { p: policy } })
  app.get('/', () => 'ok')
  return app
}

const outcome = { closed: 503, local: 200, open: 200 } as const

describe('what a policy does while its store is away', () => {
  it.each(DEFAULTS)(
    'with %s is as declared, else local, and closed where it punishes',
    async (_name, own, declared) => {
      const app = limited({ ...limit, ...own })
      await app.ready()
      expect((await app.userRateLimit.status()).policies[0]?.onStoreError).toBe(declared)
      expect((await app.inject('/')).statusCode).toBe(200)
      await apps.redis.kill('SIGSTOP')
      expect((await app.inject('/')).statusCode).toBe(outcome[declared as keyof typeof outcome])
      await apps.redis.kill('SIGCONT')
      while ((await app.userRateLimit.status()).isAway) await delay(20)
    },
  )

  it.each(DEFAULTS)('with %s decides whether the app starts without it', async (_name, own, declared) => {
    const app = limited({ ...limit, ...own }, 'redis://127.0.0.1:1')
    const boot = app.ready().then(
      () => 'started',
      (error: Error) => error.message,
    )
    expect(await boot).toContain(declared === 'closed' ? 'The policies p are closed' : 'started')
  })

  it('a route that adds a penalty closes the policy there', async () => {
    const app = limited(limit)
    app.get('/punished', { config: { userRateLimit: { policies: { p: { penalty: 1 } } } } }, () => 'ok')
    await app.ready()
    await apps.redis.kill('SIGSTOP')
    expect([(await app.inject('/')).statusCode, (await app.inject('/punished')).statusCode]).toEqual([
      200, 503,
    ])
    await apps.redis.kill('SIGCONT')
  })
})
