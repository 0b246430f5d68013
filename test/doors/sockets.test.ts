import { addFieldStep, useGraphqlGate } from '@portcullis/graphql-gate'
import { kernel, onSettled } from '@portcullis/kernel'
import type { FastifyRequest } from 'fastify'
import { describe, expect, it } from 'vitest'
import { SERVERS } from './servers.ts'
import { codeIn, connect, listen } from './sockets.ts'

const schema = `
  type Query { name: String }
  type Subscription { name: String }
`

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
})
