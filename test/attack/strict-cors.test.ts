import { accessControl } from '@portcullis/access-control'
import { strictCors } from '@portcullis/strict-cors'
import { userRateLimit } from '@portcullis/user-rate-limit'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { createSchema, createYoga } from 'graphql-yoga'
import { describe, expect, it } from 'vitest'

const APP = 'https://app.example.com'
const EVIL = 'https://evil.example'
const grants = (headers: object): string[] =>
  Object.keys(headers).filter((name) => name.startsWith('access-control-'))

describe('a page', () => {
  it('reads the refusals of other gates where its origin is listed, in both orders of registration', async () => {
    for (const first of [true, false]) {
      const app = Fastify({ bodyLimit: 100 })
      const cors = () => void app.register(strictCors, { origins: [APP], credentials: true })
      if (first) cors()
      app.register(userRateLimit, { policies: { few: { quota: 1, window: '1m', partitionKey: 'address' } } })
      app.register(accessControl)
      if (!first) cors()
      app.get('/closed', { config: { access: { authenticated: true } } }, () => 'nobody reads this')
      app.get('/open', () => 'ok')
      const off = { config: { userRateLimit: false } } as const
      app.post('/body', off, () => 'ok')
      const ask = async (origin: string) => {
        const headers = { origin, 'content-type': 'application/json' }
        return [
          await app.inject({ url: '/closed', headers: { origin } }),
          await app.inject({ url: '/open', headers: { origin } }),
          await app.inject({ url: '/open', headers: { origin } }),
          await app.inject({ method: 'POST', url: '/body', headers, payload: `"${'a'.repeat(200)}"` }),
        ]
      }
      const read = await ask(APP)
      expect(read.map(({ statusCode }) => statusCode)).toEqual([401, 200, 429, 413])
      for (const { headers } of read) {
        expect(headers).toMatchObject({ 'access-control-allow-origin': APP, vary: 'Origin' })
      }
      const unread = await ask(EVIL)
      expect(unread.map(({ statusCode }) => statusCode)).toEqual([429, 429, 429, 403])
      for (const { headers } of unread) expect([grants(headers), headers['vary']]).toEqual([[], 'Origin'])
      await app.close()
    }
  })

  it('of a foreign origin is granted nothing by a GraphQL server that grants by itself', async () => {
    const app = Fastify()
    app.register(strictCors, { origins: [APP] })
    const yoga = createYoga<{ request: FastifyRequest; reply: FastifyReply }>({
      schema: createSchema({ typeDefs: 'type Query { a: Int }', resolvers: { Query: { a: () => 1 } } }),
      cors: (request) => ({ origin: request.headers.get('origin') ?? '*', credentials: true }),
      logging: false,
    })
    serveYoga(app, yoga)
    const send = (origin: string) =>
      app.inject({ url: '/graphql?query=%7Ba%7D', headers: { origin, accept: 'application/json' } })
    expect((await send(EVIL)).json()).toEqual({ data: { a: 1 } })
    expect(grants((await send(EVIL)).headers)).toEqual([])
    const { headers } = await send(APP)
    expect(headers['access-control-allow-origin']).toBe(APP)
    expect(headers).not.toHaveProperty('access-control-allow-credentials')
    const asked = { origin: EVIL, 'access-control-request-method': 'POST' }
    const preflight = await app.inject({ method: 'OPTIONS', url: '/graphql', headers: asked })
    expect([preflight.statusCode, grants(preflight.headers)]).toEqual([403, []])
    await app.close()
  })
})

type Yoga = ReturnType<typeof createYoga<{ request: FastifyRequest; reply: FastifyReply }>>

function serveYoga(app: FastifyInstance, yoga: Yoga): void {
  app.route({
    url: '/graphql',
    method: ['GET', 'POST', 'OPTIONS'],
    config: { graphql: false },
    handler: async (request, reply) => {
      const response = await yoga.handleNodeRequestAndResponse(request, reply, { request, reply })
      for (const [name, value] of response.headers) void reply.header(name, value)
      return reply.code(response.status).send(response.body)
    },
  })
}
