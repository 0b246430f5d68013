import { setImmediate as turn } from 'node:timers/promises'
import depthLimit from '@portcullis/depth-limit'
import { addCheck, useGraphqlGate } from '@portcullis/graphql-gate'
import type { GraphqlGateOptions } from '@portcullis/graphql-gate'
import queryCost from '@portcullis/query-cost'
import userRateLimit from '@portcullis/user-rate-limit'
import type { FastifyInstance } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import type { Server } from '../doors/server.ts'
import { SERVERS } from '../doors/servers.ts'
import { codeIn, connect, listen, open } from '../doors/sockets.ts'
import type { SocketClient } from '../doors/sockets.ts'

const schema = `
  type Query { node: Node nodes(first: Int): [Node] name(of: String): String }
  type Mutation { touch: Boolean }
  type Subscription { ticks: Int endless: String node: Node }
  type Node { id: ID node: Node }
`

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

interface Arena {
  readonly app: FastifyInstance
  readonly url: string
  /** Calls of resolvers that must not be reached by what is refused. */
  readonly calls: string[]
  /** How many source streams are open. */
  readonly streams: () => number
  /** How many connections the server has. */
  readonly sockets: () => number
  connect(protocol?: string): Promise<SocketClient>
}

/** A stream that ends only when it is told to. */
function endless(
  onOpen: () => void,
  onEnd: () => void,
  value: unknown,
  times: number,
): AsyncIterableIterator<unknown> {
  onOpen()
  let left = times
  let end: ((result: IteratorResult<unknown>) => void) | undefined
  return {
    [Symbol.asyncIterator]() {
      return this
    },
    next: () =>
      left-- > 0
        ? turn({ done: false, value })
        : new Promise((resolve) => {
            end = resolve
          }),
    return() {
      onEnd()
      const last = { done: true as const, value: undefined }
      end?.(last)
      return Promise.resolve(last)
    },
  }
}

async function arena(
  server: Server,
  register: (app: FastifyInstance) => void,
  graphqlGate: GraphqlGateOptions = {},
  events = 0,
): Promise<Arena> {
  const calls: string[] = []
  let streams = 0
  const stream = (name: string, value: unknown, times: number) => () => {
    calls.push(name)
    return endless(
      () => void (streams += 1),
      () => void (streams -= 1),
      value,
      times,
    )
  }
  const called = (name: string) => () => {
    calls.push(name)
    return null
  }
  const app = server.build({
    schema,
    register,
    sockets: true,
    config: { graphqlGate },
    resolvers: {
      Query: { node: called('node'), nodes: called('nodes'), name: called('name') },
      Mutation: { touch: called('touch') },
      Subscription: {
        ticks: stream('ticks', { ticks: 1 }, 0),
        endless: stream('endless', { endless: 'x'.repeat(100_000) }, events),
        node: stream('node', { node: {} }, 0),
      },
    },
  })
  let sockets = 0
  app.server.on('connection', (socket) => {
    sockets += 1
    socket.once('close', () => void (sockets -= 1))
  })
  const url = await listen(app, server.socketPath)
  closing.push(() => app.close())
  return {
    app,
    url,
    calls,
    streams: () => streams,
    sockets: () => sockets,
    async connect(protocol) {
      const client = await connect(url, protocol)
      closing.unshift(() => {
        client.socket.terminate()
        return client.closed
      })
      return client
    },
  }
}

const withDepth = (app: FastifyInstance): void => void app.register(depthLimit, { maxDepth: 3 })

async function eventually(condition: () => boolean): Promise<void> {
  const end = Date.now() + 10_000
  while (!condition()) {
    if (Date.now() > end) throw new Error('it did not come to pass')
    await turn()
  }
}

describe.each(SERVERS.filter(({ name }) => name !== 'mercurius, jit 1'))('$name', (server) => {
  it('thousands of operations on one socket are charged one by one, and leave nothing behind', async () => {
    const quota = 2_000
    const { calls, connect: connected } = await arena(server, (app) => {
      void app.register(depthLimit, { maxDepth: 3 })
      void app.register(userRateLimit, {
        policies: { operations: { quota, window: '1h', partitionKey: 'address', when: 'query' } },
      })
    })
    const client = await connected()
    for (let done = 0; done < quota; done += 50) {
      const answers = await Promise.all(
        Array.from({ length: 50 }, () => client.run({ query: '{ node { id } }' })),
      )
      expect(answers.map(codeIn).find((code) => code !== undefined)).toBeUndefined()
      // What is refused is given back, and is no operation under way.
      const deep = await client.run({ query: '{ node { node { node { id } } } }' })
      expect(codeIn(deep)).toBe('MAX_DEPTH_EXCEEDED')
      client.received.length = 0
    }
    expect(calls).toHaveLength(quota)
    expect(codeIn(await client.run({ query: '{ node { id } }' }))).toBe('USER_RATE_LIMIT_EXCEEDED')
    expect(calls).toHaveLength(quota)
  })

  it('a flood of subscriptions ends at the bound; what is stopped makes room', async () => {
    const { streams, connect: connected } = await arena(server, withDepth, { maxSocketOperations: 20 })
    const client = await connected()
    for (let id = 0; id < 60; id++)
      client.send({ id: `${id}`, type: 'subscribe', payload: { query: 'subscription { ticks }' } })
    await eventually(() => client.received.filter(({ type }) => type === 'error').length === 40)
    const refused = client.received.filter(({ type }) => type === 'error')
    expect(new Set(refused.map(codeIn))).toEqual(new Set(['MAX_SOCKET_OPERATIONS_EXCEEDED']))
    await eventually(() => streams() === 20)
    client.send({ id: '3', type: 'complete' })
    await eventually(() => streams() === 19)
    client.send({ id: 'more', type: 'subscribe', payload: { query: 'subscription { ticks }' } })
    await eventually(() => streams() === 20)
    client.socket.terminate()
    await eventually(() => streams() === 0)
  })

  it('an id that is in use closes the socket; one that is free again does not', async () => {
    const { connect: connected, streams } = await arena(server, withDepth)
    const client = await connected()
    for (let round = 0; round < 5; round++) {
      expect(codeIn(await client.run({ query: '{ node { id } }' }, 'same'))).toBeUndefined()
      await client.until(({ type, id }) => type === 'complete' && id === 'same')
      client.received.length = 0
    }
    client.send({ id: 'same', type: 'subscribe', payload: { query: 'subscription { ticks }' } })
    client.send({ id: 'same', type: 'subscribe', payload: { query: 'subscription { ticks }' } })
    expect(await client.closed).toBe(4409)
    await eventually(() => streams() === 0)
  })

  it('hostile documents of 15 KB are refused before anything parses them', async () => {
    const { connect: connected, calls } = await arena(server, withDepth)
    const client = await connected()
    const hostile: readonly (readonly [string, string])[] = [
      [`{ ${'node{id} '.repeat(1_700)} }`, 'MAX_TOKENS_EXCEEDED'],
      [`subscription { ${'ticks '.repeat(2_500)} }`, 'MAX_TOKENS_EXCEEDED'],
      ['{node'.repeat(3_000), 'MAX_NESTING_EXCEEDED'],
      [`subscription ${'{node'.repeat(3_000)}`, 'MAX_NESTING_EXCEEDED'],
      [`{ name(of: ${'['.repeat(7_000)}${']'.repeat(7_000)}) }`, 'MAX_NESTING_EXCEEDED'],
      [`{ name(of: "${'x'.repeat(110_000)}") }`, 'MAX_BYTES_EXCEEDED'],
      ['subscription { ticks', 'GRAPHQL_PARSE_FAILED'],
    ]
    const before = process.cpuUsage()
    for (const [query, code] of hostile) expect(codeIn(await client.run({ query }))).toBe(code)
    const { user, system } = process.cpuUsage(before)
    // Parsed or validated, one of them alone takes longer on graphql-js.
    expect(user + system).toBeLessThan(1_000_000)
    expect(calls).toEqual([])
  })

  it.each([
    ['no JSON', 'subscribe', 4400],
    ['a byte order mark', '\uFEFF{"id":"1","type":"subscribe","payload":{"query":"{ node { id } }"}}', 4400],
    ['null', 'null', 4400],
    ['an array', '[]', 4400],
    ['a type nobody knows', '{"type":"subscribed"}', 4400],
    ['no id', '{"type":"subscribe","payload":{"query":"{ node { id } }"}}', 4400],
    ['an object as id', '{"type":"subscribe","id":{},"payload":{"query":"{ node { id } }"}}', 4400],
    ['a long id', JSON.stringify({ type: 'subscribe', id: 'x'.repeat(10_000) }), 4400],
    ['deep JSON', `{"type":"ping","payload":${'['.repeat(200_000)}${']'.repeat(200_000)}}`, 4400],
    ['a large frame', JSON.stringify({ type: 'ping', payload: { x: 'x'.repeat(1_100_000) } }), 1009],
  ])('%s closes the socket and nothing else', async (_name, frame, code) => {
    const { connect: connected, calls } = await arena(server, withDepth)
    const client = await connected()
    client.send(frame)
    expect(await client.closed).toBe(code)
    expect(codeIn(await (await connected()).run({ query: '{ node { id } }' }))).toBeUndefined()
    expect(calls).toEqual(['node'])
  })

  it.each([
    ['a string', '"x"'],
    ['a number', '5'],
    ['an array', '[1]'],
    ['headers as a string', JSON.stringify({ headers: 'x'.repeat(1_000) })],
    ['headers as a list', '{"headers":["x"]}'],
  ])('connection_init with %s closes the socket', async (_name, payload) => {
    const { url } = await arena(server, withDepth)
    const client = await open(url)
    client.send(`{"type":"connection_init","payload":${payload}}`)
    expect(await client.closed).toBe(4400)
  })

  it('a second connection_init closes the socket', async () => {
    const client = await (await arena(server, withDepth)).connect()
    client.send({ type: 'connection_init' })
    expect(await client.closed).toBe(4429)
  })

  it('the server runs what was judged, whatever else a frame could be taken for', async () => {
    const { connect: connected, calls } = await arena(server, withDepth)
    const deep = '{ node { node { node { id } } } }'
    const client = await connected()
    const frames = [
      // Of members that stand twice, parsers take the last, or the first.
      `{"id":"a","type":"subscribe","payload":{"query":"{ node { id } }"},"payload":{"query":"${deep}"}}`,
      Buffer.from(JSON.stringify({ id: 'b', type: 'subscribe', payload: { query: deep } })),
      `{"id":"c","type":"ping","type":"subscribe","payload":{"query":"${deep}"}}`,
      JSON.stringify({ id: 'd', type: 'subscribe', payload: { query: deep, persisted: true } }),
      JSON.stringify({ id: 'e', type: 'subscribe', payload: { query: deep, operationName: '' } }),
    ]
    for (const frame of frames) client.send(frame)
    for (const id of ['a', 'b', 'c', 'd', 'e'])
      expect(codeIn(await client.until((message) => message.id === id))).toBe('MAX_DEPTH_EXCEEDED')
    expect(calls).toEqual([])
  })

  it('what is stopped or left while it is judged does not run on', async () => {
    let judging = 0
    let allow = (): void => undefined
    const allowed = new Promise<void>((resolve) => {
      allow = resolve
    })
    const {
      connect: connected,
      calls,
      streams,
      sockets,
    } = await arena(server, (instance) => {
      useGraphqlGate(instance, 'slow')
      addCheck(instance, {
        name: 'slow',
        phase: 'access',
        async run() {
          judging += 1
          await allowed
          return undefined
        },
      })
    })
    const [stopped, left] = [await connected(), await connected()]
    for (const client of [stopped, left])
      client.send({ id: '1', type: 'subscribe', payload: { query: 'subscription { ticks }' } })
    stopped.send({ id: '1', type: 'complete' })
    stopped.send({ id: '2', type: 'subscribe', payload: { query: '{ node { id } }' } })
    await eventually(() => judging === 2)
    left.socket.terminate()
    await eventually(() => sockets() === 1)
    allow()
    await stopped.until(({ id }) => id === '2')
    // The one that was stopped was told to the server before it was stopped; the one that was left never was.
    expect(calls.filter((call) => call === 'ticks').length).toBeLessThanOrEqual(1)
    expect(calls).toContain('node')
    stopped.socket.terminate()
    await eventually(() => streams() === 0)
  })

  it('starting and stopping without end leaves no stream behind', async () => {
    const { connect: connected, streams } = await arena(server, withDepth, { maxSocketOperations: 10 })
    const client = await connected()
    let most = 0
    for (let round = 0; round < 300 && client.socket.readyState === 1; round++) {
      const id = `${round}`
      client.send({ id, type: 'subscribe', payload: { query: 'subscription { ticks }' } })
      client.send({ id, type: 'complete' })
      if (round % 5 === 0) await turn()
      most = Math.max(most, streams())
    }
    await client.run({ query: '{ __typename }' }, 'last').catch(() => undefined)
    expect(Math.max(most, streams())).toBeLessThanOrEqual(10)
    client.socket.terminate()
    await eventually(() => streams() === 0)
  })

  it('a client that does not read is ended', async () => {
    const {
      connect: connected,
      streams,
      calls,
    } = await arena(server, withDepth, { socketSendTimeout: 200 }, 1_000)
    const client = await connected()
    client.socket.pause()
    client.send({ id: '1', type: 'subscribe', payload: { query: 'subscription { endless }' } })
    await eventually(() => calls.includes('endless') && streams() === 0)
    client.socket.resume()
    expect(await client.closed).toBe(1006)
  })

  it('errors say nothing that the client sent', async () => {
    const client = await (await arena(server, withDepth)).connect()
    const secret = 'secret-4711'
    for (const payload of [
      { query: `{ name(of: {x: "${secret}"}) }` },
      { query: 'query ($s: Int!) { nodes(first: $s) { id } }', variables: { s: secret } },
      { query: `subscription { ticks "${secret}" }` },
      { query: '{ node { id } }', operationName: secret },
      { query: '{ node { id } }', variables: secret },
      { query: { kind: secret } },
      { extensions: { persistedQuery: { version: 1, sha256Hash: secret } } },
      secret,
    ]) {
      const answer = await client.run(payload)
      expect(JSON.stringify(answer)).not.toContain(secret)
      expect(JSON.stringify(answer)).toContain('message')
    }
  })

  it('mutations are judged as what they are', async () => {
    const { connect: connected, calls } = await arena(server, (app) => {
      const policy = {
        quota: 1,
        window: '1h' as const,
        partitionKey: 'address' as const,
        when: 'mutation' as const,
      }
      void app.register(userRateLimit, { policies: { mutations: policy } })
      void app.register(queryCost, { maxCost: 100 })
    })
    const client = await connected()
    expect(codeIn(await client.run({ query: 'mutation { touch }' }))).toBeUndefined()
    expect(codeIn(await client.run({ query: 'mutation { touch }' }))).toBe('USER_RATE_LIMIT_EXCEEDED')
    expect(codeIn(await client.run({ query: '{ nodes(first: 1000) { id } }' }))).toBe('QUERY_TOO_EXPENSIVE')
    expect(calls).toEqual(['touch'])
  })
})

describe('mercurius', () => {
  const [mercurius] = SERVERS
  if (mercurius === undefined) throw new Error('no server')

  it('speaks the older protocol too; a stop of the other protocol closes the socket', async () => {
    const { connect: connected, streams } = await arena(mercurius, withDepth)
    const client = await connected('graphql-ws')
    expect(codeIn(await client.run({ query: '{ node { id } }' }))).toBeUndefined()
    expect(codeIn(await client.run({ query: '{ node { node { node { id } } } }' }))).toBe(
      'MAX_DEPTH_EXCEEDED',
    )
    client.send({ id: 7, type: 'start', payload: { query: 'subscription { ticks }' } })
    await eventually(() => streams() === 1)
    client.send({ id: 7, type: 'stop' })
    await eventually(() => streams() === 0)
    client.send({ id: 8, type: 'start', payload: { query: 'subscription { ticks }' } })
    await eventually(() => streams() === 1)
    client.send({ id: 8, type: 'complete' })
    expect(await client.closed).toBe(4400)
    await eventually(() => streams() === 0)
  })

  it('does not run a subscription that is not valid', async () => {
    const { connect: connected, calls } = await arena(mercurius, withDepth)
    const client = await connected()
    for (const query of [
      'subscription { ticks unknown }',
      'subscription { ticks ...F } fragment F on Subscription { ticks ...F }',
      'subscription ($n: Nothing) { ticks }',
    ]) {
      expect(['GRAPHQL_VALIDATION_FAILED', 'FRAGMENT_CYCLE']).toContain(codeIn(await client.run({ query })))
    }
    expect(calls).toEqual([])
  })

  it('judges each of several operations of one text by its name', async () => {
    const { connect: connected } = await arena(mercurius, withDepth)
    const client = await connected()
    const query = 'query Deep { node { node { node { id } } } } query Flat { node { id } }'
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        client.run({ query, operationName: index % 2 === 0 ? 'Deep' : 'Flat' }),
      ),
    )
    expect(answers.map(codeIn)).toEqual(
      answers.map((_, index) => (index % 2 === 0 ? 'MAX_DEPTH_EXCEEDED' : undefined)),
    )
    expect(codeIn(await client.run({ query }))).toBe('UNKNOWN_OPERATION')
  })
})
