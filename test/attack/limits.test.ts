import kernel from '@portcullis/kernel'
import type { IdentifiedAs } from '@portcullis/kernel'
import depthLimit from '@portcullis/depth-limit'
import queryCost from '@portcullis/query-cost'
import userRateLimit from '@portcullis/user-rate-limit'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { buildSchema } from 'graphql'
import mercurius from 'mercurius'
import { describe, expect, it } from 'vitest'

const perAddress = { quota: 2, window: '1m', partitionKey: 'address' } as const
const ok = async (): Promise<string> => 'ok'

async function statuses(app: FastifyInstance, urls: readonly string[]): Promise<number[]> {
  const found: number[] = []
  for (const url of urls) found.push((await app.inject(url)).statusCode)
  return found
}

it('callers whose names would meet when written one after the other do not share a quota', async () => {
  const people: Record<string, IdentifiedAs> = {
    a: { id: 'c', tenantId: 'a:b' },
    b: { id: 'b:c', tenantId: 'a' },
    c: { id: 'a:b:c' },
    d: { id: 'c', tenantId: 'a:b', kind: 'service' },
    e: { id: '-;1:c', tenantId: '-' },
    f: { id: 'c', tenantId: '-;2:-' },
    g: { id: 'ta;c' },
    h: { id: 'constructor', tenantId: '__proto__' },
  }
  const app = Fastify()
  void app.register(kernel, { identify: ({ headers }) => people[String(headers['x-person'])] ?? null })
  void app.register(userRateLimit, { policies: { perUser: { quota: 1, window: '1m' } } })
  app.get('/', ok)
  for (const person of Object.keys(people)) {
    const send = async (): Promise<number> =>
      (await app.inject({ url: '/', headers: { 'x-person': person } })).statusCode
    expect([await send(), await send()], person).toEqual([200, 429])
  }
  await app.close()
})

describe('what is printed into headers', () => {
  it.each(['a\r\nset-cookie: x=1', 'é', '', 'x'.repeat(65)])(
    'takes no policy or unit named %j',
    async (name) => {
      for (const policies of [{ [name]: perAddress }, { ok: { ...perAddress, unit: name } }]) {
        const app = Fastify()
        void app.register(userRateLimit, { policies })
        await expect(app.ready()).rejects.toThrow(/userRateLimit/)
        await app.close()
      }
    },
  )

  it('quotes what could end a string', async () => {
    const app = Fastify()
    void app.register(userRateLimit, { policies: { 'a";q=9\\': { ...perAddress, unit: '"\\' } } })
    app.get('/', ok)
    const { headers } = await app.inject('/')
    expect(headers['ratelimit-policy']).toBe(String.raw`"a\";q=9\\";q=2;w=60;qu="\"\\"`)
    await app.close()
  })
})

it('the registration of the innermost scope alone counts', async () => {
  const app = Fastify()
  void app.register(userRateLimit, { policies: { outer: perAddress } })
  void app.register(async (scope) => {
    await scope.register(userRateLimit, { policies: { inner: { ...perAddress, quota: 3 } } })
    scope.get('/inner', ok)
  })
  app.get('/', ok)
  expect(
    await statuses(
      app,
      Array.from({ length: 4 }, () => '/inner'),
    ),
  ).toEqual([200, 200, 200, 429])
  expect(await statuses(app, ['/', '/', '/'])).toEqual([200, 200, 429])
  await app.close()
})

it.each(['when', 'skip', 'partitionKey', 'cost'] as const)(
  'a %s that throws lets nobody pass',
  async (member) => {
    const app = Fastify()
    const fail = (): never => {
      throw new Error('down')
    }
    void app.register(userRateLimit, { policies: { one: { ...perAddress, [member]: fail } } })
    app.get('/', ok)
    expect(await statuses(app, ['/'])).toEqual([500])
    await app.close()
  },
)

it('a caller who is found after the time of the handler is over runs nothing', async () => {
  let ran = 0
  const app = Fastify({ handlerTimeout: 20 })
  let found: () => void = () => undefined
  const identified = new Promise<void>((resolve) => {
    found = resolve
  })
  void app.register(kernel, {
    identify: async () => {
      await identified
      return { id: 'a' }
    },
  })
  void app.register(userRateLimit, { policies: { perUser: { quota: 1, window: '1m' } } })
  app.get('/', async () => {
    ran += 1
    return 'ok'
  })
  expect(await statuses(app, ['/', '/'])).toEqual([503, 503])
  found()
  await new Promise((resolve) => setImmediate(resolve))
  await app.close()
  expect(ran).toBe(0)
})

it('a measured price without end leaves the enforced policies as they are', async () => {
  const app = Fastify()
  const points = {
    quota: 5,
    window: '1m',
    partitionKey: 'address',
    cost: 'queryCost',
    mode: 'measure',
  } as const
  void app.register(queryCost, { mode: 'measure', defaultListSize: 1e308 })
  void app.register(userRateLimit, { policies: { points, queries: { ...perAddress, when: 'query' } } })
  void app.register(mercurius, { schema: 'type Query { all: [Node] } type Node { id: ID all: [Node] }' })
  const answers: unknown[] = []
  for (let index = 0; index < 3; index++) {
    const { statusCode, headers } = await app.inject({
      method: 'POST',
      url: '/graphql',
      payload: { query: '{ all { all { id } } }' },
    })
    answers.push([statusCode, String(headers['ratelimit']).slice(0, 13)])
  }
  expect(answers).toEqual([
    [200, '"queries";r=1'],
    [200, '"queries";r=0'],
    [429, '"queries";r=0'],
  ])
  await app.close()
})

describe('options of a route that are none', () => {
  const schema = buildSchema('type Query { id: ID }')
  it.each([null, true, 0, '', 'x', (): number => 1, { maxDepth: null }, { maxDepth: '5' }])(
    'keep the app from booting: %j',
    async (value) => {
      const app = Fastify()
      void app.register(depthLimit)
      app.post('/graphql', { config: { graphql: { schema }, depthLimit: value as never } }, ok)
      await expect(app.ready()).rejects.toThrow(/depthLimit/)
      await app.close()
    },
  )
})
