import { once } from 'node:events'
import { STATUS_CODES } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import { describe, expect, it } from 'vitest'
import { frameworkErrors, kernel, notFound } from '../../src/index.ts'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

async function build(options: FastifyServerOptions = {}): Promise<FastifyInstance> {
  const app = Fastify(options)
  await app.register(kernel)
  app.get('/', async (request) => request.id)
  app.get('/throws', async () => {
    throw new Error('a defect of the app')
  })
  return app
}

describe('request ids', () => {
  it('are random, on the reply and on request.id alike', async () => {
    const app = await build()
    const [first, second] = [await app.inject('/'), await app.inject('/')]
    expect(first.body).toMatch(UUID)
    expect(first.headers['x-request-id']).toBe(first.body)
    expect(second.body).not.toBe(first.body)
    await app.close()
  })

  it.each(['/throws', '/not-found'])('are on the reply of %s too', async (url) => {
    const app = await build()
    expect((await app.inject(url)).headers['x-request-id']).toMatch(UUID)
    await app.close()
  })

  it('are on the answer to a malformed URL where frameworkErrors is given, and the URL is not echoed', async () => {
    const app = await build({ frameworkErrors })
    await app.listen({ port: 0, host: '127.0.0.1' })
    const socket = connect((app.server.address() as AddressInfo).port, '127.0.0.1')
    socket.write('GET /%c0%ae-my-secret HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
    let answer = ''
    socket.on('data', (chunk) => (answer += chunk.toString()))
    await once(socket, 'close')
    expect(answer).toMatch(/^HTTP\/1.1 400/)
    expect(answer).toMatch(/x-request-id: [0-9a-f-]{36}/)
    expect(answer).not.toContain('my-secret')
    await app.close()
  })

  it('are on the answer to an over-long parameter, with the phrase of its status', async () => {
    const app = await build({ frameworkErrors, routerOptions: { maxParamLength: 5 } })
    app.get('/:name', () => 'ok')
    const answer = await app.inject('/my-secret')
    expect(answer.headers['x-request-id']).toMatch(UUID)
    expect(answer.body).not.toContain('my-secret')
    expect(answer.json<{ error: string }>().error).toBe(STATUS_CODES[answer.statusCode])
    await app.close()
  })

  it('are on the answer of notFound, which holds nothing of the URL, and neither does the log', async () => {
    const lines: string[] = []
    const app = await build({
      logger: {
        level: 'info',
        serializers: { req: () => ({}) },
        stream: {
          write: (line: string) => void lines.push(line),
        },
      },
    })
    app.setNotFoundHandler(notFound)
    for (const url of ['/my-secret', '/my-secret?q=my-secret', '//my-secret', '/%6dy-secret%1b[31m']) {
      const answer = await app.inject({ method: 'POST', url })
      expect([answer.statusCode, answer.json<object>()]).toEqual([
        404,
        { statusCode: 404, code: 'NOT_FOUND', error: 'Not Found', message: 'There is nothing here.' },
      ])
      expect(answer.headers['x-request-id']).toMatch(UUID)
    }
    expect(lines.join()).not.toMatch(/secret/)
    await app.close()
  })

  it('ignore an inbound id that no trusted proxy sent', async () => {
    const spoofed = 'spoofed-by-a-client'
    for (const options of [{}, { requestIdHeader: 'x-request-id' }]) {
      const app = await build(options)
      const answer = await app.inject({
        url: '/',
        headers: { 'x-request-id': spoofed, 'x-forwarded-for': '198.51.100.7' },
      })
      expect(answer.headers['x-request-id']).toMatch(UUID)
      await app.close()
    }
  })

  it('take an inbound id of a trusted proxy when it is well-formed', async () => {
    const app = await build({ trustProxy: ['127.0.0.1'] })
    const send = (id: string): Promise<string> =>
      app
        .inject({ url: '/', headers: { 'x-request-id': id, 'x-forwarded-for': '198.51.100.7' } })
        .then((answer) => String(answer.headers['x-request-id']))
    expect(await send('edge-0123456789')).toBe('edge-0123456789')
    expect(await send('short')).toMatch(UUID)
    expect(await send('x'.repeat(129))).toMatch(UUID)
    expect(await send('has spaces in it')).toMatch(UUID)
    await app.close()
  })

  it("keep the app's own generator", async () => {
    let count = 0
    const app = await build({ genReqId: (raw) => `own-${String(raw.method)}-${++count}` })
    expect((await app.inject('/')).headers['x-request-id']).toMatch(/^own-GET-\d$/)
    await app.close()
  })
})
