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

interface Answer {
  readonly data?: unknown
  readonly errors?: readonly {
    readonly message?: unknown
    readonly extensions?: { readonly code?: unknown }
  }[]
}

/** The statuses that the README of graphql-gate lists for bytes of any kind. */
const STATUSES = [200, 204, 400, 405, 406, 413, 415]

/** The GraphQL answers of a response, in each of the media types they are sent in. */
function answersIn(type: string, body: string): readonly Answer[] {
  if (type.includes('json')) return [JSON.parse(body)].flat() as Answer[]
  const lines = body.split('\n').map((line) => line.trim())
  const event = 'data: '
  if (type.startsWith('text/event-stream'))
    return lines
      .filter((line) => line.startsWith(event))
      .map((line) => JSON.parse(line.slice(event.length)) as Answer)
  if (type.startsWith('multipart/mixed'))
    return lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Answer)
  throw new Error(`${type} is no type of GraphQL answers`)
}

/** What is wrong with a GraphQL answer, if anything. */
function complaint({ data, errors }: Answer, status: number): string | undefined {
  if (errors === undefined) return status < 300 && data !== undefined ? undefined : 'no errors'
  if (!Array.isArray(errors) || errors.length === 0) return 'no list of errors'
  for (const { message: said, extensions } of errors as NonNullable<Answer['errors']>) {
    if (typeof said !== 'string') return 'no message'
    if (typeof extensions?.code !== 'string') return `no code: ${said}`
  }
  return undefined
}

/** What is wrong with a response, if anything. */
function complaintAbout(method: unknown, status: number, type: string, body: string): string | undefined {
  if (!STATUSES.includes(status)) return `status ${status}`
  if (method === 'HEAD') return body === '' ? undefined : 'HEAD with a body'
  // What allows a browser to ask, and what Yoga says to who accepts nothing that it speaks.
  if (body === '') return [204, 406].includes(status) ? undefined : 'no body'
  const answers = answersIn(type, body)
  // A stream may end before its first event; a batch may not be empty.
  if (answers.length === 0) return type.includes('json') ? 'no answer' : undefined
  return answers.map((answer) => complaint(answer, status)).find((one) => one !== undefined)
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
        expect(reply.body).not.toContain(SECRET)
        const type = String(reply.headers['content-type'] ?? '')
        const wrong = complaintAbout(sent.method, reply.statusCode, type, reply.body)
        expect(wrong, `${reply.statusCode} ${type} ${reply.body}`).toBeUndefined()
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
