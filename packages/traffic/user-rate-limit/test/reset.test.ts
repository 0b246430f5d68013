import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { describe, expect, it } from 'vitest'
import type { Identity, UserRateLimitOptions } from '../src/index.ts'
import { gateApps } from './gate-app.ts'
import type { StoreKind } from './gate-app.ts'

const apps = gateApps()
const one = { quota: 1, window: '1h' } as const

function limited(options: UserRateLimitOptions): FastifyInstance {
  const app = apps.build(options)
  app.get('/', () => 'ok')
  app.post('/login', (request) =>
    app.userRateLimit.guardLogin(request, { account: (request.body as { name: string }).name }, () => false),
  )
  return app
}

type Sender = Readonly<Record<string, string>>

async function statusOf(
  app: FastifyInstance,
  headers: Sender = {},
  remoteAddress = '192.0.2.1',
): Promise<number> {
  return (await app.inject({ url: '/', headers, remoteAddress })).statusCode
}

describe.each<StoreKind>(['memory', 'redis'])('reset, with %s', (kind) => {
  it.each<[string, UserRateLimitOptions['policies'], Sender, Identity]>([
    ['a principal', { p: one }, { 'x-user': 'ada' }, { principal: 'ada' }],
    [
      'one of a tenant',
      { p: one },
      { 'x-user': 'ada', 'x-tenant': 't' },
      { principal: { id: 'ada', tenantId: 't' } },
    ],
    [
      'a tenant',
      { p: { ...one, partitionKey: 'tenant' } },
      { 'x-user': 'ada', 'x-tenant': 't' },
      { tenant: 't' },
    ],
    ['an address', { p: { ...one, partitionKey: 'address' } }, {}, { address: '::ffff:192.0.2.1' }],
    ['whom nobody knows', { p: one }, {}, { address: '192.0.2.1' }],
    [
      'several parts',
      { p: { ...one, partitionKey: ['principal', 'address'] } },
      { 'x-user': 'ada' },
      { principal: 'ada', address: '192.0.2.1' },
    ],
    [
      'what functions answer',
      { p: { ...one, partitionKey: [({ method }) => method, () => 'x'.repeat(2_000)] } },
      {},
      { own: ['GET', 'x'.repeat(2_000)] },
    ],
    [
      'a lease',
      { p: { ...one, lease: { size: 1, maxAge: '1m' } } },
      { 'x-user': 'ada' },
      { principal: 'ada' },
    ],
    [
      'another way of counting',
      { p: { ...one, algorithm: 'gcra' } },
      { 'x-user': 'ada' },
      { principal: 'ada' },
    ],
  ])('frees %s, and nobody else', async (_name, policies, sender, identity) => {
    const app = limited({ ...apps.store(kind), policies })
    await app.ready()
    const reset = async (): Promise<boolean> => app.userRateLimit.reset({ policy: 'p', identity })
    const events = apps.eventsOf(app)
    expect(await reset()).toBe(false)
    expect(await statusOf(app, sender)).toBe(200)
    // Twice, so that the second is refused from memory.
    expect([await statusOf(app, sender), await statusOf(app, sender)]).toEqual([429, 429])
    const other = { 'x-user': 'grace', 'x-tenant': 'other' }
    const shared = 'own' in identity
    if (!shared) expect(await statusOf(app, other, '192.0.2.2')).toBe(200)
    expect(await reset()).toBe(true)
    expect(await statusOf(app, sender)).toBe(200)
    expect(await statusOf(app, sender)).toBe(429)
    if (!shared) expect(await statusOf(app, other, '192.0.2.2')).toBe(429)
    const told = events.filter(({ type }) => type === 'admin.action').map(({ details }) => details)
    expect(told).toEqual([{ action: 'userRateLimit.reset p' }, { action: 'userRateLimit.reset p' }])
    expect(JSON.stringify(told)).not.toContain('ada')
  })

  it('frees a policy wherever routes change it or have it alone', async () => {
    const app = apps.build({ ...apps.store(kind), policies: { p: { quota: 9, window: '1h' } } })
    app.get('/changed', { config: { userRateLimit: { policies: { p: { quota: 1 } } } } }, () => 'ok')
    app.get('/own', { config: { userRateLimit: { policies: { p: false, own: one } } } }, () => 'ok')
    const headers = { 'x-user': 'ada' }
    const send = async (url: string): Promise<number> => (await app.inject({ url, headers })).statusCode
    for (const url of ['/changed', '/own']) expect([await send(url), await send(url)]).toEqual([200, 429])
    const identity = { principal: 'ada' }
    expect(await app.userRateLimit.reset({ policy: 'p', identity })).toBe(true)
    expect([await send('/changed'), await send('/own')]).toEqual([200, 429])
    await app.userRateLimit.reset({ policy: 'own', identity })
    expect(await send('/own')).toBe(200)
  })

  it('frees an account of guardLogin, under any spelling', async () => {
    const login = { pair: false, address: false, account: one } as const
    const app = limited({ ...apps.store(kind), login })
    const send = async (): Promise<number> =>
      (await app.inject({ method: 'POST', url: '/login', payload: { name: 'Ada@example.com' } })).statusCode
    expect([await send(), await send()]).toEqual([401, 429])
    const identity = { account: ' ada@EXAMPLE.com' }
    expect(await app.userRateLimit.reset({ policy: 'login-account', identity })).toBe(true)
    expect(await send()).toBe(401)
    await expect(app.userRateLimit.reset({ policy: 'login-pair', identity })).rejects.toThrow('login-account')
  })

  it('frees pairs and addresses of guardLogin', async () => {
    for (const lane of ['pair', 'address'] as const) {
      const login = { pair: false, address: false, account: false, [lane]: one } as const
      const app = limited({ ...apps.store(kind), login })
      const send = async (): Promise<number> =>
        (await app.inject({ method: 'POST', url: '/login', payload: { name: 'ada' } })).statusCode
      expect([await send(), await send()]).toEqual([401, 429])
      const identity = { account: 'ada', address: '127.0.0.1' }
      await app.userRateLimit.reset({ policy: `login-${lane}`, identity })
      expect(await send()).toBe(401)
    }
  })

  it('frees a policy that no route declares', async () => {
    const app = limited(apps.store(kind))
    await app.ready()
    const mails = { policy: { name: 'mails', ...one }, identity: ['user', 'ada'] }
    const { consume, reset } = app.userRateLimit
    expect([(await consume(mails)).allowed, (await consume(mails)).allowed]).toEqual([true, false])
    expect([await reset(mails), await reset(mails)]).toEqual([true, false])
    expect((await consume(mails)).allowed).toBe(true)
  })

  it.each<[string, unknown, string]>([
    [
      'a name that no policy has',
      { policy: 'perUsr', identity: { principal: 'ada' } },
      "Did you mean 'perUser'?",
    ],
    ['nobody', { policy: 'perUser', identity: {} }, 'identity of a rate limit is missing'],
    ['nothing', { policy: 'perUser' }, 'identity of a rate limit is missing'],
    ['undefined', { policy: 'perUser', identity: { principal: undefined } }, 'is missing'],
    ['a member that is none', { policy: 'perUser', identity: { user: 'ada' } }, 'Give { principal'],
    ['an empty id', { policy: 'perUser', identity: { principal: '' } }, 'is empty'],
    ['an id that is no text', { policy: 'perUser', identity: { principal: { id: 7 } } }, 'is missing'],
    [
      'an id that is too long',
      { policy: 'perUser', identity: { principal: 'x'.repeat(1_025) } },
      'longer than',
    ],
    ['what is no address', { policy: 'perUser', identity: { address: 'nowhere' } }, 'no IP address'],
    [
      'less than it counts by',
      { policy: 'perUser', identity: { tenant: 't' } },
      "'perUser' counts by principal",
    ],
  ])('refuses %s, and says what it takes', async (_name, what, says) => {
    const app = limited({ ...apps.store(kind), policies: { perUser: one } })
    await app.ready()
    const events = apps.eventsOf(app)
    await expect(app.userRateLimit.reset(what as never)).rejects.toThrow(says)
    expect(events).toEqual([])
  })
})

describe('reset, of several instances on one Redis', () => {
  it('frees on all of them within a second, also what they had refused from memory', async () => {
    const policies = { p: one }
    const here = limited({ ...apps.store('redis', 'everywhere'), policies })
    const there = limited({ ...apps.store('redis', 'everywhere'), policies })
    const headers = { 'x-user': 'ada' }
    expect([
      await statusOf(here, headers),
      await statusOf(there, headers),
      await statusOf(there, headers),
    ]).toEqual([200, 429, 429])
    await here.userRateLimit.reset({ policy: 'p', identity: { principal: 'ada' } })
    const until = performance.now() + 5_000
    while ((await statusOf(there, headers)) === 429) {
      expect(performance.now()).toBeLessThan(until)
      await delay(50)
    }
    expect(await statusOf(here, headers)).toBe(429)
  })

  it('says when Redis is away, frees nobody then, and can be done again', async () => {
    const app = limited({
      ...apps.store('redis'),
      storeTimeout: 300,
      policies: { p: { ...one, onStoreError: 'closed' } },
    })
    await app.ready()
    const headers = { 'x-user': 'ada' }
    expect([await statusOf(app, headers), await statusOf(app, headers)]).toEqual([200, 429])
    const reset = async (): Promise<boolean> =>
      app.userRateLimit.reset({ policy: 'p', identity: { principal: 'ada' } })
    await apps.redis.kill('SIGSTOP')
    await expect(reset()).rejects.toMatchObject({ code: 'PORTCULLIS_USER_RATE_LIMIT_STORE_UNAVAILABLE' })
    await apps.redis.kill('SIGCONT')
    // The command that came too late has freed nobody.
    await delay(200)
    expect(await statusOf(app, headers)).toBe(429)
    const done = async (): Promise<boolean | undefined> => reset().catch(() => undefined)
    while ((await done()) === undefined) await delay(50)
    expect(await statusOf(app, headers)).toBe(200)
  })

  it('drops what was counted here while Redis was away', async () => {
    const app = limited({ ...apps.store('redis'), storeTimeout: 300, policies: { p: one } })
    const headers = { 'x-user': 'ada' }
    await app.ready()
    await apps.redis.kill('SIGSTOP')
    expect([await statusOf(app, headers), await statusOf(app, headers)]).toEqual([200, 429])
    await apps.redis.kill('SIGCONT')
    const reset = async (): Promise<boolean | undefined> =>
      app.userRateLimit.reset({ policy: 'p', identity: { principal: 'ada' } }).catch(() => undefined)
    while ((await reset()) === undefined) await delay(50)
    expect(await statusOf(app, headers)).toBe(200)
  })
})
