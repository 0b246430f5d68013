import { setTimeout as wait } from 'node:timers/promises'
import depthLimit from '@portcullis/depth-limit'
import graphqlGate, { addFieldStep, useGraphqlGate } from '@portcullis/graphql-gate'
import type { GraphqlGateOptions } from '@portcullis/graphql-gate'
import { kernel, onSettled } from '@portcullis/kernel'
import type { FastifyRequest } from 'fastify'
import { describe, expect, it } from 'vitest'
import type { Server } from './server.ts'
import { SERVERS } from './servers.ts'
import { codeIn, connect, listen } from './sockets.ts'
import type { SocketClient } from './sockets.ts'

const schema = `
  type Query { name: String }
  type Subscription { name: String }
`

const featureSchema = `
  type Query { name: String slow: String }
  type Subscription { later: String }
`

/** A client of a server whose gate has these options. */
async function connected(
  server: Server,
  options: GraphqlGateOptions,
): Promise<{ readonly client: SocketClient; readonly end: () => Promise<void> }> {
  const app = server.build({
    schema: featureSchema,
    sockets: true,
    resolvers: {
      Query: { name: () => 'x', slow: () => wait(3_000, 'slow', { ref: false }) },
      Subscription: {
        async *later() {
          yield await wait(300, { later: 'at last' })
        },
      },
    },
    register(instance) {
      void instance.register(graphqlGate, options)
      void instance.register(depthLimit)
    },
  })
  const client = await connect(await listen(app, server.socketPath), 'graphql-transport-ws')
  const end = async (): Promise<void> => {
    await client.close()
    await app.close()
  }
  return { client, end }
}

describe.each(SERVERS)('$name', (server) => {
  it('gives each operation of a socket its own request, principal and end, down to the resolvers', async () => {
    const seen: FastifyRequest[] = []
    const ended: boolean[] = []
    let identified = 0
    const app = server.build({
      schema,
      sockets: true,
      resolvers: {
        Query: { name: () => 'x' },
        Subscription: {
          async *name() {
            yield await Promise.resolve({ name: 'x' })
          },
        },
      },
      register(instance) {
        void instance.register(kernel, {
          identify: ({ headers }) => ({ id: `${String(headers['x-user'])}-${++identified}` }),
        })
        void instance.after(() => {
          useGraphqlGate(instance, 'witness')
          addFieldStep(instance, {
            name: 'witness',
            phase: 'access',
            plan: ({ field }) =>
              field.name === 'name'
                ? async ({ request }, next) => {
                    if (request === undefined) return 'nobody'
                    seen.push(request)
                    onSettled(request, ({ completed }) => void ended.push(completed))
                    return `${String(await next())} for ${(await request.resolvePrincipal()).id}`
                  }
                : undefined,
          })
        })
      },
    })
    const client = await connect(await listen(app, server.socketPath), 'graphql-transport-ws')
    const before = identified
    const answers: unknown[] = []
    for (const query of ['{ name }', '{ name }', 'subscription { name }', '{ name }']) {
      const answer = await client.run({ query })
      expect(codeIn(answer)).toBeUndefined()
      answers.push((answer.payload as { data: { name: string } }).data.name)
      await client.until(({ id, type }) => id === answer.id && type === 'complete')
    }
    expect(answers).toEqual([1, 2, 3, 4].map((number) => `x for undefined-${before + number}`))
    expect(new Set(seen).size).toBe(4)
    // None of them is the socket's, on which nothing may gather.
    for (const request of seen) expect(Object.hasOwn(request, 'raw')).toBe(false)
    expect(ended).toEqual([true, true, true, true])
    await client.close()
    await app.close()
  })

  it('lets only known documents run over a socket, by id and by text', async () => {
    const known = 'query Known { name }'
    const { client, end } = await connected(server, { trustedDocuments: { documents: { 'id-1': known } } })
    expect(codeIn(await client.run({ documentId: 'id-1', query: undefined }))).toBeUndefined()
    expect(codeIn(await client.run({ query: known }))).toBeUndefined()
    expect(codeIn(await client.run({ query: '{ name name }' }))).toBe('UNTRUSTED_DOCUMENT')
    expect(codeIn(await client.run({ documentId: 'id-2' }))).toBe('UNTRUSTED_DOCUMENT')
    await end()
  })

  it('refuses introspection over a socket', async () => {
    const { client, end } = await connected(server, { introspection: false })
    expect(codeIn(await client.run({ query: '{ __schema { types { name } } }' }))).toBe(
      'INTROSPECTION_NOT_ALLOWED',
    )
    expect(codeIn(await client.run({ query: '{ __typename name }' }))).toBeUndefined()
    await end()
  })

  it('ends a query over a socket that takes too long, and no subscription', async () => {
    const { client, end } = await connected(server, { executionTimeout: '100ms' })
    const late = await client.run({ query: '{ slow }' })
    expect(JSON.stringify(late.payload)).toContain('EXECUTION_TIMEOUT')
    const stream = await client.run({ query: 'subscription { later }' })
    expect([stream.type, stream.payload]).toEqual([expect.any(String), { data: { later: 'at last' } }])
    await end()
  })
})
