import Fastify from 'fastify'
import type { FastifyInstance, InjectOptions } from 'fastify'
import { createYoga } from 'graphql-yoga'
import { afterEach, expect, it } from 'vitest'
import { graphqlGate } from '../../src/index.ts'
import { yogaGate } from '../../src/servers/yoga.ts'
import { addGate, schemaOf } from './parts.ts'

let app: FastifyInstance | undefined

afterEach(() => app?.close())

function upload(operations: unknown): InjectOptions {
  const part = (name: string, value: string): string =>
    `--x\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
  const payload = `${part('operations', JSON.stringify(operations))}${part('map', '{}')}--x--\r\n`
  const headers = { host: 'me', 'content-type': 'multipart/form-data; boundary=x' }
  return { method: 'POST', url: '/graphql', headers, payload }
}

it('an upload to Yoga carries known documents too, by text and by id, and no others', async () => {
  const called: string[] = []
  const trusting = Fastify()
  app = trusting
  void trusting.register(graphqlGate, { trustedDocuments: { documents: { one: '{ a }' } } })
  addGate(trusting, [])
  const yoga = createYoga<object>({
    schema: schemaOf(called),
    logging: false,
    batching: true,
    plugins: [yogaGate(trusting)],
  })
  trusting.addContentTypeParser('multipart/form-data', (_request, _payload, done) => done(null))
  trusting.route({
    url: '/graphql',
    method: ['GET', 'POST', 'OPTIONS'],
    handler: (request, reply) => yoga.handleNodeRequestAndResponse(request, reply, {}),
  })
  for (const operations of [{ query: '{a}' }, { documentId: 'one' }]) {
    const answer = await trusting.inject(upload(operations))
    expect([answer.statusCode, answer.json()]).toEqual([200, { data: { a: 'a for me' } }])
  }
  expect((await trusting.inject(upload([{ documentId: 'one' }, { query: '{ a }' }]))).statusCode).toBe(200)
  const ran = called.length
  for (const operations of [
    { query: '{ b: a }' },
    { documentId: 'two' },
    [{ query: '{ a }' }, { query: '{ a a }' }],
  ]) {
    const answer = await trusting.inject(upload(operations))
    expect([answer.statusCode, answer.body]).toEqual([403, expect.stringContaining('UNTRUSTED_DOCUMENT')])
  }
  expect(called).toHaveLength(ran)
})
