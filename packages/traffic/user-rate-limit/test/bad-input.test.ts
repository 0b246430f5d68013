import type { FastifyInstance } from 'fastify'
import { describe, expect, it } from 'vitest'
import type { PartitionPart, PolicyOptions } from '../src/index.ts'
import { gateApps } from './gate-app.ts'
import type { StoreKind } from './gate-app.ts'

const apps = gateApps()

const WHOLE = 'a whole number of at least 1'
const DURATION = 'whole milliseconds or a string like'

const BAD: readonly [name: string, own: PolicyOptions, says: string][] = [
  ...[1.5, 0, -1, Number.NaN, Infinity, '5' as never].map(
    (quota) => [`a quota of ${quota}`, { quota }, WHOLE] as [string, PolicyOptions, string],
  ),
  ...[
    0,
    -1,
    0.5,
    1_000.5,
    Number.NaN,
    Infinity,
    '0s',
    '0.5ms',
    '1 minute',
    '1 m',
    '-1s',
    'soon',
    '',
    '401d',
  ].map((window) => [`a window of '${window}'`, { window }, DURATION] as [string, PolicyOptions, string]),
  ['a window above a year', { window: '399d' }, '366 days'],
  ['a burst of 0', { algorithm: 'gcra', burst: 0 }, WHOLE],
  ['a burst of another algorithm', { burst: 5 }, 'burst'],
  ['a penalty of a half', { penalty: 0.5 }, 'a whole number of at least 0'],
  ['a negative cost', { cost: -1 }, 'a whole number'],
  ['an algorithm that is none', { algorithm: 'leaky' as never }, "'gcra'"],
  ['a misspelt member', { qouta: 5 } as never, "Did you mean 'quota'?"],
]

describe('at boot', () => {
  it.each(BAD)('the plugin refuses %s, and names the policy and what it takes', async (_name, own, says) => {
    const app = apps.build({ policies: { perUser: { quota: 5, window: '1m', ...own } } })
    const error: unknown = await app.ready().then(
      () => undefined,
      (caught: unknown) => caught,
    )
    expect(error).toMatchObject({ code: 'PORTCULLIS_KERNEL_INVALID_OPTIONS' })
    expect(String(error)).toContain(says)
    expect(String(error)).toContain('perUser')
  })

  it.each(BAD)('a route refuses %s', async (_name, own, says) => {
    const app = apps.build({ policies: { perUser: { quota: 5, window: '1m' } } })
    app.get(
      '/',
      { config: { userRateLimit: { policies: { own: { quota: 5, window: '1m', ...own } } } } },
      () => 'ok',
    )
    await expect(app.ready()).rejects.toThrow(says)
  })

  it.each(['quota', 'window'] as const)('a policy without %s is refused', async (member) => {
    const { [member]: _left, ...rest } = { quota: 5, window: '1m' }
    const app = apps.build({ policies: { perUser: rest } })
    await expect(app.ready()).rejects.toThrow(member)
  })

  it('a name that cannot be told in a header is refused', async () => {
    for (const name of ['', 'ü', 'a\nb', 'x'.repeat(65)])
      await expect(apps.build({ policies: { [name]: { quota: 5, window: '1m' } } }).ready()).rejects.toThrow(
        'name',
      )
  })
})

describe.each<StoreKind>(['memory', 'redis'])('an identity that a function answers, with %s', (kind) => {
  const limited = (answer: unknown, own: PolicyOptions = {}): FastifyInstance => {
    const partitionKey = (() => answer) as PartitionPart
    const policies = { p: { quota: 1, window: '1m', partitionKey, ...own } } as const
    const app = apps.build({ ...apps.store(kind), policies })
    app.get('/', () => 'ok')
    return app
  }
  const from = async (app: FastifyInstance, remoteAddress: string): Promise<number> =>
    (await app.inject({ url: '/', remoteAddress })).statusCode

  it.each([undefined, null, ''])(
    'that is %j is nobody’s: each address has a count of its own',
    async (answer) => {
      const app = limited(answer)
      expect([
        await from(app, '192.0.2.1'),
        await from(app, '192.0.2.1'),
        await from(app, '192.0.2.2'),
      ]).toEqual([200, 429, 200])
      expect(await from(limited(answer, { anonymous: 'deny' }), '192.0.2.1')).toBe(401)
      const skipping = limited(answer, { anonymous: 'skip' })
      expect([await from(skipping, '192.0.2.1'), await from(skipping, '192.0.2.1')]).toEqual([200, 200])
    },
  )

  it('that is somebody called undefined is not who nobody knows', async () => {
    const app = apps.build({
      ...apps.store(kind),
      policies: {
        p: {
          quota: 1,
          window: '1m',
          partitionKey: ({ headers }) =>
            headers['x-user'] === undefined ? undefined : String(headers['x-user']),
        },
      },
    })
    app.get('/', () => 'ok')
    const as = async (headers: Record<string, string>): Promise<number> =>
      (await app.inject({ url: '/', headers })).statusCode
    expect([
      await as({}),
      await as({ 'x-user': 'undefined' }),
      await as({ 'x-user': 'null' }),
      await as({}),
    ]).toEqual([200, 200, 200, 429])
  })

  it.each([7, true, {}, ['ada'], Symbol('ada')])('that is no text ends the request: %o', async (answer) => {
    expect(await from(limited(answer), '192.0.2.1')).toBe(500)
  })

  it('that is over-long is known by its digest, and not by its beginning', async () => {
    const long = 'x'.repeat(5_000)
    const app = apps.build({
      ...apps.store(kind),
      policies: {
        p: { quota: 1, window: '1m', partitionKey: ({ query }) => long + (query as { q: string }).q },
      },
    })
    app.get('/', () => 'ok')
    const of = async (q: string): Promise<number> => (await app.inject(`/?q=${q}`)).statusCode
    expect([await of('a'), await of('b'), await of('a')]).toEqual([200, 200, 429])
  })
})
