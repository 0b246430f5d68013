import { connect } from 'node:net'
import kernel, { frameworkErrors } from '@portcullis/kernel'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyServerOptions, InjectOptions } from 'fastify'
import { describe, expect, it } from 'vitest'
import { accept } from './acceptance.ts'

const UUID = /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/
const honest: InjectOptions = { url: '/' }

/** A server with one of every kind of answer. */
function appWith(options: FastifyServerOptions = {}): (withGate: boolean) => FastifyInstance {
  return (withGate) => {
    const app = Fastify({ frameworkErrors, ...options })
    if (withGate) void app.register(kernel)
    app.get('/', async (request) => ({ id: request.id }))
    app.get('/fails', async () => {
      throw new Error('it failed')
    })
    app.post('/body', async () => ({}))
    return app
  }
}

async function idOf(app: FastifyInstance, request: InjectOptions): Promise<unknown> {
  return (await app.inject(request)).headers['x-request-id']
}

const wellFormed = '0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b'
const fromProxy = (id: string): InjectOptions => ({
  url: '/',
  remoteAddress: '10.0.0.1',
  headers: { 'x-request-id': id, 'x-forwarded-for': '203.0.113.9' },
})

describe('F34: every reply carries a request id', () => {
  const answers: [string, number, InjectOptions][] = [
    ['an answer', 200, { url: '/' }],
    ['a HEAD', 200, { method: 'HEAD', url: '/' }],
    ['a route that is not there', 404, { url: '/nowhere' }],
    ['a method that is not there', 404, { method: 'DELETE', url: '/' }],
    ['a handler that fails', 500, { url: '/fails' }],
    ['a body that is no JSON', 400, jsonBody('{')],
    ['a body of an unknown type', 415, { ...jsonBody('{}'), headers: { 'content-type': 'a/b' } }],
    ['a body that is too large', 413, jsonBody(`"${'a'.repeat(2_000)}"`)],
    ['a URL that cannot be decoded', 400, { url: '/%' }],
  ]
  for (const [what, status, request] of answers) {
    accept(`on ${what}`, {
      build: appWith({ bodyLimit: 1_000 }),
      honest,
      async assert(app) {
        const answer = await app.inject(request)
        expect(answer.statusCode).toBe(status)
        const id = answer.headers['x-request-id']
        expect(id).toEqual(expect.stringMatching(UUID))
        expect(await idOf(app, request)).not.toBe(id)
      },
    })
  }

  accept('it is the id of the request, in the app as in its logs', {
    build: appWith(),
    honest,
    async assert(app) {
      const answer = await app.inject('/')
      expect(answer.headers['x-request-id']).toBe(answer.json<{ id: string }>().id)
    },
  })
})

describe('F34: an inbound request id is accepted only when it is well-formed and from a trusted proxy', () => {
  accept('from a trusted proxy', {
    build: appWith({ trustProxy: '10.0.0.0/8' }),
    honest,
    async assert(app) {
      expect(await idOf(app, fromProxy(wellFormed))).toBe(wellFormed)
      expect((await app.inject(fromProxy(wellFormed))).json()).toEqual({ id: wellFormed })
    },
  })

  const strangers: [string, FastifyServerOptions, InjectOptions][] = [
    ['no proxy is trusted', {}, fromProxy(wellFormed)],
    ['the sender is not the trusted one', { trustProxy: '10.1.0.0/16' }, fromProxy(wellFormed)],
    [
      'the app itself takes ids from a header',
      { requestIdHeader: 'x-request-id' },
      { ...fromProxy(wellFormed), remoteAddress: '203.0.113.9' },
    ],
  ]
  for (const [why, options, request] of strangers) {
    accept(`not where ${why}`, {
      build: appWith(options),
      honest,
      async assert(app) {
        const id = await idOf(app, request)
        expect(id).not.toBe(wellFormed)
        expect(id).toEqual(expect.stringMatching(UUID))
      },
    })
  }

  const malformed = [
    'short',
    'a'.repeat(129),
    'with space',
    '<script>alert(1)</script>',
    'ü'.repeat(10),
    `${wellFormed},b`,
  ]
  for (const id of malformed) {
    accept(`not when it is ${JSON.stringify(id.slice(0, 30))}`, {
      build: appWith({ trustProxy: '10.0.0.0/8' }),
      honest,
      assert: async (app) => expect(await idOf(app, fromProxy(id))).toEqual(expect.stringMatching(UUID)),
    })
  }

  accept('nor when it comes twice', {
    build: appWith({ trustProxy: '127.0.0.1' }),
    honest,
    async assert(app) {
      const { port } = new URL(await app.listen({ host: '127.0.0.1', port: 0 }))
      const lines = [
        'GET / HTTP/1.1',
        'Host: shop.example',
        'X-Forwarded-For: 203.0.113.9',
        `X-Request-ID: ${wellFormed}`,
        `X-Request-ID: ${wellFormed}`,
        'Connection: close',
      ]
      const answer = await exchange(Number(port), `${lines.join('\r\n')}\r\n\r\n`)
      const id = /^x-request-id: (.*)$/im.exec(answer)?.[1]
      expect(id).toEqual(expect.stringMatching(UUID))
      expect(id).not.toBe(wellFormed)
    },
  })
})

/** Sends bytes over a socket of their own. @returns all that came back */
async function exchange(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' })
    let answer = ''
    socket.setEncoding('utf8')
    socket.once('connect', () => socket.write(text))
    socket.on('data', (chunk) => {
      answer += String(chunk)
    })
    socket.once('error', reject)
    socket.once('close', () => resolve(answer))
  })
}

function jsonBody(payload: string): InjectOptions {
  return { method: 'POST', url: '/body', headers: { 'content-type': 'application/json' }, payload }
}

it('F34: the id that Fastify makes by itself counts requests, and is replaced', async () => {
  const app = appWith()(false)
  expect((await app.inject('/')).json()).toEqual({ id: 'req-1' })
  await app.close()
})
