import depthLimit from '@portcullis/depth-limit'
import { kernel } from '@portcullis/kernel'
import queryCost from '@portcullis/query-cost'
import type { FastifyInstance } from 'fastify'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { message, request, SECRET } from './hostile-input.ts'
import { SERVERS } from './servers.ts'
import type { SocketClient } from './sockets.ts'
import { connect, listen } from './sockets.ts'

const seed = Number(process.env['PORTCULLIS_SEED'] ?? 20_261_122)
const runs = Number(process.env['PORTCULLIS_RUNS'] ?? 1)
console.log(`seed ${seed}`)

const schema = `
  type Query { users(first: Int): [User] }
  type Mutation { touch: Boolean }
  type Subscription { users(first: Int): [User] }
  type User { id: ID }
`

interface ErrorBody {
  readonly errors?: readonly {
    readonly message?: unknown
    readonly extensions?: { readonly code?: unknown }
  }[]
}

/** What is wrong with an answer that says no, if anything. */
function complaint(body: string): string | undefined {
  const answers = [JSON.parse(body)].flat() as ErrorBody[]
  for (const { errors } of answers) {
    if (!Array.isArray(errors) || errors.length === 0) return 'no errors'
    for (const { message: said, extensions } of errors as NonNullable<ErrorBody['errors']>) {
      if (typeof said !== 'string') return 'no message'
      if (typeof extensions?.code !== 'string') return `no code: ${said}`
    }
  }
  return undefined
}

describe.each(SERVERS)('$name', (server) => {
  let app: FastifyInstance
  let url: string
  beforeAll(async () => {
    app = server.build({
      schema,
      stored: { stored: '{ users(first: 1) { id } }' },
      sockets: true,
      uploads: true,
      resolvers: {
        Query: { users: () => [] },
        Subscription: {
          async *users() {
            yield await Promise.resolve({ users: [] })
          },
        },
      },
      register(instance) {
        void instance.register(kernel, { environment: 'production' })
        void instance.register(depthLimit)
        void instance.register(queryCost, { maxCost: 1_000 })
      },
    })
    url = await listen(app, server.socketPath)
  })
  afterAll(() => app.close())

  it(
    'answers any request with a GraphQL answer or a GraphQL error and a 4xx, and echoes nothing',
    { timeout: 60_000 * runs },
    async () => {
      const property = fc.asyncProperty(request, async (sent) => {
        // Where a server takes no OPTIONS it is no door.
        if (sent.method === 'OPTIONS' && !['GraphQL Yoga', 'Apollo Server'].includes(server.name)) return
        const reply = await app.inject(sent)
        expect(reply.statusCode, reply.body).toBeLessThan(500)
        expect(reply.body).not.toContain(SECRET)
        const isJson = String(reply.headers['content-type']).includes('json')
        if (reply.statusCode >= 400 && isJson && sent.method !== 'HEAD')
          expect(complaint(reply.body), reply.body).toBeUndefined()
      })
      await fc.assert(property, { seed, numRuns: 400 * runs })
      expect(
        (await app.inject({ method: 'POST', url: '/graphql', payload: { query: '{ __typename }' } }))
          .statusCode,
      ).toBe(200)
    },
  )

  it(
    'answers any messages over WebSocket with messages or a close, and echoes nothing',
    { timeout: 60_000 * runs },
    async () => {
      const property = fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 8 }), async (sent) => {
        const client: SocketClient = await connect(url)
        for (const one of sent) client.send(one)
        // Alive and in order: the answer to this comes last, unless the socket was closed before.
        client.send({ id: 'last', type: 'subscribe', payload: { query: '{ __typename }' } })
        const last = client
          .until(({ id, type }) => id === 'last' && type === 'next')
          .then(
            () => 'alive',
            () => 'closed',
          )
        const end = await last
        if (end === 'closed') expect([4400, 4409, 4429]).toContain(await client.closed)
        // A pong repeats its ping: the protocol says so.
        const told = client.received.filter(({ type }) => type !== 'pong')
        expect(JSON.stringify(told)).not.toContain(SECRET)
        client.socket.terminate()
        await client.closed
      })
      await fc.assert(property, { seed, numRuns: 100 * runs })
    },
  )
})
