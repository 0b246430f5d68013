import { setTimeout as delay } from 'node:timers/promises'
import depthLimit from '@portcullis/depth-limit'
import kernel from '@portcullis/kernel'
import type { SecurityEvent } from '@portcullis/kernel'
import { startRedis } from '@portcullis/kernel/testing'
import queryCost from '@portcullis/query-cost'
import userRateLimit from '@portcullis/user-rate-limit'
import type { UserRateLimitOptions } from '@portcullis/user-rate-limit'
import type { FastifyInstance } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { channel } from './channel.ts'
import type { Channel } from './channel.ts'
import type { Server } from './server.ts'
import { SERVERS } from './servers.ts'
import { codeIn, connect, listen } from './sockets.ts'
import type { Message, SocketClient } from './sockets.ts'

const schema = `
  type Query { name: String }
  type Mutation { login: Boolean logout: Boolean }
  type Subscription { tick: Tick other: Tick }
  type Tick { at: Int }
`
const keySecret = 'a secret of this test that is long enough'
const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})

interface Fixture {
  readonly app: FastifyInstance
  readonly ticks: Channel
  /** How many ticks were resolved. */
  readonly resolved: () => number
  readonly events: SecurityEvent[]
  /** A socket of somebody. */
  as(user: string, protocol?: string): Promise<SocketClient>
}

/** A server with these limits; gates come in the order given. */
async function serve(
  server: Server,
  options: UserRateLimitOptions,
  order: (app: FastifyInstance, limits: () => void) => void = (app, limits) => {
    limits()
    void app.register(depthLimit)
  },
): Promise<Fixture> {
  const ticks = channel()
  const events: SecurityEvent[] = []
  let resolved = 0
  const tick = {
    get at(): number {
      return (resolved += 1)
    },
  }
  const app = server.build({
    schema,
    sockets: true,
    resolvers: {
      Query: { name: () => 'x' },
      Mutation: { login: () => true, logout: () => true },
      Subscription: { tick: () => ticks.source(), other: () => ticks.source() },
    },
    register(instance) {
      void instance.register(kernel, {
        environment: 'test',
        identify: ({ headers }) => ({ id: String(headers['x-user']) }),
      })
      order(instance, () => void instance.register(userRateLimit, options))
      instance.after(() => void instance.securityEvents.subscribe((event) => void events.push(event)))
    },
  })
  const publish = ticks.publish
  closers.push(async () => {
    ticks.close()
    await app.close()
  })
  const url = await listen(app, server.socketPath)
  return {
    app,
    ticks: { ...ticks, publish: (field) => publish({ [String(field)]: tick }) },
    resolved: () => resolved,
    events,
    async as(user, protocol = 'graphql-transport-ws') {
      const client = await connect(url, protocol, undefined, { 'x-user': user })
      closers.push(() => client.close())
      return client
    },
  }
}

const TICKS = { query: 'subscription { tick { at } }' }

function start(client: SocketClient, id: string, payload: object = TICKS, type = 'subscribe'): void {
  client.send({ id, type, payload })
}

async function until(what: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 600 && !what(); attempt += 1) await delay(5)
  expect(what()).toBe(true)
}

function of(client: SocketClient, id: string): readonly Message[] {
  return client.received.filter((message) => message.id === id)
}

interface Told {
  readonly errors?: readonly { readonly message: string; readonly extensions: Record<string, unknown> }[]
}

describe.each(SERVERS)('$name', (server) => {
  it('charges the start of a subscription and each event, and ends it with the event that is too much', async () => {
    const perUser = { quota: 4, window: '1m', when: 'subscription', eventCost: 1 } as const
    const { as, ticks, resolved, events } = await serve(server, { policies: { perUser } })
    const client = await as('ada')
    start(client, 'a')
    await until(() => ticks.started() === 1)
    // A burst: all of them wait in the source while the first is decided.
    for (let index = 0; index < 50; index += 1) ticks.publish('tick')
    await client.until(({ id, type }) => id === 'a' && type === 'complete')
    const answers = of(client, 'a')
    expect(answers.map(({ type }) => type)).toEqual(['next', 'next', 'next', 'next', 'complete'])
    expect(answers.slice(0, 3).map(({ payload }) => payload)).toEqual(
      [1, 2, 3].map((at) => ({ data: { tick: { at } } })),
    )
    expect(resolved()).toBe(3)
    const [error] = (answers[3]?.payload as Told | undefined)?.errors ?? []
    expect(error?.extensions).toMatchObject({ code: 'USER_RATE_LIMIT_EXCEEDED', policy: 'perUser' })
    expect(error?.extensions['retryAfter']).toBeGreaterThan(0)
    expect(events.filter(({ type }) => type === 'rate_limit.exceeded')).toHaveLength(1)
    // The quota is spent, for a new start too; other people and other operations of the same socket go on.
    expect(codeIn(await client.run(TICKS))).toBe('USER_RATE_LIMIT_EXCEEDED')
    expect(codeIn(await client.run({ query: '{ name }' }))).toBeUndefined()
    const other = await as('bob')
    start(other, 'b')
    await until(() => ticks.started() === 2)
    ticks.publish('tick')
    expect(codeIn(await other.until(({ id }) => id === 'b'))).toBeUndefined()
  })

  it('charges events apart from starts, of the field that is meant alone, and only reports where it measures', async () => {
    const { as, ticks, events } = await serve(server, {
      policies: {
        ticks: { quota: 2, window: '1m', when: 'Subscription.tick', cost: 0, eventCost: 1 },
        measured: { quota: 1, window: '1m', eventCost: 1, mode: 'measure' },
      },
    })
    const client = await as('ada')
    start(client, 'a')
    start(client, 'b', { query: 'subscription { renamed: other { at } }' })
    await until(() => ticks.started() === 2)
    for (let index = 0; index < 4; index += 1) {
      ticks.publish(index % 2 === 0 ? 'other' : 'tick')
      await until(() => of(client, 'b').length === index + 1)
    }
    const [, , last] = of(client, 'a')
    expect(of(client, 'a').map(({ type }) => type)).toEqual(['next', 'next', 'next', 'complete'])
    expect(codeIn(last as Message)).toBe('USER_RATE_LIMIT_EXCEEDED')
    expect(of(client, 'b').map(codeIn)).toEqual([undefined, undefined, undefined, undefined])
    expect(events.filter(({ outcome }) => outcome === 'measured').length).toBeGreaterThan(0)
  })

  it('caps the open subscriptions of somebody, over all sockets, and frees a slot however one ends', async () => {
    const { as, ticks } = await serve(server, {
      concurrency: { subscriptions: { limit: 2, when: 'subscription' } },
    })
    const [first, second, other] = [await as('ada'), await as('ada'), await as('bob')]
    start(first, 'a')
    start(second, 'b')
    await until(() => ticks.started() === 2)
    const refused = await first.run(TICKS)
    expect([refused.type, refused.payload]).toMatchObject([
      'error',
      [{ extensions: { code: 'CONCURRENCY_LIMIT_EXCEEDED', policy: 'subscriptions', retryAfter: 1 } }],
    ])
    expect(codeIn(await first.run({ query: '{ name }' }))).toBeUndefined()
    start(other, 'c')
    await until(() => ticks.started() === 3)
    // The client ends one whose source never said anything.
    first.send({ id: 'a', type: 'complete' })
    await delay(50)
    start(first, 'd')
    await until(() => ticks.started() === 4)
    expect(codeIn(await second.run(TICKS))).toBe('CONCURRENCY_LIMIT_EXCEEDED')
    // Its socket is closed.
    first.socket.terminate()
    await delay(50)
    start(second, 'e')
    await until(() => ticks.started() === 5)
  })

  it('ends the open subscriptions of somebody who is blocked, closes the socket, and refuses a new one', async () => {
    const { app, as, ticks, events } = await serve(server, {})
    const [blocked, free] = [await as('ada'), await as('bob')]
    start(blocked, 'a')
    start(free, 'b')
    await until(() => ticks.started() === 2)
    await app.userRateLimit.block({ principal: 'ada' }, { for: '1m', reason: 'test' })
    const told = await blocked.until(({ id }) => id === 'a')
    expect(codeIn(told)).toBe('REQUEST_BLOCKED')
    expect(await blocked.closed).toBe(4403)
    expect(events.filter(({ type }) => type === 'rate_limit.exceeded').length).toBeGreaterThan(0)
    await expect(as('ada')).rejects.toThrow('403')
    ticks.publish('tick')
    expect(codeIn(await free.until(({ id }) => id === 'b'))).toBeUndefined()
  })

  it('ends the subscriptions of a field that is blocked, and leaves the socket open', async () => {
    const { app, as, ticks } = await serve(server, {})
    const client = await as('ada')
    start(client, 'a')
    start(client, 'b', { query: 'subscription { other { at } }' })
    await until(() => ticks.started() === 2)
    await app.userRateLimit.block({ operation: 'Subscription.tick' }, { for: '1m', reason: 'test' })
    expect(codeIn(await client.until(({ id }) => id === 'a'))).toBe('REQUEST_BLOCKED')
    await client.until(({ id, type }) => id === 'a' && type === 'complete')
    expect(codeIn(await client.run(TICKS))).toBe('REQUEST_BLOCKED')
    ticks.publish('other')
    expect(codeIn(await client.until(({ id }) => id === 'b'))).toBeUndefined()
  })

  it('keeps nothing of subscriptions that a client opens and drops in a flood', async () => {
    const { as, ticks } = await serve(server, {
      concurrency: { subscriptions: { limit: 3, when: 'subscription' } },
    })
    const client = await as('ada')
    for (let index = 0; index < 300; index += 1) {
      start(client, `flood-${index}`)
      client.send({ id: `flood-${index}`, type: 'complete' })
    }
    await client.run({ query: '{ name }' })
    const sockets = await Promise.all(Array.from({ length: 10 }, () => as('ada')))
    for (const socket of sockets) {
      start(socket, 'x')
      socket.socket.terminate()
    }
    await delay(150)
    const before = ticks.started()
    const again = await as('ada')
    for (const id of ['1', '2', '3']) start(again, id)
    await until(() => ticks.started() === before + 3)
    expect(codeIn(await again.run(TICKS))).toBe('CONCURRENCY_LIMIT_EXCEEDED')
  })

  it.each([
    ['after the gates of operations', true],
    ['in an outer scope, after an inner one has loaded', false],
  ])('holds where it is registered %s', async (_where, sameScope) => {
    const perUser = { quota: 1, window: '1m', when: 'subscription', cost: 0, eventCost: 1 } as const
    const { as, ticks } = await serve(server, { policies: { perUser } }, (app, limits) => {
      if (sameScope) void app.register(depthLimit)
      else void app.register(queryCost)
      app.after(limits)
    })
    const client = await as('ada')
    start(client, 'a')
    await until(() => ticks.started() === 1)
    ticks.publish('tick')
    ticks.publish('tick')
    await client.until(({ id, type }) => id === 'a' && type === 'complete')
    expect(of(client, 'a').map(codeIn)).toEqual([undefined, 'USER_RATE_LIMIT_EXCEEDED', undefined])
  })

  it('counts calls of a root field over a socket, under every alias, as over HTTP', async () => {
    const { app, as } = await serve(server, {
      policies: { logins: { quota: 3, window: '5m', when: 'Mutation.login' } },
    })
    const client = await as('ada')
    const login = { query: 'mutation { a: login b: login }' }
    expect(codeIn(await client.run(login))).toBeUndefined()
    expect(codeIn(await client.run(login))).toBe('USER_RATE_LIMIT_EXCEEDED')
    expect(codeIn(await client.run({ query: 'mutation { login: logout }' }))).toBeUndefined()
    const http = (payload: object) =>
      app.inject({ method: 'POST', url: '/graphql', headers: { 'x-user': 'ada' }, payload })
    expect((await http({ query: 'mutation { login }' })).statusCode).toBe(200)
    expect((await http({ query: 'mutation { login }' })).statusCode).toBe(429)
    expect(codeIn(await client.run({ query: 'mutation { ... { login } }' }))).toBe('USER_RATE_LIMIT_EXCEEDED')
  })
})

describe.each(SERVERS.filter(({ name }) => name.startsWith('mercurius')))(
  '$name, by the older protocol',
  (server) => {
    it('charges events, caps what is open, and frees what the client stops', async () => {
      const { as, ticks } = await serve(server, {
        policies: { events: { quota: 2, window: '1m', cost: 0, eventCost: 1 } },
        concurrency: { subscriptions: { limit: 1, when: 'subscription' } },
      })
      const client = await as('ada', 'graphql-ws')
      for (const id of ['a', 'b', 'c']) {
        start(client, id, TICKS, 'start')
        client.send({ id, type: 'stop' })
        await client.until((message) => message.id === id && message.type === 'complete')
      }
      start(client, 'd', TICKS, 'start')
      expect(codeIn(await client.run(TICKS))).toBe('CONCURRENCY_LIMIT_EXCEEDED')
      await until(() => ticks.started() >= 1)
      await delay(20)
      for (let index = 0; index < 3; index += 1) ticks.publish('tick')
      await client.until(({ id, type }) => id === 'd' && type === 'complete')
      expect(of(client, 'd').map(({ type }) => type)).toEqual(['data', 'data', 'data', 'complete'])
      expect(codeIn(of(client, 'd')[2] as Message)).toBe('USER_RATE_LIMIT_EXCEEDED')
    })
  },
)

describe('in Redis', () => {
  const [server] = SERVERS
  if (server === undefined) throw new Error('no server')

  it('holds over instances: slots, events, and blocks within a second', async () => {
    const redis = await startRedis()
    closers.push(() => redis.stop())
    const options: UserRateLimitOptions = {
      redis: redis.url,
      keySecret,
      storeTimeout: '2s',
      policies: { events: { quota: 3, window: '1m', cost: 0, eventCost: 1 } },
      concurrency: { subscriptions: { limit: 2, when: 'subscription' } },
    }
    const [one, two] = [await serve(server, options), await serve(server, options)]
    const [first, second] = [await one.as('ada'), await two.as('ada')]
    start(first, 'a')
    start(second, 'b')
    await until(() => one.ticks.started() === 1 && two.ticks.started() === 1)
    expect(codeIn(await second.run(TICKS))).toBe('CONCURRENCY_LIMIT_EXCEEDED')
    for (let index = 0; index < 3; index += 1) one.ticks.publish('tick')
    await until(() => of(first, 'a').length === 3)
    two.ticks.publish('tick')
    expect(codeIn(await second.until(({ id }) => id === 'b'))).toBe('USER_RATE_LIMIT_EXCEEDED')
    const bob = await two.as('bob')
    start(bob, 'c')
    await until(() => two.ticks.started() === 2)
    const asked = performance.now()
    await one.app.userRateLimit.block({ principal: 'bob' }, { for: '1m', reason: 'test' })
    expect(codeIn(await bob.until(({ id }) => id === 'c'))).toBe('REQUEST_BLOCKED')
    expect(await bob.closed).toBe(4403)
    expect(performance.now() - asked).toBeLessThan(1_500)
  })

  it('gives the slots of a server that closes to another at once', async () => {
    const redis = await startRedis()
    closers.push(() => redis.stop())
    const options: UserRateLimitOptions = {
      redis: redis.url,
      keySecret,
      storeTimeout: '2s',
      concurrency: { subscriptions: { limit: 1, when: 'subscription' } },
    }
    const [one, two] = [await serve(server, options), await serve(server, options)]
    const [first, second] = [await one.as('ada'), await two.as('ada')]
    start(first, 'a')
    await until(() => one.ticks.started() === 1)
    expect(codeIn(await second.run(TICKS))).toBe('CONCURRENCY_LIMIT_EXCEEDED')
    await one.app.close()
    start(second, 'b')
    await until(() => two.ticks.started() === 1)
  })
})
