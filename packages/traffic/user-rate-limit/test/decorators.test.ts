import type { FastifyInstance } from 'fastify'
import { describe, expect, it } from 'vitest'
import { legacyFields } from '../src/core/index.ts'
import type { UserRateLimitOptions, UserRateLimitRouteOptions } from '../src/index.ts'
import { gateApps } from './gate-app.ts'
import type { StoreKind } from './gate-app.ts'

const apps = gateApps()
const three = { quota: 3, window: '1m' } as const

describe.each<StoreKind>(['memory', 'redis'])('app.userRateLimit, with %s', (kind) => {
  const ready = async (): Promise<FastifyInstance['userRateLimit']> => {
    const app = apps.build(apps.store(kind))
    await app.ready()
    return app.userRateLimit
  }
  const policy = { name: 'mails', ...three }
  const identity = ['user', 'ada']

  it('peeks without charging, and says whether a cost would fit', async () => {
    const limits = await ready()
    await limits.consume({ policy, identity, cost: 2 })
    for (let round = 0; round < 3; round++) {
      const { allowed, limits: told } = await limits.peek({ policy, identity })
      expect([allowed, told[0]?.remaining]).toEqual([true, 1])
    }
    expect((await limits.peek({ policy, identity, cost: 2 })).allowed).toBe(false)
    expect((await limits.peek({ policy, identity: ['user', 'grace'], cost: 3 })).allowed).toBe(true)
    await expect(limits.peek({ policy, identity, cost: -1 })).rejects.toMatchObject({
      code: 'PORTCULLIS_USER_RATE_LIMIT_INVALID_COST',
    })
  })

  it('reserves, and settles once to no less than nothing and no more than was reserved', async () => {
    const limits = await ready()
    const left = async (): Promise<number | undefined> =>
      (await limits.peek({ policy, identity })).limits[0]?.remaining
    const first = await limits.reserve({ policy, identity, cost: 3 })
    expect([first.allowed, await left()]).toEqual([true, 0])
    const refused = await limits.reserve({ policy, identity })
    expect(refused.allowed).toBe(false)
    await refused.cancel()
    expect(await left()).toBe(0)
    await first.settle(1)
    expect(await left()).toBe(2)
    await first.cancel()
    expect(await left()).toBe(2)
    const second = await limits.reserve({ policy, identity, cost: 2 })
    await second.settle(99)
    expect(await left()).toBe(0)
    for (const actual of [-1, Number.NaN, 0.5]) await expect(first.settle(actual)).rejects.toThrow('cost')
  })

  it('cancels all of a reservation', async () => {
    const limits = await ready()
    const { cancel } = await limits.reserve({ policy, identity, cost: 3 })
    await cancel()
    await cancel()
    expect((await limits.peek({ policy, identity, cost: 3 })).allowed).toBe(true)
  })

  it.each([[[]], [['']], [['x'.repeat(1025)]], [[undefined as never]]])(
    'takes no identity that is none: %j',
    async (wrong) => {
      const limits = await ready()
      for (const call of [limits.consume, limits.peek, limits.reserve])
        await expect(call({ policy, identity: wrong })).rejects.toMatchObject({
          code: 'PORTCULLIS_USER_RATE_LIMIT_INVALID_IDENTITY',
        })
    },
  )
})

describe('header fields', () => {
  const FIELDS = [
    'ratelimit',
    'ratelimit-policy',
    'x-ratelimit-limit',
    'x-ratelimit-remaining',
    'x-ratelimit-reset',
  ]
  const told = async (headers: UserRateLimitOptions['headers']): Promise<string[][]> => {
    const app = apps.build({
      headers,
      policies: { short: { quota: 1, window: '1m' }, long: { quota: 5, window: '1h' } },
    })
    app.get('/', () => 'ok')
    const answers = [await app.inject('/'), await app.inject('/')]
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([200, 429])
    expect(Number(answers[1]?.headers['retry-after'])).toBeGreaterThan(0)
    expect(answers[1]?.headers['cache-control']).toBe('no-store')
    return answers.map(({ headers: all }) => FIELDS.filter((name) => all[name] !== undefined))
  }

  it('are those of the draft, the older ones, both or none', async () => {
    const [draft, legacy] = [FIELDS.slice(0, 2), FIELDS.slice(2)]
    expect(await told(undefined)).toEqual([draft, draft])
    expect(await told('legacy')).toEqual([legacy, legacy])
    expect(await told('both')).toEqual([FIELDS, FIELDS])
    expect(await told(false)).toEqual([[], []])
  })

  it('of old tell one policy: a violated one, else that with the least left', async () => {
    const app = apps.build({
      headers: 'legacy',
      policies: { short: { quota: 2, window: '1m' }, long: { quota: 5, window: '1h' } },
    })
    app.get('/', () => 'ok')
    const told2 = async (): Promise<unknown[]> => {
      const { headers } = await app.inject('/')
      return [headers['x-ratelimit-limit'], headers['x-ratelimit-remaining'], headers['x-ratelimit-reset']]
    }
    expect(await told2()).toEqual(['2', '1', expect.stringMatching(/^6\d$/)])
    expect((await told2()).slice(0, 2)).toEqual(['2', '0'])
    expect((await told2()).slice(0, 2)).toEqual(['2', '0'])
    expect(legacyFields([])).toEqual({})
  })
})

describe('at boot, a route’s policies', () => {
  const route = (policies: UserRateLimitRouteOptions['policies']): FastifyInstance => {
    const app = apps.build({ policies: { perUser: three } })
    app.get('/', { config: { userRateLimit: { policies } } }, () => 'ok')
    return app
  }

  it.each<[string, UserRateLimitRouteOptions['policies'], string]>([
    ['that leave out what is not there', { perUsr: false }, "Did you mean 'perUser'?"],
    ['that change what is not there', { perTenant: { cost: 2 } }, 'Those it has: perUser'],
  ])('%s are refused', async (_name, policies, says) => {
    await expect(route(policies).ready()).rejects.toThrow(says)
  })

  it('that leave out, change or add are not', async () => {
    await route({ perUser: false }).ready()
    await route({ perUser: { quota: 9 } }).ready()
    await route({ own: three }).ready()
  })
})
