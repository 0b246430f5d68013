import fc from 'fast-check'
import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { deviceTokens } from '../src/core/device-token.ts'
import type { LoginOptions, UserRateLimitOptions } from '../src/index.ts'
import { gateApps } from './gate-app.ts'
import type { StoreKind } from './gate-app.ts'
import { property } from './property.ts'

const apps = gateApps()
const passwords = new Map([
  ['ada', 'right'],
  ['grace', 'right'],
])

interface Body {
  readonly account?: unknown
  readonly password?: string
  readonly device?: string
}

interface Checks {
  count: number
}

function loginApp(options: UserRateLimitOptions, checks: Checks = { count: 0 }): FastifyInstance {
  const app = apps.build(options, { trustProxy: '127.0.0.1' })
  app.post<{ Body: Body }>('/login', async (request) => {
    const { account, password, device } = request.body
    const check = async (): Promise<string | undefined> => {
      checks.count += 1
      if (password === 'throw') throw new Error('the database is away')
      await new Promise((resolve) => setTimeout(resolve, 2))
      return passwords.get(String(account).toLowerCase()) === password ? String(account) : undefined
    }
    return app.userRateLimit.guardLogin(request, { account, device }, check)
  })
  return app
}

async function attempt(
  app: FastifyInstance,
  payload: Body,
  remoteAddress = '198.51.100.1',
): Promise<LightMyRequestResponse> {
  return app.inject({ method: 'POST', url: '/login', payload, remoteAddress })
}

async function statusOf(app: FastifyInstance, payload: Body, address?: string): Promise<number> {
  return (await attempt(app, payload, address)).statusCode
}

const wrong = { account: 'ada', password: 'wrong' }
const right = { account: 'ada', password: 'right' }

describe.each<StoreKind>(['memory', 'redis'])('guardLogin, with %s', (kind) => {
  it('stops guesses at an account from an address after five, and tells when to come again', async () => {
    const checks = { count: 0 }
    const app = loginApp(apps.store(kind), checks)
    for (let sent = 0; sent < 5; sent++) expect(await statusOf(app, wrong)).toBe(401)
    const refused = await attempt(app, right)
    expect([refused.statusCode, refused.json<{ code: string }>().code]).toEqual([
      429,
      'USER_RATE_LIMIT_EXCEEDED',
    ])
    expect(refused.json<{ message: string }>().message).toBe('Too many login attempts')
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(290)
    expect(refused.headers['cache-control']).toBe('no-store')
    expect(checks.count).toBe(5)
    expect(await statusOf(app, { ...wrong, account: ' ADA' })).toBe(429)
    expect(await statusOf(app, { account: 'grace', password: 'right' })).toBe(200)
  })

  it('gives back what a login that succeeds had reserved: an office behind one address is not locked out', async () => {
    const app = loginApp({ ...apps.store(kind), login: { address: { quota: 3, window: '15m' } } })
    for (let sent = 0; sent < 12; sent++)
      expect(await statusOf(app, { account: sent % 2 === 0 ? 'ada' : 'grace', password: 'right' })).toBe(200)
  })

  it('stops a botnet at the account while the owner gets in from a known device', async () => {
    const app = loginApp({
      ...apps.store(kind),
      login: { account: { quota: 10, window: '1h' }, device: { quota: 2, window: '1h' } },
    })
    const { device } = (await attempt(app, right)).json<{ device: string }>()
    const seen: number[] = []
    for (let bot = 0; bot < 30; bot++) seen.push(await statusOf(app, wrong, `203.0.113.${bot}`))
    expect(seen.filter((status) => status === 401)).toHaveLength(10)
    expect(await statusOf(app, right, '198.51.100.7')).toBe(429)
    expect(await statusOf(app, { ...right, device }, '198.51.100.7')).toBe(200)
    // The device has no more tries than it is given, and is no device of another account.
    expect(await statusOf(app, { ...wrong, device })).toBe(401)
    expect(await statusOf(app, { ...wrong, device })).toBe(401)
    expect(await statusOf(app, { ...right, device })).toBe(429)
    for (const forged of ['', 'x', `${device}x`, device.replace(/.$/, 'A'), device.toUpperCase()])
      expect(await statusOf(app, { ...right, device: forged }, '198.51.100.8')).toBe(429)
  })

  it('stops an address that tries one password on many accounts', async () => {
    const app = loginApp({ ...apps.store(kind), login: { address: { quota: 8, window: '15m' } } })
    const seen: number[] = []
    for (let index = 0; index < 12; index++)
      seen.push(await statusOf(app, { account: `user-${index}`, password: 'Spring2026!' }))
    expect(seen.filter((status) => status === 401)).toHaveLength(8)
    expect(await statusOf(app, { account: 'user-99', password: 'x' }, '203.0.113.8')).toBe(401)
  })

  it('lets no more guesses pass at once than one after the other', async () => {
    const checks = { count: 0 }
    const app = loginApp(apps.store(kind), checks)
    await app.ready()
    const answers = await Promise.all(Array.from({ length: 50 }, () => statusOf(app, wrong)))
    expect(answers.filter((status) => status === 401)).toHaveLength(5)
    expect(checks.count).toBe(5)
  })

  it('answers alike for an account that is not there', async () => {
    const app = loginApp(apps.store(kind))
    const bodies: string[] = []
    for (const account of ['ada', 'nobody']) {
      const answers: string[] = []
      for (let sent = 0; sent < 6; sent++) {
        const { statusCode, body, headers } = await attempt(app, { account, password: 'wrong' })
        answers.push(`${statusCode} ${body} ${Object.keys(headers).join()}`)
      }
      bodies.push(answers.join('\n'))
    }
    expect(bodies[0]).toBe(bodies[1])
  })

  it('keeps what was charged when the check throws', async () => {
    const app = loginApp(apps.store(kind))
    for (let sent = 0; sent < 5; sent++)
      expect(await statusOf(app, { ...wrong, password: 'throw' })).toBe(500)
    expect(await statusOf(app, right)).toBe(429)
  })

  it('weighs failures and successes as it is told', async () => {
    const pair = { quota: 6, window: '5m', failure: 3, success: 1 }
    const app = loginApp({ ...apps.store(kind), login: { pair } })
    expect([await statusOf(app, wrong), await statusOf(app, right), await statusOf(app, wrong)]).toEqual([
      401, 200, 429,
    ])
  })

  it('reports when most attempts of everybody fail, and asks unknown devices for a challenge where there is one', async () => {
    const failureRatio = { ratio: 0.5, atLeast: 10, window: '5m' } as const
    const reporting = loginApp({ ...apps.store(kind), login: { failureRatio } })
    await reporting.ready()
    const events = apps.eventsOf(reporting)
    const guess = async (app: FastifyInstance): Promise<void> => {
      for (let bot = 0; bot < 10; bot++)
        await attempt(app, { account: `user-${bot}`, password: 'x' }, `203.0.113.${bot}`)
    }
    await guess(reporting)
    expect(await statusOf(reporting, right)).toBe(200)
    expect(events.filter(({ severity }) => severity === 'CRITICAL')).toMatchObject([
      { type: 'rate_limit.exceeded', outcome: 'measured', details: { policy: 'login-failures' } },
    ])
    const challenging = loginApp({
      ...apps.store(kind),
      login: {
        failureRatio: { ...failureRatio, challenge: async ({ headers }) => headers['x-captcha'] === 'ok' },
      },
    })
    const { device } = (await attempt(challenging, right)).json<{ device: string }>()
    await guess(challenging)
    const refused = await attempt(challenging, right)
    expect([refused.statusCode, refused.json<{ code: string }>().code]).toEqual([
      403,
      'LOGIN_CHALLENGE_REQUIRED',
    ])
    expect(await statusOf(challenging, { ...right, device })).toBe(200)
    const passed = await challenging.inject({
      method: 'POST',
      url: '/login',
      payload: right,
      headers: { 'x-captcha': 'ok' },
    })
    expect(passed.statusCode).toBe(200)
    // Nothing was charged to those who were not let try.
    for (let sent = 0; sent < 8; sent++) expect(await statusOf(challenging, right, '203.0.113.200')).toBe(403)
  })

  it('tells the events of attempts, without whose', async () => {
    const app = loginApp(apps.store(kind))
    await app.ready()
    const events = apps.eventsOf(app)
    await attempt(app, right)
    for (let sent = 0; sent < 6; sent++) await attempt(app, wrong)
    expect(events.map(({ type, outcome }) => `${type} ${outcome}`)).toEqual([
      'auth.success succeeded',
      ...Array.from({ length: 5 }, () => 'auth.failure failed'),
      'rate_limit.exceeded refused',
    ])
    // A request's id is random and may hold any letters.
    expect(JSON.stringify(events.map(({ details, principal }) => [details, principal]))).not.toMatch(
      /ada|wrong/,
    )
  })

  it('takes no account that is none', async () => {
    const app = loginApp(apps.store(kind))
    for (const account of [undefined, null, '', ' ', 'x'.repeat(2000), {}, ['ada'], true]) {
      const answer = await attempt(app, { account, password: 'x' })
      expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([400, 'INVALID_ACCOUNT'])
    }
  })
})

it('goes on while Redis is away as its options say', async () => {
  const { startRedis } = await import('@portcullis/kernel/testing')
  const own = await startRedis()
  const store = { redis: own.url, keySecret: 'a secret of this test that is long enough' }
  const local = loginApp(store)
  const closed = loginApp({ ...store, login: { onStoreError: 'closed' } })
  expect([await statusOf(local, right), await statusOf(closed, right)]).toEqual([200, 200])
  await own.kill('SIGKILL')
  for (let sent = 0; sent < 5; sent++) expect(await statusOf(local, wrong)).toBe(401)
  expect(await statusOf(local, wrong)).toBe(429)
  expect(await statusOf(closed, right)).toBe(503)
  await own.stop()
})

it('keeps neither account, address nor device in Redis', async () => {
  const app = loginApp(apps.store('redis', 'logins'))
  const { device } = (await attempt(app, right)).json<{ device: string }>()
  await attempt(app, { ...wrong, device })
  await attempt(app, wrong)
  const client = new Redis(apps.redis.url)
  const keys = await client.keys('logins*')
  expect(keys.length).toBeGreaterThanOrEqual(4)
  for (const key of keys) {
    expect(key).toMatch(/^logins:v1:\{[\w-]{22}\}$/)
    expect(await client.pttl(key)).toBeGreaterThan(0)
  }
  await client.quit()
})

describe('at boot', () => {
  it.each<[string, LoginOptions, string]>([
    ['no limit at all', { pair: false, account: false, address: false }, 'would guard nothing'],
    [
      'a limit that admits nobody',
      { pair: { quota: 2, window: '1m', failure: 3 } },
      'login.pair admits no attempt',
    ],
    ['a ratio above 1', { failureRatio: { ratio: 80 } }, 'above 0 and up to 1'],
    ['a limit without a window', { pair: { quota: 2 } as never }, 'login.pair.window'],
  ])('refuses %s', async (_name, login, says) => {
    await expect(loginApp({ login }).ready()).rejects.toThrow(says)
  })
})

describe('device tokens', () => {
  const tokens = deviceTokens('a secret', 1000)

  it('are good for their account and time alone, with this secret', () => {
    const token = tokens.issue('ada', 5000)
    expect(tokens.deviceOf(token, 'ada', 5999)).toMatch(/^[\w-]{22}$/)
    expect(tokens.deviceOf(token, 'ada', 6000)).toBeUndefined()
    expect(tokens.deviceOf(token, 'grace', 5500)).toBeUndefined()
    expect(deviceTokens('another', 1000).deviceOf(token, 'ada', 5500)).toBeUndefined()
    expect(token).not.toContain('ada')
  })

  it('are known by nothing else: no change, no other value', () => {
    const token = tokens.issue('ada', 0)
    fc.assert(
      fc.property(
        fc.nat(token.length - 1),
        fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
        (at, unit) => {
          const changed = token.slice(0, at) + unit + token.slice(at + 1)
          // The last unit of base64url carries bits that nobody reads; the text is compared all the same.
          expect(tokens.deviceOf(changed, 'ada', 1) === undefined).toBe(changed !== token)
        },
      ),
      property(500),
    )
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(tokens.deviceOf(value, 'ada', 1)).toBeUndefined()
      }),
      property(300),
    )
  })
})
