import type { FastifyInstance } from 'fastify'
import { buildSchema, graphql } from 'graphql'
import { describe, expect, it } from 'vitest'
import type {
  PolicyOptions,
  RoutePolicies,
  UserRateLimitOptions,
  UserRateLimitRouteOptions,
} from '../src/index.ts'
import { gateApps } from './gate-app.ts'
import type { StoreKind } from './gate-app.ts'

const apps = gateApps()
const everybody: PolicyOptions = { quota: 9, window: '1h' }
const reports: PolicyOptions = { quota: 2, window: '1h', optIn: true }

function withRoutes(
  options: UserRateLimitOptions,
  routes: Readonly<Record<string, RoutePolicies>>,
): FastifyInstance {
  const app = apps.build(options)
  app.get('/', () => 'ok')
  for (const [url, policies] of Object.entries(routes))
    app.get(url, { config: { userRateLimit: { policies } } }, () => 'ok')
  return app
}

/** The policies that a request was told of, and its status. */
async function told(app: FastifyInstance, url: string): Promise<[number, string[]]> {
  const { statusCode, headers } = await app.inject({ url, headers: { 'x-user': 'ada' } })
  const names = String(headers['ratelimit-policy'] ?? '').match(/(?<=")\w+(?=";q)/g) ?? []
  return [statusCode, names]
}

describe.each<StoreKind>(['memory', 'redis'])('a policy that is optIn, with %s', (kind) => {
  it('holds where a route names it, beside those that hold everywhere', async () => {
    const app = withRoutes(
      { ...apps.store(kind), policies: { everybody, reports } },
      {
        '/list': ['reports'],
        '/true': { reports: true },
        '/alone': { reports: true, everybody: false },
        '/changed': { reports: { message: 'no more reports' } },
        '/both': ['everybody', 'reports'],
        '/left-out': { reports: false },
        '/none': [],
      },
    )
    await app.ready()
    expect(await told(app, '/')).toEqual([200, ['everybody']])
    expect(await told(app, '/none')).toEqual([200, ['everybody']])
    expect(await told(app, '/left-out')).toEqual([200, ['everybody']])
    // One count for all routes that name it.
    expect(await told(app, '/list')).toEqual([200, ['everybody', 'reports']])
    expect(await told(app, '/true')).toEqual([200, ['everybody', 'reports']])
    expect(await told(app, '/alone')).toEqual([429, ['reports']])
    expect(await told(app, '/both')).toEqual([429, ['everybody', 'reports']])
    const refused = await app.inject({ url: '/changed', headers: { 'x-user': 'ada' } })
    expect(refused.json()).toMatchObject({ message: 'no more reports' })
    expect(await told(app, '/')).toEqual([200, ['everybody']])
  })

  it('with a quota of the route’s own counts apart', async () => {
    const app = withRoutes(
      { ...apps.store(kind), policies: { reports } },
      { '/list': ['reports'], '/own': { reports: { quota: 1 } } },
    )
    expect([(await told(app, '/own'))[0], (await told(app, '/own'))[0]]).toEqual([200, 429])
    expect((await told(app, '/list'))[0]).toBe(200)
  })

  it('is reloaded under the names that routes have', async () => {
    const app = withRoutes({ ...apps.store(kind), policies: { reports } }, { '/list': ['reports'] })
    expect((await told(app, '/list'))[0]).toBe(200)
    app.userRateLimit.reload({ policies: { reports: { ...reports, quota: 1 } } })
    expect(await told(app, '/list')).toEqual([429, ['reports']])
    expect(await told(app, '/')).toEqual([200, []])
    app.userRateLimit.reload({ policies: { reports: { quota: 3, window: '1h' } } })
    expect(await told(app, '/')).toEqual([200, ['reports']])
    for (const policies of [{}, { report: reports }])
      expect(() => app.userRateLimit.reload({ policies })).toThrow("no policy 'reports'")
    expect(await told(app, '/list')).toEqual([200, ['reports']])
  })
})

it('by operation holds where a GraphQL route names it', async () => {
  const writes = { quota: 1, window: '1h', when: 'mutation', optIn: true } as const
  const app = apps.build({ policies: { writes } })
  const schema = buildSchema('type Query { a: String } type Mutation { write: String }')
  const route = (url: string, config: { readonly userRateLimit?: UserRateLimitRouteOptions }): unknown =>
    app.post<{ Body: { query: string } }>(url, { config: { graphql: { schema }, ...config } }, ({ body }) =>
      graphql({ schema, source: body.query }),
    )
  route('/limited', { userRateLimit: { policies: ['writes'] } })
  route('/free', {})
  const send = async (url: string): Promise<number> =>
    (await app.inject({ method: 'POST', url, payload: { query: 'mutation { write }' } })).statusCode
  expect([await send('/free'), await send('/free')]).toEqual([200, 200])
  expect([await send('/limited'), await send('/limited'), await send('/free')]).toEqual([200, 429, 200])
})

describe('at boot', () => {
  it.each<[string, UserRateLimitOptions, RoutePolicies, string]>([
    ['a name that is not there', { policies: { reports } }, ['report'], "Did you mean 'reports'?"],
    [
      'a name set to true that is not there',
      { policies: { reports } },
      { report: true },
      "Did you mean 'reports'?",
    ],
    ['a name where there is none', {}, ['reports'], 'Those it has: none'],
    ['the name of nothing', { policies: { reports } }, [''], 'a string that is not empty'],
    [
      'a name that the plugin leaves out',
      { policies: { reports: false } },
      ['reports'],
      "no policy 'reports'",
    ],
    ['a name given twice', { policies: { reports } }, ['reports', 'reports'], "names 'reports' twice"],
    ['what is no name', { policies: { reports } }, [7 as never], 'policies.0: got 7'],
    [
      'a policy of a route that waits for one',
      {},
      { own: { ...reports } },
      'optIn is for policies of the plugin',
    ],
    ['a list at the plugin', { policies: ['reports'] as never }, [], 'a list of names, which is for routes'],
    ['true at the plugin', { policies: { reports: true as never } }, [], 'policies.reports is true'],
    [
      'an optIn that is no flag',
      { policies: { reports: { ...reports, optIn: 'yes' as never } } },
      [],
      'true or false',
    ],
    ['one that is wrong and waits', { policies: { reports: { ...reports, burst: 2 } } }, [], 'burst'],
  ])('refuses %s', async (_name, options, policies, says) => {
    await expect(withRoutes(options, { '/x': policies }).ready()).rejects.toThrow(says)
  })

  it('warns of a policy that waits for a route which nobody wrote', async () => {
    const lines: string[] = []
    const logger = { level: 'warn', stream: { write: (line: string) => void lines.push(line) } }
    const build = async (routePolicies: RoutePolicies): Promise<string> => {
      lines.length = 0
      const app = apps.build({ policies: { everybody, reports } }, { logger })
      app.get('/', { config: { userRateLimit: { policies: routePolicies } } }, () => 'ok')
      await app.ready()
      return lines.join('')
    }
    expect(await build({})).toContain("'reports' is optIn and no route names it")
    expect(await build(['reports'])).not.toContain('optIn')
  })
})

describe('reload', () => {
  it('leaves as it is what it is not given', async () => {
    const app = withRoutes({ mode: 'measure', policies: { everybody: { ...everybody, quota: 1 } } }, {})
    await app.ready()
    app.userRateLimit.reload({ mode: 'enforce' })
    expect([(await told(app, '/'))[0], (await told(app, '/'))[0]]).toEqual([200, 429])
    app.userRateLimit.reload({ policies: { everybody } })
    app.userRateLimit.reload({ mode: 'measure' })
    app.userRateLimit.reload({ policies: { everybody: { ...everybody, quota: 1 } } })
    expect([(await told(app, '/'))[0], (await told(app, '/'))[0]]).toEqual([200, 200])
  })

  it.each<[string, object, string]>([
    ['concurrency', { concurrency: {} }, 'userRateLimit.concurrency cannot be reloaded'],
    ['a misspelt option', { policys: {} }, "Did you mean 'policies'?"],
    ['a list of names', { policies: ['everybody'] }, 'which is for routes'],
  ])('refuses %s', async (_name, options, says) => {
    const app = withRoutes({ policies: { everybody } }, {})
    await app.ready()
    expect(() => app.userRateLimit.reload(options)).toThrow(says)
    expect(await told(app, '/')).toEqual([200, ['everybody']])
  })

  it('leaves alone a scope that has the gate itself', async () => {
    const { userRateLimit } = await import('../src/index.ts')
    const app = withRoutes({ policies: { everybody } }, {})
    void app.register(async (scope) => {
      await scope.register(userRateLimit, { policies: { inner: reports } })
      scope.get('/inner', { config: { userRateLimit: { policies: ['inner'] } } }, () => 'ok')
    })
    await app.ready()
    expect(await told(app, '/inner')).toEqual([200, ['inner']])
    app.userRateLimit.reload({ policies: { everybody: { ...everybody, quota: 3 } } })
    expect(await told(app, '/inner')).toEqual([200, ['inner']])
    expect((await app.userRateLimit.status()).policies.map(({ name }) => name)).toEqual(['everybody'])
  })
})
