import { setTimeout as sleep } from 'node:timers/promises'
import { codedError, decide, kernel } from '@portcullis/kernel'
import type { SecurityEvent } from '@portcullis/kernel'
import { startRedis } from '@portcullis/kernel/testing'
import type { RedisService } from '@portcullis/kernel/testing'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyServerOptions, LightMyRequestResponse } from 'fastify'
import { Redis } from 'ioredis'
import { parseList } from 'structured-headers'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import userRateLimit from '../src/index.ts'
import type { UserRateLimitOptions, UserRateLimitRouteOptions } from '../src/index.ts'

const No = codedError('NO', 'No.', 403)
const keySecret = 'a secret of this test that is long enough'
const apps: FastifyInstance[] = []
let redis: RedisService

beforeAll(async () => {
  redis = await startRedis()
})

afterAll(async () => redis.stop())

afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()))
})

interface Parts {
  readonly server?: FastifyServerOptions
  readonly routes?: Record<string, UserRateLimitRouteOptions | false>
  readonly kernel?: object
}

function build(options: UserRateLimitOptions, parts: Parts = {}): FastifyInstance {
  const app = Fastify(parts.server)
  apps.push(app)
  void app.register(kernel, {
    ...parts.kernel,
    identify: ({ headers }) => {
      const { 'x-user': id, 'x-tenant': tenantId } = headers as Record<string, string | undefined>
      return id === undefined ? null : { id, tenantId }
    },
  })
  void app.register(userRateLimit, options)
  app.get('/', async () => 'ok')
  for (const [url, config] of Object.entries(parts.routes ?? {})) {
    app.get(url, { config: { userRateLimit: config } }, async () => 'ok')
  }
  return app
}

interface Sender {
  readonly url?: string
  readonly user?: string
  readonly tenant?: string
  readonly address?: string
  readonly headers?: Record<string, string>
}

function send(
  app: FastifyInstance,
  { url = '/', user, tenant, address, headers }: Sender = {},
): Promise<LightMyRequestResponse> {
  return app.inject({
    url,
    remoteAddress: address ?? '198.51.100.1',
    headers: {
      ...headers,
      ...(user === undefined ? {} : { 'x-user': user }),
      ...(tenant === undefined ? {} : { 'x-tenant': tenant }),
    },
  })
}

async function statuses(app: FastifyInstance, count: number, sender: Sender = {}): Promise<number[]> {
  const seen: number[] = []
  for (let index = 0; index < count; index++) seen.push((await send(app, sender)).statusCode)
  return seen
}

const three = { quota: 3, window: '1m' }
const OVER = [200, 200, 200, 429]

describe.each(['memory', 'redis'])('with %s', (kind) => {
  let prefix = 0
  const store = (): UserRateLimitOptions =>
    kind === 'memory'
      ? {}
      : { redis: redis.url, keySecret, keyPrefix: `test-${(prefix += 1)}`, storeTimeout: '1s' }

  it('gives each principal a quota of its own, wherever it comes from', async () => {
    const app = build({ ...store(), policies: { perUser: three } })
    expect(await statuses(app, 4, { user: 'ada' })).toEqual(OVER)
    expect((await send(app, { user: 'ada', address: '203.0.113.7' })).statusCode).toBe(429)
    expect((await send(app, { user: 'grace' })).statusCode).toBe(200)
    expect((await send(app, { user: 'ada', tenant: 'acme' })).statusCode).toBe(200)
  })

  it('limits those it does not know by address, and logging out does not lift a limit', async () => {
    const app = build({ ...store(), policies: { perUser: three } })
    expect(await statuses(app, 4)).toEqual(OVER)
    expect((await send(app, { address: '203.0.113.7' })).statusCode).toBe(200)
    expect(await statuses(app, 4, { user: 'ada' })).toEqual(OVER)
    expect((await send(app)).statusCode).toBe(429)
  })

  it('refuses or leaves alone those it does not know where a policy says so', async () => {
    const denying = build({ ...store(), policies: { perUser: { ...three, anonymous: 'deny' } } })
    const refused = await send(denying)
    expect([
      refused.statusCode,
      refused.json<{ code: string }>().code,
      refused.headers['www-authenticate'],
    ]).toEqual([401, 'UNAUTHENTICATED', 'Bearer'])
    const skipping = build({ ...store(), policies: { perUser: { ...three, anonymous: 'skip' } } })
    expect(await statuses(skipping, 5)).toEqual([200, 200, 200, 200, 200])
  })

  it('partitions by tenant, by address, by what the app names, and by several of them', async () => {
    const byTenant = build({ ...store(), policies: { p: { ...three, partitionKey: 'tenant' } } })
    expect(await statuses(byTenant, 2, { user: 'ada', tenant: 'acme' })).toEqual([200, 200])
    expect(await statuses(byTenant, 2, { user: 'grace', tenant: 'acme' })).toEqual([200, 429])
    const byAddress = build({ ...store(), policies: { p: { ...three, partitionKey: 'address' } } })
    expect(await statuses(byAddress, 2, { user: 'ada' })).toEqual([200, 200])
    expect(await statuses(byAddress, 2, { user: 'grace' })).toEqual([200, 429])
    const byKey = build({
      ...store(),
      policies: { p: { ...three, partitionKey: async ({ headers }) => headers['x-key'] as string } },
    })
    expect(await statuses(byKey, 4, { headers: { 'x-key': 'a' } })).toEqual(OVER)
    expect(await statuses(byKey, 1, { headers: { 'x-key': 'b' } })).toEqual([200])
    expect(await statuses(byKey, 4, { headers: { 'x-key': 'x'.repeat(5000) } })).toEqual(OVER)
    expect(await statuses(byKey, 1, { headers: { 'x-key': 'y'.repeat(5000) } })).toEqual([200])
    const byNumber = build({
      ...store(),
      policies: { p: { ...three, partitionKey: () => 7 as never, anonymous: 'skip' } },
    })
    expect((await send(byNumber)).statusCode).toBe(500)
    expect(await statuses(byTenant, 1, { user: 'ada', tenant: 't'.repeat(1024) })).toEqual([200])
    const byBoth = build({
      ...store(),
      policies: { p: { ...three, partitionKey: ['principal', 'address'] } },
    })
    expect(await statuses(byBoth, 4, { user: 'ada' })).toEqual(OVER)
    expect((await send(byBoth, { user: 'ada', address: '203.0.113.7' })).statusCode).toBe(200)
  })

  it('charges all policies of a request or none: a spent one burns no other', async () => {
    const app = build({
      ...store(),
      policies: { short: { quota: 2, window: '1m' }, long: { quota: 10, window: '1h' } },
    })
    await statuses(app, 30, { user: 'ada' })
    const answer = await send(app, { user: 'ada' })
    expect(answer.headers['ratelimit']).toContain('"long";r=8')
  })

  it('gives back what earlier phases charged when a later one refuses', async () => {
    const app = build({
      ...store(),
      policies: { address: { quota: 100, window: '1m', partitionKey: 'address' }, perUser: three },
    })
    await statuses(app, 20, { user: 'ada' })
    const honest = await send(app, { user: 'grace' })
    expect(honest.headers['ratelimit']).toContain('"address";r=96')
  })

  it('weighs requests by cost', async () => {
    const app = build({
      ...store(),
      policies: { perUser: { quota: 10, window: '1m', cost: ({ headers }) => Number(headers['x-cost']) } },
    })
    const cost = (value: number): Promise<number> =>
      send(app, { user: 'ada', headers: { 'x-cost': String(value) } }).then((a) => a.statusCode)
    expect([await cost(6), await cost(6), await cost(4), await cost(0), await cost(1)]).toEqual([
      200, 429, 200, 200, 429,
    ])
    const huge = await send(app, { user: 'grace', headers: { 'x-cost': '11' } })
    expect([huge.statusCode, huge.headers['retry-after']]).toEqual([429, undefined])
  })

  it.each([Number.NaN, -1, 1.5, Number.POSITIVE_INFINITY, 1e20, '5', null, undefined])(
    'lets no request pass whose cost function answers %s',
    async (cost) => {
      const app = build({ ...store(), policies: { perUser: { ...three, cost: () => cost as number } } })
      const answer = await send(app, { user: 'ada' })
      expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([
        500,
        'PORTCULLIS_USER_RATE_LIMIT_INVALID_COST',
      ])
    },
  )

  it('keeps the penalty of a policy when another gate refuses, and nothing when another policy does', async () => {
    const policies = {
      address: { quota: 10, window: '1m', partitionKey: 'address', penalty: 2, cost: 3 },
      perUser: three,
    } as const
    const app = build({ ...store(), policies })
    decide(app, {
      stage: 'preHandler',
      phase: 'resource',
      name: 'sample',
      run: ({ headers }) =>
        headers['x-refuse'] === undefined
          ? undefined
          : {
              gate: 'sample',
              error: new No(),
              event: { type: 'query.rejected', severity: 'WARNING', details: { code: 'NO' } },
            },
    })
    const refused = { user: 'ada', headers: { 'x-refuse': '1' } }
    expect(await statuses(app, 5, refused)).toEqual([403, 403, 403, 403, 429])
    expect(
      (await send(app, { address: '203.0.113.7', headers: { 'x-refuse': '1' } })).headers['ratelimit'],
    ).toBeUndefined()
    const other = build({ ...store(), policies })
    expect(await statuses(other, 4, { user: 'grace' })).toEqual(OVER)
    expect((await send(other, { user: 'linus' })).statusCode).toBe(429)
    const cheap = build({ ...store(), policies: { ...policies, address: { ...policies.address, cost: 1 } } })
    await statuses(cheap, 30, { user: 'ada' })
    expect((await send(cheap, { user: 'linus' })).headers['ratelimit']).toContain('"address";r=6')
  })

  it('counts apart what a route admits by a quota of its own', async () => {
    const app = build(
      { ...store(), policies: { perUser: { quota: 10, window: '1m' } } },
      {
        routes: {
          '/reports': { policies: { perUser: { quota: 2 } } },
          '/told': { policies: { perUser: { message: 'Slow down' } } },
        },
      },
    )
    await statuses(app, 6, { user: 'ada' })
    expect(await statuses(app, 3, { url: '/reports', user: 'ada' })).toEqual([200, 200, 429])
    expect((await send(app, { user: 'ada' })).headers['ratelimit']).toContain('r=3')
    expect(await statuses(app, 4, { url: '/told', user: 'ada' })).toEqual(OVER)
  })

  it('takes policies from routes: added, changed member by member, left out, switched off', async () => {
    const app = build(
      { ...store(), policies: { perUser: three } },
      {
        routes: {
          '/strict': { policies: { strict: { quota: 1, window: '1m' } } },
          '/changed': { policies: { perUser: { quota: 5 } } },
          '/left-out': { policies: { perUser: false } },
          '/off': false,
        },
      },
    )
    expect(await statuses(app, 2, { url: '/strict', user: 'ada' })).toEqual([200, 429])
    expect(await statuses(app, 6, { url: '/changed', user: 'grace' })).toEqual([200, 200, 200, 200, 200, 429])
    expect(await statuses(app, 5, { url: '/left-out', user: 'linus' })).toEqual([200, 200, 200, 200, 200])
    expect(await statuses(app, 5, { url: '/off', user: 'linus' })).toEqual([200, 200, 200, 200, 200])
  })

  it('counts GET and HEAD, and a 404, as one client', async () => {
    const app = build({ ...store(), policies: { perUser: three } })
    await app.inject({ method: 'HEAD', url: '/', headers: { 'x-user': 'ada' } })
    await app.inject({ url: '/missing', headers: { 'x-user': 'ada' } })
    expect(await statuses(app, 2, { user: 'ada' })).toEqual([200, 429])
  })

  it('tells every policy in structured fields, and a wait that succeeds when it is obeyed', async () => {
    const app = build({
      ...store(),
      policies: { burst: { quota: 2, window: 1500 }, hour: { quota: 100, window: '1h', unit: 'points' } },
    })
    const first = await send(app, { user: 'ada' })
    const policies = parseList(String(first.headers['ratelimit-policy']))
    expect(policies.map(([name, parameters]) => [name, Object.fromEntries(parameters)])).toEqual([
      ['burst', { q: 2, w: 2 }],
      ['hour', { q: 100, w: 3600, qu: 'points' }],
    ])
    await send(app, { user: 'ada' })
    const refused = await send(app, { user: 'ada' })
    expect(refused.json()).toEqual({
      statusCode: 429,
      code: 'USER_RATE_LIMIT_EXCEEDED',
      error: 'Too Many Requests',
      message: 'Rate limit exceeded for user',
    })
    expect(refused.headers['cache-control']).toBe('no-store')
    const wait = Number(refused.headers['retry-after'])
    expect(wait).toBeGreaterThanOrEqual(1)
    await sleep(wait * 1000)
    expect((await send(app, { user: 'ada' })).statusCode).toBe(200)
  })

  it('says the message of the policy that refuses', async () => {
    const app = build({
      ...store(),
      policies: { login: { quota: 1, window: '5m', message: 'Too many login attempts' } },
    })
    await send(app)
    expect((await send(app)).json<{ message: string }>().message).toBe('Too many login attempts')
  })

  it('skips what skip and when leave out', async () => {
    const app = build({
      ...store(),
      policies: {
        perUser: { ...three, skip: async ({ headers }) => headers['x-skip'] === '1' },
        writes: { quota: 1, window: '1m', when: async ({ headers }) => headers['x-write'] === '1' },
      },
    })
    expect(await statuses(app, 5, { user: 'ada', headers: { 'x-skip': '1' } })).toEqual([
      200, 200, 200, 200, 200,
    ])
    expect(await statuses(app, 2, { user: 'ada', headers: { 'x-write': '1' } })).toEqual([200, 429])
  })

  it('reports and lets pass in measure mode, for one policy or all', async () => {
    const events: SecurityEvent[] = []
    const app = build({
      ...store(),
      policies: { perUser: three, shadow: { quota: 1, window: '1m', mode: 'measure' } },
    })
    await app.ready()
    app.securityEvents.subscribe((event) => void events.push(event))
    expect(await statuses(app, 4, { user: 'ada' })).toEqual(OVER)
    expect(events.map(({ outcome, details }) => [outcome, (details as { policy?: string }).policy])).toEqual([
      ['measured', 'shadow'],
      ['measured', 'shadow'],
      ['refused', 'perUser'],
    ])
    const all = build({ ...store(), mode: 'measure', policies: { perUser: three } })
    expect(await statuses(all, 6, { user: 'ada' })).toEqual([200, 200, 200, 200, 200, 200])
  })

  it('charges limits that no route declares', async () => {
    const app = build({ ...store(), policies: {} })
    await app.ready()
    const policy = { name: 'sms', quota: 2, window: '1m' }
    const consume = (cost?: number): Promise<boolean> =>
      app.userRateLimit
        .consume({ policy, identity: ['phone', '+15550100'], ...(cost === undefined ? {} : { cost }) })
        .then(({ allowed }) => allowed)
    expect([await consume(), await consume(), await consume(), await consume(0)]).toEqual([
      true,
      true,
      false,
      true,
    ])
  })

  it('exposes what was decided on request.userRateLimit', async () => {
    const app = build({ ...store(), policies: { perUser: three } })
    app.get('/mine', async (request) =>
      request.userRateLimit.map(({ policy, remaining }) => [policy.name, remaining]),
    )
    expect((await send(app, { url: '/mine', user: 'ada' })).json()).toEqual([['perUser', 2]])
  })
})

describe('addresses', () => {
  it('come from Fastify’s trustProxy alone', async () => {
    const policies = { p: { ...three, partitionKey: 'address' as const } }
    const forwarded = (index: number): Sender => ({ headers: { 'x-forwarded-for': `203.0.113.${index}` } })
    const untrusted = build({ policies })
    const spoofed: number[] = []
    for (let index = 0; index < 4; index++) spoofed.push((await send(untrusted, forwarded(index))).statusCode)
    expect(spoofed).toEqual(OVER)
    const trusted = build({ policies }, { server: { trustProxy: ['198.51.100.1'] } })
    for (let index = 0; index < 4; index++)
      expect((await send(trusted, forwarded(index))).statusCode).toBe(200)
    const behind = { headers: { 'x-forwarded-for': '10.0.0.1, 203.0.113.77' } }
    expect(await statuses(trusted, 4, behind)).toEqual(OVER)
  })

  it('are one client for a whole IPv6 /64, and for an IPv4 address however it is written', async () => {
    const app = build({ policies: { p: { ...three, partitionKey: 'address' } } })
    expect(await statuses(app, 2, { address: '2001:db8:1:2::1' })).toEqual([200, 200])
    expect(await statuses(app, 2, { address: '2001:db8:1:2:ffff::9' })).toEqual([200, 429])
    expect(await statuses(app, 2, { address: '203.0.113.5' })).toEqual([200, 200])
    expect(await statuses(app, 2, { address: '::ffff:203.0.113.5' })).toEqual([200, 429])
  })
})

describe('Redis', () => {
  it('holds no identity: only keyed hashes, each with a time to live', async () => {
    const app = build({ redis: redis.url, keySecret, keyPrefix: 'private', policies: { perUser: three } })
    await send(app, { user: 'ada@example.com' })
    await send(app, { address: '203.0.113.9' })
    const client = new Redis(redis.url)
    const keys = await client.keys('private*')
    expect(keys).toHaveLength(2)
    for (const key of keys) {
      expect(key).toMatch(/^private:v1:\{[\w-]{22}\}$/)
      expect(await client.pttl(key)).toBeGreaterThan(0)
    }
    await client.quit()
  })

  it('is shared by all instances of an app', async () => {
    const options = { redis: redis.url, keySecret, keyPrefix: 'shared', policies: { perUser: three } }
    const [first, second] = [build(options), build(options)]
    expect(await statuses(first, 2, { user: 'ada' })).toEqual([200, 200])
    expect(await statuses(second, 2, { user: 'ada' })).toEqual([200, 429])
  })

  it('that is away: closed refuses, open passes, local counts this instance’s share', async () => {
    const own = await startRedis()
    const build3 = (onStoreError: 'closed' | 'open' | 'local'): FastifyInstance =>
      build(
        {
          redis: own.url,
          keySecret,
          keyPrefix: onStoreError,
          policies: { perUser: { quota: 4, window: '1m', onStoreError } },
        },
        { kernel: { instances: 2 } },
      )
    const [closed, open, local] = [build3('closed'), build3('open'), build3('local')]
    for (const app of [closed, open, local]) expect((await send(app, { user: 'ada' })).statusCode).toBe(200)
    await own.kill('SIGKILL')
    const started = performance.now()
    const refused = await send(closed, { user: 'ada' })
    expect(refused.statusCode).toBe(503)
    expect(refused.json()).toMatchObject({ code: 'RATE_LIMIT_STORE_UNAVAILABLE' })
    expect(refused.headers['retry-after']).toBe('1')
    expect(await statuses(open, 6, { user: 'ada' })).toEqual([200, 200, 200, 200, 200, 200])
    expect(await statuses(local, 3, { user: 'ada' })).toEqual([200, 200, 429])
    expect(performance.now() - started).toBeLessThan(5000)
    await own.stop()
  })
})

describe('boot', () => {
  it('refuses a Redis that cannot be reached where a policy is closed, and names the host without credentials', async () => {
    const policies = { perUser: { ...three, onStoreError: 'closed' as const } }
    const app = build({ redis: 'redis://user:hunter2@127.0.0.1:1', keySecret, policies })
    const error = await app.ready().then(
      () => undefined,
      (reason: unknown) => reason as Error & { code: string },
    )
    expect(error?.code).toBe('PORTCULLIS_USER_RATE_LIMIT_STORE_UNREACHABLE')
    expect(error?.message).toContain('127.0.0.1:1')
    expect(error?.message).toContain('perUser')
    expect(error?.message).not.toContain('hunter2')
  })

  it('warns of it where all policies are open or local', async () => {
    const lines: string[] = []
    const logger = { level: 'warn', stream: { write: (line: string) => void lines.push(line) } }
    const app = build(
      { redis: 'redis://127.0.0.1:1', keySecret, policies: { perUser: three } },
      { server: { logger } },
    )
    await app.ready()
    expect(lines.join()).toContain('127.0.0.1:1')
    expect((await send(app)).statusCode).toBe(200)
  })

  it.each([
    ['memory with several instances', { policies: {} }, { instances: 3 }, 'memory of each of 3 instances'],
    [
      'a short secret',
      { redis: 'redis://127.0.0.1:1', keySecret: 'short', policies: {} },
      {},
      'fewer than 32 bytes',
    ],
    [
      'plaintext to a Redis elsewhere',
      { redis: 'redis://10.1.2.3:6379', keySecret, policies: {} },
      {},
      'without TLS',
    ],
  ])('refuses %s in production', async (_name, options, kernelOptions, message) => {
    const app = build(options, { kernel: { ...kernelOptions, environment: 'production' } })
    await expect(app.ready()).rejects.toMatchObject({
      code: 'PORTCULLIS_KERNEL_UNSAFE_IN_PRODUCTION',
      message: expect.stringContaining(message),
    })
  })

  it('warns where no policy is in use', async () => {
    const lines: string[] = []
    const logger = { level: 'warn', stream: { write: (line: string) => void lines.push(line) } }
    await build({}, { server: { logger } }).ready()
    expect(lines.join()).toContain('no policy')
    lines.length = 0
    await build({}, { server: { logger }, routes: { '/a': { policies: { a: three } } } }).ready()
    expect(lines).toEqual([])
  })

  it('refuses policies that wait for facts nobody brings', async () => {
    const byPrice = build({ policies: { points: { ...three, cost: 'queryCost' } } })
    await expect(byPrice.ready()).rejects.toMatchObject({
      message: expect.stringMatching(/PORTCULLIS|no GraphQL route|query-cost/),
    })
    const onRoute = build(
      { policies: {} },
      { routes: { '/rest': { policies: { writes: { ...three, when: 'mutation' } } } } },
    )
    await expect(onRoute.ready()).rejects.toMatchObject({
      code: 'PORTCULLIS_USER_RATE_LIMIT_MISSING_GATE',
      message: expect.stringContaining('writes'),
    })
  })
})
