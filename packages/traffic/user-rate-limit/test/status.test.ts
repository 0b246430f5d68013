import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import { describe, expect, it } from 'vitest'
import type { UserRateLimitOptions } from '../src/index.ts'
import { gateApps } from './gate-app.ts'
import type { StoreKind } from './gate-app.ts'

const apps = gateApps()
const three = { quota: 3, window: '1h' } as const

async function ready(options: UserRateLimitOptions): Promise<FastifyInstance> {
  const app = apps.build(options)
  app.get('/', () => 'ok')
  app.get('/reports', { config: { userRateLimit: { policies: { own: three } } } }, () => 'ok')
  await app.ready()
  return app
}

describe.each<StoreKind>(['memory', 'redis'])('status, with %s', (kind) => {
  it('tells the store and the policies that hold, without anybody', async () => {
    const policies = {
      perUser: { ...three, penalty: 1 },
      reports: { ...three, optIn: true, algorithm: 'gcra', mode: 'measure' },
    } as const
    const app = await ready({ ...apps.store(kind), policies })
    expect(await app.userRateLimit.status()).toEqual({
      store: kind,
      isAway: false,
      blocks: [],
      policies: [
        policyStatus('perUser', { onStoreError: 'closed' }),
        policyStatus('reports', { optIn: true, algorithm: 'gcra', mode: 'measure' }),
        policyStatus('own', {}),
      ],
    })
  })

  it('tells what each policy says to somebody, and charges nothing', async () => {
    const policies = { perUser: three, perTenant: { ...three, partitionKey: 'tenant' } } as const
    const app = await ready({ ...apps.store(kind), policies })
    await app.inject({ url: '/', headers: { 'x-user': 'ada', 'x-tenant': 't' } })
    const left = async (question: Parameters<typeof app.userRateLimit.status>[0]): Promise<unknown[]> =>
      (await app.userRateLimit.status(question)).policies.map(({ name, limit }) => [name, limit?.remaining])
    for (let round = 0; round < 3; round++) {
      expect(await left({ identity: { principal: { id: 'ada', tenantId: 't' } } })).toEqual([
        ['perUser', 2],
        ['perTenant', 2],
        ['own', 3],
      ])
    }
    expect(await left({ identity: { tenant: 't' } })).toEqual([
      ['perUser', undefined],
      ['perTenant', 2],
      ['own', undefined],
    ])
    expect(await left({ identity: { principal: 'grace' }, policies: ['perUser'] })).toEqual([['perUser', 3]])
  })

  it('tells the quota of a plan, and nothing where the plan is free of it', async () => {
    const plans = { pro: { quota: 9 }, free: false } as const
    const app = await ready({
      ...apps.store(kind),
      plan: () => null,
      policies: { perUser: { ...three, plans } },
    })
    const quotaOf = async (plan?: string): Promise<number | undefined> => {
      const question = { identity: { principal: 'ada' }, ...(plan === undefined ? {} : { plan }) }
      return (await app.userRateLimit.status(question)).policies[0]?.limit?.quota
    }
    expect([await quotaOf(), await quotaOf('pro'), await quotaOf('free'), await quotaOf('other')]).toEqual([
      3,
      9,
      undefined,
      3,
    ])
  })

  it('tells what blocks somebody, and nobody else', async () => {
    const app = await ready({ ...apps.store(kind), policies: { perUser: three } })
    const terms = { for: '1h', reason: 'incident 7' } as const
    for (const subject of [{ principal: 'ada' }, { tenant: 't' }, { address: '2001:db8::1' }])
      await app.userRateLimit.block(subject, terms)
    const kinds = async (identity: object): Promise<string[]> =>
      (await app.userRateLimit.status({ identity })).blocks.map((block) => block.kind)
    expect(await kinds({ principal: 'ada' })).toEqual(['principal'])
    expect(await kinds({ principal: { id: 'ada', tenantId: 't' }, address: '2001:db8::2' })).toEqual([
      'principal',
      'tenant',
      'address',
    ])
    expect(await kinds({ principal: 'grace', tenant: 'other', address: '192.0.2.1' })).toEqual([])
  })

  it('refuses names and identities that are none', async () => {
    const app = await ready({ ...apps.store(kind), policies: { perUser: three } })
    const { status } = app.userRateLimit
    await expect(status({ policies: ['perUsr'] })).rejects.toThrow("Did you mean 'perUser'?")
    await expect(status({ identity: {} })).rejects.toThrow('is missing')
    await expect(status({ identity: { principal: '' } })).rejects.toThrow('is empty')
  })
})

function policyStatus(name: string, own: object): object {
  const plain = { algorithm: 'sliding-window', mode: 'enforce', onStoreError: 'local', optIn: false }
  return { name, quota: 3, window: 3_600_000, limit: undefined, ...plain, ...own }
}

it('goes on while Redis is away, and says so', async () => {
  const policies = { perUser: three, strict: { ...three, onStoreError: 'closed' } } as const
  const app = await ready({ ...apps.store('redis'), storeTimeout: 100, policies })
  await apps.redis.kill('SIGKILL')
  const ask = async () => app.userRateLimit.status({ identity: { principal: 'ada' } })
  while (!(await ask()).isAway) await delay(20)
  const { policies: told } = await ask()
  expect(told.map(({ name, limit }) => [name, limit?.degraded])).toEqual([
    ['perUser', 'local'],
    ['strict', undefined],
    ['own', 'local'],
  ])
  await apps.redis.restart()
  while ((await ask()).isAway) await delay(20)
})
