import Fastify from 'fastify'
import type { InjectOptions } from 'fastify'
import { buildSchema } from 'graphql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { strictCors } from '../src/index.ts'
import { APP, EVIL } from './app.ts'

const graphql = { schema: buildSchema('type Query { a: Int } type Mutation { b: Int }') }
let ran = 0
const app = Fastify()
app.register(strictCors, { origins: [APP], csrf: true })
app.addContentTypeParser(
  ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data'],
  { parseAs: 'string' },
  (_request, body, done) => done(null, JSON.parse(String(body))),
)
app.route({
  method: ['GET', 'POST'],
  url: '/graphql',
  config: { graphql },
  handler() {
    ran++
    return { data: { a: 1 } }
  },
})
app.post('/form', () => 'ok')
beforeAll(async () => {
  await app.ready()
})
afterAll(() => app.close())

const payload = JSON.stringify({ query: 'mutation { b }' })

async function sent(headers: Record<string, string>, more: Partial<InjectOptions> = {}) {
  const before = ran
  const reply = await app.inject({ method: 'POST', url: '/graphql', payload, headers, ...more })
  const code =
    reply.statusCode === 200
      ? 200
      : (reply.json<{ code?: string; errors?: { extensions: { code: string } }[] }>().errors?.[0]?.extensions
          .code ?? reply.json<{ code: string }>().code)
  expect(ran - before).toBe(code === 200 ? 1 : 0)
  return code
}

describe('GraphQL with csrf', () => {
  it.each([
    'text/plain',
    'TEXT/PLAIN;charset=utf-8',
    ' text/plain ; application/json',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=a',
  ])('of %s is refused, since any page can send it without being asked', async (type) => {
    expect(await sent({ 'content-type': type })).toBe('PREFLIGHT_REQUIRED')
    for (const name of ['graphql-require-preflight', 'apollo-require-preflight', 'authorization']) {
      expect(await sent({ 'content-type': type, [name]: '1' })).toBe(200)
    }
  })

  it('without a content type is refused', async () => {
    expect(await sent({})).toBe('PREFLIGHT_REQUIRED')
  })

  it('as JSON passes, unless a foreign page sends it', async () => {
    const json = { 'content-type': 'application/json' }
    expect(await sent(json)).toBe(200)
    expect(await sent({ ...json, origin: APP, 'sec-fetch-site': 'cross-site' })).toBe(200)
    expect(await sent({ ...json, origin: EVIL })).toBe('ORIGIN_NOT_ALLOWED')
    expect(await sent({ ...json, 'sec-fetch-site': 'cross-site' })).toBe('CROSS_SITE_REQUEST')
  })

  it('runs no mutation over GET, and queries', async () => {
    const get = (query: string) =>
      sent({}, { method: 'GET', url: `/graphql?query=${encodeURIComponent(query)}`, payload: '' })
    expect(await get('mutation { b }')).toBe('OPERATION_NOT_ALLOWED_OVER_GET')
    expect(await get('{ a }')).toBe(200)
  })

  it('leaves forms of other routes alone', async () => {
    const reply = await app.inject({
      method: 'POST',
      url: '/form',
      payload: '{}',
      headers: { 'content-type': 'text/plain' },
    })
    expect(reply.statusCode).toBe(200)
  })

  it('on a route alone does not boot, since nobody knows the routes', async () => {
    const late = Fastify()
    late.register(strictCors)
    late.post('/graphql', { config: { graphql, strictCors: { csrf: true } } }, () => ({}))
    await expect(late.ready()).rejects.toMatchObject({ code: 'PORTCULLIS_STRICT_CORS_MISSING_GATE' })
  })
})
