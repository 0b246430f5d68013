import { graphqlGate } from '@portcullis/graphql-gate'
import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { buildSchema, graphql } from 'graphql'
import { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { BlockList } from '../src/blocks/block-list.ts'
import { runUserRateLimit } from '../src/command.ts'
import type { BlockSubject, UserRateLimitOptions } from '../src/index.ts'
import { gateApps, keySecret } from './gate-app.ts'
import type { StoreKind } from './gate-app.ts'

const apps = gateApps()
const schema = buildSchema('type Query { me: String } type Mutation { pay: String touch: String }')
const terms = { for: '1h', reason: 'incident 7' } as const

function blockApp(options: UserRateLimitOptions): FastifyInstance {
  const app = apps.build(options)
  void app.register(graphqlGate)
  app.get('/', () => 'ok')
  app.get('/off', { config: { userRateLimit: false } }, () => 'ok')
  app.post('/payments/:id', () => 'paid')
  const policies = { operations: { quota: 1000, window: '1m', when: 'mutation' } } as const
  app.post<{ Body: { query: string } }>(
    '/graphql',
    { config: { graphql: { schema }, userRateLimit: { policies } } },
    ({ body }) => graphql({ schema, source: body.query, rootValue: { me: 'ada' } }),
  )
  return app
}

interface Sender {
  readonly url?: string
  readonly method?: 'GET' | 'POST' | 'HEAD'
  readonly user?: string
  readonly tenant?: string
  readonly address?: string
  readonly query?: string
}

async function send(app: FastifyInstance, sender: Sender = {}): Promise<number> {
  const { url = '/', method = 'GET', user, tenant, address = '198.51.100.1', query } = sender
  const answer = await app.inject({
    method: query === undefined ? method : 'POST',
    url: query === undefined ? url : '/graphql',
    remoteAddress: address,
    headers: {
      ...(user === undefined ? {} : { 'x-user': user }),
      ...(tenant === undefined ? {} : { 'x-tenant': tenant }),
    },
    ...(query === undefined ? {} : { payload: { query } }),
  })
  return answer.statusCode
}

describe.each<StoreKind>(['memory', 'redis'])('a block, with %s', (kind) => {
  const ready = async (): Promise<FastifyInstance> => {
    const app = blockApp(apps.store(kind))
    await app.ready()
    return app
  }

  it('holds off a principal on every route, also where the gate is off, until it is ended', async () => {
    const app = await ready()
    await app.userRateLimit.block({ principal: 'ada' }, terms)
    const answer = await app.inject({ url: '/', headers: { 'x-user': 'ada' } })
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([403, 'REQUEST_BLOCKED'])
    expect(answer.headers['cache-control']).toBe('no-store')
    expect(answer.body).not.toContain('incident')
    for (const sender of [
      { url: '/off' },
      { tenant: 'acme' },
      { query: '{ me }' },
      { address: '203.0.113.4' },
    ])
      expect(await send(app, { ...sender, user: 'ada' })).toBe(403)
    expect([await send(app, { user: 'grace' }), await send(app)]).toEqual([200, 200])
    expect(await app.userRateLimit.unblock({ principal: 'ada' })).toBe(true)
    expect(await app.userRateLimit.unblock({ principal: 'ada' })).toBe(false)
    expect(await send(app, { user: 'ada' })).toBe(200)
  })

  it('holds off a principal of one tenant, or a whole tenant', async () => {
    const app = await ready()
    await app.userRateLimit.block({ principal: { id: 'ada', tenantId: 'acme' } }, terms)
    await app.userRateLimit.block({ tenant: 'evil' }, terms)
    expect(await send(app, { user: 'ada', tenant: 'acme' })).toBe(403)
    expect(await send(app, { user: 'ada', tenant: 'good' })).toBe(200)
    expect(await send(app, { user: 'ada' })).toBe(200)
    expect(await send(app, { user: 'bob', tenant: 'evil' })).toBe(403)
    expect(await send(app, { user: 'bob', tenant: 'acme' })).toBe(200)
  })

  it('holds off an address however it is written, and the subnet of one of IPv6', async () => {
    const app = await ready()
    await app.userRateLimit.block({ address: '::ffff:203.0.113.5' }, terms)
    await app.userRateLimit.block({ address: '2001:db8:1:2::1' }, terms)
    for (const address of ['203.0.113.5', '::ffff:203.0.113.5', '2001:db8:1:2:ffff::9'])
      expect(await send(app, { address })).toBe(403)
    for (const address of ['203.0.113.6', '2001:db8:1:3::1']) expect(await send(app, { address })).toBe(200)
  })

  it('holds off a route and a root field, under every alias, and no other', async () => {
    const app = await ready()
    await app.userRateLimit.block({ operation: 'POST /payments/:id' }, terms)
    await app.userRateLimit.block({ operation: 'GET /' }, terms)
    await app.userRateLimit.block({ operation: 'Mutation.pay' }, terms)
    expect(await send(app, { method: 'POST', url: '/payments/7' })).toBe(403)
    expect([await send(app), await send(app, { method: 'HEAD' }), await send(app, { url: '/off' })]).toEqual([
      403, 403, 200,
    ])
    expect(await send(app, { query: 'mutation { touch: pay }' })).toBe(403)
    expect(await send(app, { query: 'mutation { ...F } fragment F on Mutation { pay }' })).toBe(403)
    expect(await send(app, { query: 'mutation { pay: touch }' })).toBe(200)
    expect(await send(app, { query: '{ me }' })).toBe(200)
  })

  it('ends by itself', async () => {
    const app = await ready()
    await app.userRateLimit.block({ principal: 'ada' }, { ...terms, for: '1s' })
    expect(await send(app, { user: 'ada' })).toBe(403)
    await delay(1_100)
    expect(await send(app, { user: 'ada' })).toBe(200)
    expect(app.userRateLimit.blocks()).toEqual([])
  })

  it('is told as an event and in the list, without whom', async () => {
    const app = await ready()
    const events = apps.eventsOf(app)
    const { until } = await app.userRateLimit.block({ principal: 'ada' }, terms)
    expect(Math.abs(until - Date.now() - 3_600_000)).toBeLessThan(2_000)
    await send(app, { user: 'ada' })
    await app.userRateLimit.unblock({ principal: 'ada' })
    expect(events.map(({ type, details }) => [type, details])).toEqual([
      ['admin.action', { action: 'userRateLimit.block principal' }],
      ['rate_limit.exceeded', { code: 'REQUEST_BLOCKED' }],
      ['admin.action', { action: 'userRateLimit.unblock' }],
    ])
    await app.userRateLimit.block({ address: '203.0.113.5' }, terms)
    const [block, ...others] = app.userRateLimit.blocks()
    expect(others).toEqual([])
    expect(block).toMatchObject({ kind: 'address', reason: 'incident 7' })
    expect(JSON.stringify(block)).not.toContain('203.0.113')
  })

  it.each<[string, unknown, unknown]>([
    ['nobody', {}, terms],
    ['two at once', { principal: 'ada', address: '203.0.113.5' }, terms],
    ['an unknown member', { principal: 'ada', adress: 'x' }, terms],
    ['an empty principal', { principal: ' ' }, terms],
    ['a principal without an id', { principal: { kind: 'user' } }, terms],
    ['a name for an address', { address: 'example.com' }, terms],
    ['a whole network', { address: '203.0.113.0/24' }, terms],
    ['a route that is not there', { operation: 'POST /paymnets' }, terms],
    ['a field without a type', { operation: 'pay' }, terms],
    ['no time', { principal: 'ada' }, { reason: 'x' }],
    ['a time without an end', { principal: 'ada' }, { for: '9999d', reason: 'x' }],
    ['no reason', { principal: 'ada' }, { for: '1h' }],
    ['nothing', undefined, undefined],
  ])('refuses %s', async (_name, subject, given) => {
    const app = await ready()
    await expect(
      app.userRateLimit.block(subject as BlockSubject, given as typeof terms),
    ).rejects.toMatchObject({
      code: 'PORTCULLIS_USER_RATE_LIMIT_INVALID_BLOCK',
    })
    expect(app.userRateLimit.blocks()).toEqual([])
  })
})

describe('in Redis', () => {
  it('holds on all instances within a second, set by any of them or by the command', async () => {
    const [first, second] = [blockApp(apps.store('redis', 'all')), blockApp(apps.store('redis', 'all'))]
    await Promise.all([first.ready(), second.ready()])
    const within = async (status: number, user: string): Promise<number> => {
      const started = performance.now()
      await expect.poll(() => send(second, { user }), { timeout: 3_000, interval: 20 }).toBe(status)
      return performance.now() - started
    }
    await first.userRateLimit.block({ principal: 'ada' }, terms)
    expect(await within(403, 'ada')).toBeLessThan(1_000)
    await first.userRateLimit.unblock({ principal: 'ada' })
    expect(await within(200, 'ada')).toBeLessThan(1_000)

    const lines: string[] = []
    const env = { REDIS_URL: apps.redis.url, RATE_LIMIT_KEY_SECRET: keySecret }
    const command = (...args: string[]): Promise<number> =>
      runUserRateLimit([...args, '--key-prefix', 'all'], env, (line) => lines.push(line))
    expect(
      await command('block', '--principal', 'bob', '--for', '1h', '--reason', 'leaked \u001B[2J token'),
    ).toBe(0)
    expect(await within(403, 'bob')).toBeLessThan(1_000)
    expect(await command('list')).toBe(0)
    expect(lines.at(-1)).toMatch(/^principal {2}all:v1:\{[\w-]{22}\} {2}until \S+Z {2}leaked {2}\[2J token$/)
    expect(await command('unblock', '--principal', 'bob')).toBe(0)
    expect(await command('unblock', '--principal', 'bob')).toBe(1)
    expect(await within(200, 'bob')).toBeLessThan(1_000)
    expect(lines.join()).not.toContain('bob')
  })

  it('is known to an instance that starts later, holds no personal value, and leaves nothing behind', async () => {
    const store = apps.store('redis', 'later')
    const first = blockApp(store)
    await first.ready()
    await first.userRateLimit.block({ principal: 'ada@example.com' }, terms)
    await first.userRateLimit.block({ address: '203.0.113.5' }, { ...terms, for: '1m' })
    const second = blockApp(store)
    await second.ready()
    expect(await send(second, { user: 'ada@example.com' })).toBe(403)
    const client = new Redis(apps.redis.url)
    const keys = (await client.keys('later*')).filter((key) => key.includes('blocks'))
    expect(keys.toSorted()).toEqual(['later:v1:{blocks}', 'later:v1:{blocks}:version'])
    for (const key of keys) expect(await client.pttl(key)).toBeGreaterThan(3_500_000)
    expect(JSON.stringify(await client.hgetall('later:v1:{blocks}'))).not.toMatch(/ada@|203\.0/)
    await client.quit()
  })

  it('holds on while Redis is away, where nothing can be blocked and that is said', async () => {
    const { startRedis } = await import('@portcullis/kernel/testing')
    const own = await startRedis()
    const app = blockApp({ redis: own.url, keySecret })
    await app.ready()
    await app.userRateLimit.block({ principal: 'ada' }, terms)
    await own.kill('SIGKILL')
    await delay(600)
    expect(await send(app, { user: 'ada' })).toBe(403)
    await expect(app.userRateLimit.block({ principal: 'bob' }, terms)).rejects.toMatchObject({
      code: 'PORTCULLIS_USER_RATE_LIMIT_STORE_UNAVAILABLE',
    })
    expect(await send(app, { user: 'bob' })).toBe(200)
    await own.restart()
    await expect
      .poll(
        () =>
          app.userRateLimit.block({ principal: 'bob' }, terms).then(
            () => 'set',
            () => 'away',
          ),
        {
          timeout: 8_000,
        },
      )
      .toBe('set')
    expect(await send(app, { user: 'bob' })).toBe(403)
    await own.stop()
  })
})

describe('the command', () => {
  const run = async (args: string[], env: Record<string, string> = {}): Promise<[number, string]> => {
    const lines: string[] = []
    const code = await runUserRateLimit(args, env, (line) => lines.push(line))
    return [code, lines.join('\n')]
  }
  const env = { REDIS_URL: 'redis://:hunter2@127.0.0.1:1', RATE_LIMIT_KEY_SECRET: keySecret }

  it.each<[string, string[], Record<string, string>, string]>([
    ['no command', [], env, 'block, unblock or list'],
    ['no secret', ['list'], {}, 'RATE_LIMIT_KEY_SECRET'],
    ['an unknown option', ['list', '--adress', 'x'], env, '--adress'],
    ['a subnet that is none', ['list', '--ipv6-subnet', '8'], env, '32 to 128'],
    ['a Redis that is away', ['list'], env, 'unavailable'],
  ])('says what is wrong with %s, and shows no secret', async (_name, args, environment, says) => {
    const [code, text] = await run(args, environment)
    expect(code).toBe(2)
    expect(text).toContain(says)
    expect(text).not.toMatch(/hunter2|a secret of/)
  })

  it('refuses whom it cannot block', async () => {
    const own = { ...env, REDIS_URL: apps.redis.url }
    for (const args of [
      ['block', '--for', '1h', '--reason', 'x'],
      ['block', '--principal', 'a', '--address', '203.0.113.1', '--for', '1h', '--reason', 'x'],
      ['block', '--kind', 'agent', '--for', '1h', '--reason', 'x'],
      ['block', '--principal', 'a', '--reason', 'x'],
      ['block', '--principal', 'a', '--for', '1 hour', '--reason', 'x'],
    ])
      expect((await run(args, own))[0]).toBe(2)
  })
})

it('refuses a root field where nobody would see it', async () => {
  const app = apps.build({})
  await app.ready()
  await expect(app.userRateLimit.block({ operation: 'Mutation.pay' }, terms)).rejects.toThrow('graphql-gate')
})

it('a list asks nothing of anybody while no block of a kind holds', () => {
  let now = 0
  const list = new BlockList(() => now)
  const block = { name: 'a', kind: 'tenant', until: 10, reason: 'x' } as const
  expect(list.has('tenant')).toBe(false)
  list.set(block)
  list.set({ ...block, until: 20 })
  expect([list.has('tenant'), list.has('address'), list.holds('a'), list.all().length]).toEqual([
    true,
    false,
    true,
    1,
  ])
  now = 20
  expect([list.holds('a'), list.has('tenant'), list.delete('a')]).toEqual([false, false, false])
})
