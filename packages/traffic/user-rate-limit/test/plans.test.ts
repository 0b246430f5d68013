import type { FastifyInstance, FastifyRequest } from 'fastify'
import { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import type { UserRateLimitOptions } from '../src/index.ts'
import { gateApps } from './gate-app.ts'
import type { StoreKind } from './gate-app.ts'

const apps = gateApps()
const perUser = {
  quota: 2,
  window: '1m',
  plans: { pro: { quota: 4 }, enterprise: false },
} as const

function planApp(options: UserRateLimitOptions): FastifyInstance {
  const app = apps.build(options)
  app.get('/', () => 'ok')
  app.get('/own', { config: { userRateLimit: { policies: { perUser: { cost: 2 } } } } }, () => 'ok')
  app.get('/off', { config: { userRateLimit: false } }, () => 'ok')
  return app
}

async function admitted(
  app: FastifyInstance,
  user: string | undefined,
  times = 10,
  url = '/',
): Promise<number> {
  let count = 0
  for (let sent = 0; sent < times; sent++) {
    const answer = await app.inject({ url, headers: user === undefined ? {} : { 'x-user': user } })
    if (answer.statusCode === 200) count += 1
  }
  return count
}

/** The plan is the part of the id before the dash. */
const plan = ({ headers }: FastifyRequest): string | null => String(headers['x-user']).split('-')[0] ?? null

describe.each<StoreKind>(['memory', 'redis'])('plans, with %s', (kind) => {
  it('give each principal the quota of theirs, and the policy’s own to all others', async () => {
    const app = planApp({ ...apps.store(kind), plan, policies: { perUser } })
    expect(await admitted(app, 'free-ada')).toBe(2)
    expect(await admitted(app, 'pro-ada')).toBe(4)
    expect(await admitted(app, 'enterprise-ada')).toBe(10)
    expect(await admitted(app, undefined)).toBe(2)
    const answer = await app.inject({ url: '/', headers: { 'x-user': 'pro-grace' } })
    expect([answer.headers['ratelimit-policy'], answer.headers['ratelimit']]).toEqual([
      '"perUser";q=4;w=60',
      expect.stringMatching(/^"perUser";r=3;t=\d+$/),
    ])
  })

  it('keep what was used when somebody changes theirs', async () => {
    let current = 'free'
    const app = planApp({
      ...apps.store(kind),
      plan: async () => current,
      planCacheFor: 1,
      policies: { perUser },
    })
    expect(await admitted(app, 'ada')).toBe(2)
    current = 'pro'
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(await admitted(app, 'ada')).toBe(2)
    current = 'free'
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(await admitted(app, 'ada')).toBe(0)
  })

  it('are asked for once for each principal, and again after an error', async () => {
    let asked = 0
    const app = planApp({
      ...apps.store(kind),
      plan: async () => {
        asked += 1
        if (asked === 1) throw new Error('the database is away')
        return 'pro'
      },
      policies: { perUser, other: { ...perUser, window: '1h' } },
    })
    expect((await app.inject({ url: '/', headers: { 'x-user': 'ada' } })).statusCode).toBe(500)
    expect(await admitted(app, 'ada')).toBe(4)
    expect(asked).toBe(2)
    await admitted(app, 'grace', 3)
    expect(asked).toBe(3)
    await admitted(app, undefined, 3)
    expect(asked).toBe(3)
  })

  it('that are no text end the request', async () => {
    const app = planApp({ ...apps.store(kind), plan: () => 7 as never, policies: { perUser } })
    expect((await app.inject({ url: '/', headers: { 'x-user': 'ada' } })).statusCode).toBe(500)
  })
})

describe.each<StoreKind>(['memory', 'redis'])('reload, with %s', (kind) => {
  it('changes limits without a restart, also under what routes have of their own, and what was used stays used', async () => {
    const app = planApp({ ...apps.store(kind), policies: { perUser: { quota: 2, window: '1m' } } })
    await app.ready()
    const events = apps.eventsOf(app)
    expect(await admitted(app, 'ada')).toBe(2)
    app.userRateLimit.reload({ policies: { perUser: { quota: 6, window: '1m' } } })
    expect(await admitted(app, 'ada', 1, '/own')).toBe(1)
    expect(await admitted(app, 'ada')).toBe(2)
    expect(await admitted(app, 'ada', 10, '/off')).toBe(10)
    app.userRateLimit.reload({ policies: { perUser: { quota: 1, window: '1m' } } })
    expect(await admitted(app, 'ada')).toBe(0)
    expect(await admitted(app, 'grace')).toBe(1)
    // The route's cost of 2 is above the new quota.
    expect(await admitted(app, 'linus', 1, '/own')).toBe(0)
    app.userRateLimit.reload({ mode: 'measure', policies: { perUser: { quota: 1, window: '1m' } } })
    expect(await admitted(app, 'grace')).toBe(10)
    expect(events.filter(({ type }) => type === 'admin.action')).toHaveLength(3)
  })

  it.each<[string, UserRateLimitOptions, string]>([
    ['a quota that is none', { policies: { perUser: { quota: 0, window: '1m' } } }, 'perUser.quota'],
    ['what a route’s own needs', { policies: {} }, 'perUser'],
    ['a store', { redis: 'redis://localhost' }, 'redis'],
    [
      'a policy whose facts nobody brings',
      { policies: { perUser: { quota: 9, window: '1m', when: 'mutation' } } },
      'graphql-gate',
    ],
    ['plans that nobody answers', { policies: { perUser } }, 'plan'],
  ])('refuses %s, and changes nothing', async (_name, options, says) => {
    const app = planApp({ ...apps.store(kind), policies: { perUser: { quota: 2, window: '1m' } } })
    await app.ready()
    expect(() => app.userRateLimit.reload(options)).toThrow(says)
    expect(await admitted(app, 'ada')).toBe(2)
  })
})

it('reload checks what no route has of its own', async () => {
  const app = apps.build({ policies: { perUser: { quota: 2, window: '1m' } } })
  await app.ready()
  const policies = { writes: { quota: 9, window: '1m', when: 'mutation' } } as const
  expect(() => app.userRateLimit.reload({ policies })).toThrow('graphql-gate')
})

describe('at boot', () => {
  it.each<[string, UserRateLimitOptions, string]>([
    ['plans without plan', { policies: { perUser } }, "needs the plugin's option plan"],
    [
      'plans of an address',
      { plan, policies: { perUser: { ...perUser, partitionKey: 'address' } } },
      'somebody who is known',
    ],
    [
      'a burst of another algorithm',
      { plan, policies: { perUser: { ...perUser, plans: { pro: { quota: 1, burst: 2 } } } } },
      'gcra',
    ],
    [
      'a plan without a quota',
      { plan, policies: { perUser: { ...perUser, plans: { pro: {} as never } } } },
      'quota',
    ],
  ])('refuses %s', async (_name, options, says) => {
    await expect(planApp(options).ready()).rejects.toThrow(says)
  })
})

it('plans count in one place in Redis', async () => {
  const app = planApp({ ...apps.store('redis', 'plans'), plan, policies: { perUser } })
  await admitted(app, 'pro-ada', 1)
  const client = new Redis(apps.redis.url)
  const keys = (await client.keys('plans*')).filter((key) => !key.includes('blocks'))
  expect(keys).toHaveLength(1)
  await admitted(app, 'free-ada', 1)
  expect((await client.keys('plans*')).filter((key) => !key.includes('blocks'))).toHaveLength(2)
  await client.quit()
})

it('two instances on one Redis with different limits, as during a roll-out, share what was used', async () => {
  const [old, renewed] = [2, 5].map((quota) => {
    const policies = { perUser: { quota, window: '1m' } } as const
    return planApp({ ...apps.store('redis', 'rollout'), policies })
  }) as [FastifyInstance, FastifyInstance]
  expect(await admitted(old, 'ada')).toBe(2)
  // Each decides by its own quota over the one count.
  expect(await admitted(renewed, 'ada')).toBe(3)
  expect(await admitted(old, 'ada')).toBe(0)
  expect(await admitted(renewed, 'grace', 1)).toBe(1)
  expect(await admitted(old, 'grace')).toBe(1)
  // Reloaded in one process, it is for that process alone.
  renewed.userRateLimit.reload({ policies: { perUser: { quota: 7, window: '1m' } } })
  expect(await admitted(renewed, 'ada')).toBe(2)
  expect(await admitted(old, 'linus')).toBe(2)
  old.userRateLimit.reload({ policies: { perUser: { quota: 7, window: '1m' } } })
  expect(await admitted(old, 'linus', 4)).toBe(4)
  expect(await admitted(renewed, 'linus')).toBe(1)
})
