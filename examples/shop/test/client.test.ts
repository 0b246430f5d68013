import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import Fastify, { type FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { at, createClient } from '../src/tour/client.ts'

describe('the client', () => {
  let app: FastifyInstance
  let origin: string

  beforeAll(async () => {
    app = Fastify({ trustProxy: 'loopback' })
    app.post('/auth/login', async (request, reply) =>
      at(request.body, 'password') === 'good' ? { token: 't' } : reply.code(401).send({ code: 'NO' }),
    )
    app.post('/graphql', async () => [{ errors: [{ extensions: { code: 'IN_BATCH' } }] }])
    app.get('/echo', async (request, reply) => {
      if (request.headers['user-agent'] === 'x') void reply.header('x-request-id', 'named')
      return {
        ip: request.ip,
        authorization: request.headers.authorization ?? null,
      }
    })
    app.get('/text', async (_request, reply) => reply.code(503).send('not JSON'))
    origin = await app.listen({ host: '127.0.0.1', port: 0 })
  })
  afterAll(() => app.close())

  it('reports status, code and time, from the address of the visitor', async () => {
    const client = createClient(origin, 'good')
    const visitor = await client.signIn('a@example.com')
    const echo = await client.send(visitor, { method: 'GET', path: '/echo' })
    expect(echo).toMatchObject({
      status: 200,
      code: null,
      body: { ip: visitor.address, authorization: 'Bearer t' },
    })
    expect(echo.milliseconds).toBeGreaterThan(0)
    expect(await client.graphql(visitor, '{ x }')).toMatchObject({ code: 'IN_BATCH' })
    const named = await client.send(visitor, { method: 'GET', path: '/echo', headers: { 'user-agent': 'x' } })
    expect(named.requestId).toBe('named')
    expect(echo.requestId).toBeNull()
    expect(await client.send(visitor, { method: 'GET', path: '/text' })).toMatchObject({
      status: 503,
      code: null,
      body: 'not JSON',
    })
  })

  it('hangs up once the shop has begun to listen, under an id that it knows', async () => {
    const silent = createServer().listen(0, '127.0.0.1')
    const begun = new Promise<{ id: unknown; over: Promise<unknown> }>((resolve) => {
      silent.once('request', ({ headers }: IncomingMessage, response: ServerResponse) => {
        resolve({ id: headers['x-request-id'], over: once(response, 'close') })
      })
    })
    await once(silent, 'listening')
    const client = createClient(`http://127.0.0.1:${String(at(silent.address(), 'port'))}`, '')
    const answer = await client.hangUp({ address: '192.0.2.9' }, '/begun')
    const { id, over } = await begun
    expect(answer).toMatchObject({ status: 0, code: null, requestId: id })
    await over
    silent.close()
  })

  it('signs each account in once, from an address of its own', async () => {
    const client = createClient(origin, 'good')
    const [one, again, other] = await Promise.all(
      ['a@example.com', 'a@example.com', 'b@example.com'].map((email) => client.signIn(email)),
    )
    expect(again).toBe(one)
    expect(other?.address).not.toBe(one?.address)
  })

  it('says so when an honest login is refused', async () => {
    await expect(createClient(origin, 'bad').signIn('a@example.com')).rejects.toThrow(
      'refused an honest login with 401 NO',
    )
  })
})
