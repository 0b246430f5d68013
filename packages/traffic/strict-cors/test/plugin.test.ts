import { frameworkErrors } from '@portcullis/kernel'
import Fastify from 'fastify'
import { describe, expect, it } from 'vitest'
import { strictCors } from '../src/index.ts'
import type { StrictCorsOptions } from '../src/index.ts'
import { APP, appWith, corsOf, EVIL, preflight } from './app.ts'

const EXPOSED =
  'X-Request-ID, RateLimit, RateLimit-Policy, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, Retry-After'

describe('answers', () => {
  it('without origins are as they were, and boot says that nothing is on', async () => {
    const lines: string[] = []
    const stream = { write: (line: string) => void lines.push(line) }
    const app = appWith({}, { logger: { level: 'warn', stream } })
    app.post('/x', () => 'ok')
    const reply = await app.inject({ method: 'POST', url: '/x', headers: { origin: EVIL } })
    expect([reply.statusCode, corsOf(reply)]).toEqual([200, {}])
    expect((await preflight(app, '/x', 'POST')).statusCode).toBe(404)
    expect(lines.join('')).toContain('PORTCULLIS_STRICT_CORS_OFF')
  })

  it('grant an origin of the list what the policy says, and others nothing, with Vary on all', async () => {
    const app = appWith({ origins: [APP], credentials: true, exposedHeaders: ['Link'] })
    app.get('/x', () => 'ok')
    expect(corsOf(await app.inject({ url: '/x', headers: { origin: APP } }))).toEqual({
      'access-control-allow-origin': APP,
      'access-control-allow-credentials': 'true',
      'access-control-expose-headers': `${EXPOSED}, Link`,
      vary: 'Origin',
    })
    for (const origin of [
      EVIL,
      'null',
      '',
      `${APP}.evil.example`,
      `${APP}:444`,
      'http://app.example.com',
      `${APP}, ${EVIL}`,
    ]) {
      expect(corsOf(await app.inject({ url: '/x', headers: { origin } }))).toEqual({ vary: 'Origin' })
    }
    expect(corsOf(await app.inject('/x'))).toEqual({ vary: 'Origin' })
  })

  it('to a method that is not listed grant nothing', async () => {
    const app = appWith({ origins: [APP], methods: ['GET'], enforce: 'headers' })
    app.route({ method: ['GET', 'POST'], url: '/x', handler: () => 'ok' })
    const send = async (method: 'POST' | 'GET' | 'HEAD') =>
      (await app.inject({ method, url: '/x', headers: { origin: APP } })).headers[
        'access-control-allow-origin'
      ]
    expect([await send('GET'), await send('HEAD'), await send('POST')]).toEqual([APP, APP, undefined])
  })

  it('carry the headers on every way to fail', async () => {
    const app = appWith({ origins: [APP], credentials: true }, { bodyLimit: 10, frameworkErrors })
    app.addHook('onRequest', async (request, reply) => {
      if (request.headers['x-anonymous'] !== undefined) await reply.code(401).send({ code: 'WHO' })
    })
    app.post('/x', () => 'ok')
    app.get('/fails', () => {
      throw new Error('it failed')
    })
    app.get('/busy', (_request, reply) => reply.code(429).header('retry-after', '1').send('busy'))
    const json = { 'content-type': 'application/json' }
    const failures = [
      [401, { method: 'POST', url: '/x', headers: { 'x-anonymous': '1' } }],
      [413, { method: 'POST', url: '/x', headers: json, payload: JSON.stringify('a'.repeat(50)) }],
      [400, { method: 'POST', url: '/x', headers: json, payload: '{' }],
      [415, { method: 'POST', url: '/x', headers: { 'content-type': 'a/b' }, payload: 'a' }],
      [500, { url: '/fails' }],
      [429, { url: '/busy' }],
      [404, { url: '/nowhere' }],
      [400, { url: '/%zz' }],
    ] as const
    for (const [status, request] of failures) {
      for (const origin of [APP, EVIL]) {
        const headers = { ...('headers' in request ? request.headers : {}), origin }
        if (origin === EVIL && 'method' in request) continue
        const reply = await app.inject({ ...request, headers })
        expect([request.url, reply.statusCode]).toEqual([request.url, status])
        expect(reply.headers['vary']).toBe('Origin')
        expect(reply.headers['access-control-allow-origin']).toBe(origin === APP ? APP : undefined)
        expect(reply.headers['access-control-allow-credentials']).toBe(origin === APP ? 'true' : undefined)
      }
    }
  })

  it('keep to the policy where a handler sets these headers itself', async () => {
    const app = appWith({ origins: [APP] })
    app.get('/x', (_request, reply) =>
      reply
        .header('access-control-allow-origin', '*')
        .header('access-control-allow-credentials', 'true')
        .header('vary', 'Accept-Encoding')
        .send('ok'),
    )
    expect(corsOf(await app.inject({ url: '/x', headers: { origin: EVIL } }))).toEqual({
      vary: 'Accept-Encoding, Origin',
    })
    const granted = corsOf(await app.inject({ url: '/x', headers: { origin: APP } }))
    expect(granted).toMatchObject({ 'access-control-allow-origin': APP, vary: 'Accept-Encoding, Origin' })
    expect(granted).not.toHaveProperty('access-control-allow-credentials')
  })
})

describe('an unsafe request', () => {
  const served = async (
    options: StrictCorsOptions,
    headers: Record<string, string>,
    method: 'POST' | 'GET' | 'PUT' = 'POST',
  ) => {
    const app = appWith(options)
    let ran = false
    app.route({
      method: ['GET', 'POST', 'PUT'],
      url: '/x',
      handler() {
        ran = true
        return 'ok'
      },
    })
    const reply = await app.inject({ method, url: '/x', headers: { host: 'api.example.com', ...headers } })
    expect(ran).toBe(reply.statusCode === 200)
    return reply.statusCode === 200 ? 200 : reply.json<{ code: string }>().code
  }
  const origins = [APP]
  const cases: [string, StrictCorsOptions, Record<string, string>, number | string][] = [
    ['of a foreign origin', { origins }, { origin: EVIL }, 'ORIGIN_NOT_ALLOWED'],
    ['of no origin', { origins }, { origin: 'null' }, 'ORIGIN_NOT_ALLOWED'],
    ['of a listed origin', { origins }, { origin: APP, 'sec-fetch-site': 'same-site' }, 200],
    ['of the app itself', { origins }, { origin: 'https://api.example.com' }, 200],
    [
      'of the app itself as Fetch metadata say',
      { origins },
      { origin: 'null', 'sec-fetch-site': 'same-origin' },
      200,
    ],
    ['of a program', { origins }, {}, 200],
    ['of a foreign origin, by headers alone', { origins, enforce: 'headers' }, { origin: EVIL }, 200],
    ['of a foreign origin, measured', { origins, mode: 'measure' }, { origin: EVIL }, 200],
    [
      'of another site that hides its origin',
      { origins, csrf: true },
      { 'sec-fetch-site': 'cross-site' },
      'CROSS_SITE_REQUEST',
    ],
    [
      'of a sibling domain',
      { csrf: true },
      { 'sec-fetch-site': 'same-site', origin: EVIL },
      'CROSS_SITE_REQUEST',
    ],
    ['of the address bar', { csrf: true }, { 'sec-fetch-site': 'none' }, 200],
    ['of a browser without Fetch metadata', { csrf: true }, { origin: EVIL }, 'CROSS_SITE_REQUEST'],
    ['of a program, with csrf', { csrf: true }, {}, 200],
    [
      'of a listed origin, with csrf',
      { origins, csrf: true },
      { origin: APP, 'sec-fetch-site': 'cross-site' },
      200,
    ],
    ['of a foreign origin, csrf measured', { csrf: true, mode: 'measure' }, { origin: EVIL }, 200],
    [
      'with two Fetch metadata',
      { csrf: true },
      { 'sec-fetch-site': 'same-origin, cross-site' },
      'CROSS_SITE_REQUEST',
    ],
  ]
  it.each(cases)('%s', async (_what, options, headers, expected) => {
    expect(await served(options, headers)).toBe(expected)
    expect(await served(options, headers, 'GET')).toBe(200)
  })

  it('of a method that the list does not have is foreign too', async () => {
    expect(await served({ origins }, { origin: APP }, 'PUT')).toBe('ORIGIN_NOT_ALLOWED')
  })

  it('publishes what was refused and why, without the origin', async () => {
    const app = appWith({ origins, csrf: true })
    app.post('/x', () => 'ok')
    await app.ready()
    const seen: unknown[] = []
    app.securityEvents.subscribe(({ type, outcome, details }) => void seen.push({ type, outcome, details }))
    await app.inject({ method: 'POST', url: '/x', headers: { origin: EVIL } })
    await preflight(app, '/x', 'POST', EVIL)
    await app.inject({ method: 'POST', url: '/x', headers: { 'sec-fetch-site': 'cross-site' } })
    const event = (code: string, reason: string) => ({
      type: 'origin.refused',
      outcome: 'refused',
      details: { code, reason },
    })
    expect(seen).toEqual([
      event('ORIGIN_NOT_ALLOWED', 'origin'),
      event('ORIGIN_NOT_ALLOWED', 'preflight: origin'),
      event('CROSS_SITE_REQUEST', 'cross-site'),
    ])
    expect(JSON.stringify(seen)).not.toContain('evil')
  })
})

describe('in production', () => {
  const boot = (options: StrictCorsOptions) => {
    const app = Fastify()
    void app.register(strictCors, options)
    return app.ready()
  }
  const unsafe: [string, StrictCorsOptions][] = [
    ['every origin', { origins: ['*'] }],
    ['credentials for the user’s own machine', { origins: ['http://localhost:5173'], credentials: true }],
  ]
  it.each(unsafe)('%s does not boot, and does in development', async (_what, options) => {
    const before = process.env['NODE_ENV']
    try {
      process.env['NODE_ENV'] = 'production'
      await expect(boot(options)).rejects.toThrow(/refuses to start in production/)
      process.env['NODE_ENV'] = 'development'
      await boot(options)
    } finally {
      process.env['NODE_ENV'] = before
    }
  })

  it('every origin, where it is let in, is answered with * and no name', async () => {
    const app = appWith({ origins: ['*'] })
    app.get('/x', () => 'ok')
    const reply = await app.inject({ url: '/x', headers: { origin: EVIL } })
    expect(reply.headers['access-control-allow-origin']).toBe('*')
    expect((await preflight(app, '/x', 'GET', EVIL)).headers['access-control-allow-origin']).toBe('*')
  })
})

describe('security headers', () => {
  it('are on every answer, errors and 404 included, and a handler may replace one', async () => {
    const app = appWith({ securityHeaders: true }, { frameworkErrors })
    app.get('/', () => 'ok')
    app.get('/page', (_request, reply) =>
      reply.header('content-security-policy', "default-src 'self'").send('ok'),
    )
    for (const url of ['/', '/nowhere', '/%zz']) {
      expect((await app.inject(url)).headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
        'referrer-policy': 'no-referrer',
        'strict-transport-security': 'max-age=31536000; includeSubDomains',
      })
    }
    expect((await app.inject('/page')).headers['content-security-policy']).toBe("default-src 'self'")
  })

  it('keep answers to somebody out of caches, unless the handler decides', async () => {
    const app = appWith({ securityHeaders: true, hsts: 0 })
    app.get('/', () => 'ok')
    app.get('/own', (_request, reply) => reply.header('cache-control', 'private, max-age=5').send('ok'))
    app.get('/login', (_request, reply) => reply.header('set-cookie', 'a=b').send('ok'))
    app.get('/asks', async (request) => request.resolvePrincipal())
    const control = async (url: string, headers = {}) =>
      (await app.inject({ url, headers })).headers['cache-control']
    expect(await control('/')).toBeUndefined()
    expect(await control('/asks')).toBeUndefined()
    expect(await control('/', { authorization: 'Bearer a' })).toBe('no-store')
    expect(await control('/', { cookie: 'a=b' })).toBe('no-store')
    expect(await control('/login')).toBe('no-store')
    expect(await control('/own', { cookie: 'a=b' })).toBe('private, max-age=5')
    expect((await app.inject('/')).headers).not.toHaveProperty('strict-transport-security')
  })
})
