import depthLimit from '@portcullis/depth-limit'
import kernel from '@portcullis/kernel'
import type { FastifyInstance } from 'fastify'
import { afterEach, describe, expect, it } from 'vitest'
import { codeOf, countingResolvers, requestThrough, SERVERS } from '../doors/servers.ts'

const schema =
  'enum Colour { CRIMSON } type Query { users(first: Int, colour: Colour): User } type User { name: String }'
const apps: FastifyInstance[] = []

afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()))
})

describe.each(SERVERS)('$name', (server) => {
  function build() {
    const { resolvers, calls } = countingResolvers(['users'])
    const app = server.build({
      schema,
      resolvers,
      register(instance) {
        void instance.register(kernel, { environment: 'production' })
        void instance.register(depthLimit)
      },
    })
    apps.push(app)
    return { app, calls }
  }

  it('F8: what is wrong with a query is told, without its values and without names of the schema', async () => {
    const { app, calls } = build()
    for (const operation of [
      { query: '{ user { name } }' },
      { query: '{ users { nam } }' },
      { query: '{ users(colour: CRIMSONE) { name } }' },
      { query: '{ users(first: "hunter2") { name } }' },
      { query: 'query ($n: Int) { users(first: $n) { name } }', variables: { n: 'hunter2' } },
      { query: '{ users(first: "hunter2' },
    ]) {
      const { body } = await app.inject(requestThrough('post', operation))
      expect(body).toContain('"errors"')
      expect(body).not.toMatch(/Did you mean|CRIMSON"|hunter2/)
    }
    expect(calls()).toBe(0)
  })

  it('F8: a document too large to be parsed is refused by its size alone', async () => {
    const { app, calls } = build()
    const fields = '{ users { name } } '
    for (const [query, codes] of [
      [fields.repeat(10_000), ['MAX_BYTES_EXCEEDED']],
      [`{ users { ${'name '.repeat(15_000)} } }`, ['MAX_TOKENS_EXCEEDED']],
      ['{ users '.repeat(5_000), ['MAX_NESTING_EXCEEDED', 'MAX_TOKENS_EXCEEDED']],
    ] as const) {
      const { body } = await app.inject(requestThrough('post', { query }))
      expect(codes).toContain(codeOf(body))
    }
    expect(calls()).toBe(0)
  })
})
