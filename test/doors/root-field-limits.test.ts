import depthLimit from '@portcullis/depth-limit'
import graphqlGate from '@portcullis/graphql-gate'
import userRateLimit from '@portcullis/user-rate-limit'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import mercurius from 'mercurius'
import { afterEach, describe, expect, it } from 'vitest'
import { codeOf, requestThrough, SERVERS } from './servers.ts'
import { codeIn, connect, listen } from './sockets.ts'

const schema = `
  type Query { name: String }
  type Mutation { login: Boolean logout: Boolean }
`
const twice = 'mutation Twice { a: login ...More } fragment More on Mutation { b: login logout }'
const logins = {
  quota: 5,
  window: '5m',
  partitionKey: 'address',
  when: 'Mutation.login',
  message: 'Too many login attempts',
} as const

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})

/** How often a login ran. */
function counting(): { resolvers: Record<string, Record<string, () => unknown>>; ran: () => number } {
  let ran = 0
  const login = (): boolean => {
    ran += 1
    return true
  }
  return { resolvers: { Mutation: { login, logout: () => true } }, ran: () => ran }
}

const LIMITED = [429, 'USER_RATE_LIMIT_EXCEEDED'] as const

async function answered(app: FastifyInstance, ...given: Parameters<typeof requestThrough>) {
  const { statusCode, body } = await app.inject(requestThrough(...given))
  return [statusCode, codeOf(body)] as const
}

describe.each(SERVERS)('$name', (server) => {
  const stored = server.doors.filter((door) => door === 'prepared' || door === 'hash')

  it.each(stored)('counts each call of a document that is stored, sent by %s', async (door) => {
    const { resolvers, ran } = counting()
    const app = server.build({
      schema,
      resolvers,
      stored: { stored: twice },
      register: (instance) => void instance.register(userRateLimit, { policies: { logins } }),
    })
    closers.push(() => app.close())
    for (const times of [2, 4]) {
      expect(await answered(app, door, { query: '', operationName: 'Twice' })).toEqual([200, undefined])
      expect(ran()).toBe(times)
    }
    const [status, code] = await answered(app, door, { query: '', operationName: 'Twice' })
    // A document that is known while it runs is refused in the engine's own way.
    expect([[200, 429].includes(status), code]).toEqual([true, 'USER_RATE_LIMIT_EXCEEDED'])
    expect(ran()).toBe(4)
    expect(await answered(app, 'post', { query: 'mutation { login }' })).toEqual([200, undefined])
    expect(await answered(app, 'post', { query: 'mutation { login }' })).toEqual(LIMITED)
    expect(await answered(app, 'post', { query: 'mutation { login: logout }' })).toEqual([200, undefined])
  })

  it('counts each call of a trusted document, by id over HTTP and over a socket, in one count', async () => {
    const { resolvers } = counting()
    const app = server.build({
      schema,
      resolvers,
      sockets: true,
      register(instance) {
        void instance.register(graphqlGate, { trustedDocuments: { documents: { 'id-1': twice } } })
        void instance.register(depthLimit)
        void instance.register(userRateLimit, { policies: { logins } })
      },
    })
    const client = await connect(await listen(app, server.socketPath))
    closers.push(async () => {
      await client.close()
      await app.close()
    })
    expect(codeIn(await client.run({ documentId: 'id-1' }))).toBeUndefined()
    const payload = { documentId: 'id-1' }
    const send = async (): Promise<readonly unknown[]> => {
      const answer = await app.inject({ method: 'POST', url: '/graphql', payload })
      return [answer.statusCode, codeOf(answer.body)]
    }
    expect(await send()).toEqual([200, undefined])
    const refused = await client.run({ documentId: 'id-1' })
    expect([refused.type, codeIn(refused)]).toEqual(['error', 'USER_RATE_LIMIT_EXCEEDED'])
    expect(refused.payload).toMatchObject([
      {
        message: 'Too many login attempts',
        extensions: { policy: 'logins', retryAfter: expect.any(Number) },
      },
    ])
    expect(await send()).toEqual(LIMITED)
  })

  it('counts aliases in the entries of a batch as it counts them over a socket, before any of them runs', async () => {
    const { resolvers, ran } = counting()
    const app = server.build({
      schema,
      resolvers,
      sockets: true,
      register: (instance) => void instance.register(userRateLimit, { policies: { logins } }),
    })
    const client = await connect(await listen(app, server.socketPath))
    closers.push(async () => {
      await client.close()
      await app.close()
    })
    const batch = async (size: number): Promise<readonly unknown[]> => {
      const payload = Array.from({ length: size }, () => ({ query: twice }))
      const answer = await app.inject({ method: 'POST', url: '/graphql', payload })
      return [answer.statusCode, codeOf(answer.body)]
    }
    expect(await batch(3)).toEqual(LIMITED)
    expect(ran()).toBe(0)
    expect(codeIn(await client.run({ query: twice }))).toBeUndefined()
    expect(ran()).toBe(2)
    expect(await batch(2)).toEqual(LIMITED)
    expect(await batch(1)).toEqual([200, undefined])
    // One is left, and six aliases in one message are six.
    const six = Array.from({ length: 6 }, (_, index) => `l${index}: login`).join(' ')
    expect(codeIn(await client.run({ query: `mutation { ${six} }` }))).toBe('USER_RATE_LIMIT_EXCEEDED')
    const before = ran()
    expect(codeIn(await client.run({ query: 'mutation { login }' }))).toBeUndefined()
    expect(codeIn(await client.run({ query: 'mutation { login }' }))).toBe('USER_RATE_LIMIT_EXCEEDED')
    expect(ran()).toBe(before + 1)
  })
})

describe('reply.graphql()', () => {
  it('is counted in a route of its own, with what came by the GraphQL route', async () => {
    const { resolvers, ran } = counting()
    const app = Fastify()
    closers.push(() => app.close())
    void app.register(userRateLimit, { policies: { logins } })
    void app.register(mercurius, { schema, resolvers })
    app.post('/own', (_request, reply) => reply.graphql(twice))
    const own = async (): Promise<readonly unknown[]> => {
      const answer = await app.inject({ method: 'POST', url: '/own' })
      return [answer.statusCode, codeOf(answer.body)]
    }
    expect(await own()).toEqual([200, undefined])
    expect(await answered(app, 'post', { query: twice })).toEqual([200, undefined])
    expect((await own())[1]).toBe('USER_RATE_LIMIT_EXCEEDED')
    expect(ran()).toBe(4)
    expect(await answered(app, 'post', { query: 'mutation { login }' })).toEqual([200, undefined])
    expect(await answered(app, 'post', { query: 'mutation { login }' })).toEqual(LIMITED)
  })

  it('holds no slot of a limit on operations longer than its request', async () => {
    const { resolvers } = counting()
    const app = Fastify()
    closers.push(() => app.close())
    void app.register(userRateLimit, {
      concurrency: { one: { limit: 1, partitionKey: 'address', when: 'mutation' } },
    })
    void app.register(mercurius, { schema, resolvers })
    app.post('/own', async (_request, reply) => {
      await reply.graphql('mutation { login }')
      return reply.graphql('mutation { login }').catch((error: Error) => ({ message: error.message }))
    })
    await app.ready()
    // Both are of one request, which has one slot.
    expect((await app.inject({ method: 'POST', url: '/own' })).body).toContain('Too many requests at a time.')
    expect(await answered(app, 'post', { query: 'mutation { login }' })).toEqual([200, undefined])
  })
})
