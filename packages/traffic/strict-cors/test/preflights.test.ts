import { describe, expect, it } from 'vitest'
import Fastify from 'fastify'
import cors from '@fastify/cors'
import { strictCors } from '../src/index.ts'
import { APP, appWith, corsOf, EVIL, preflight } from './app.ts'

const ADMIN = 'https://admin.example.com'

describe('a preflight', () => {
  it('is answered for an origin of the list, and remembered for an hour', async () => {
    const app = appWith({ origins: [APP], methods: ['GET', 'PUT'] })
    app.put('/x', () => 'ok')
    const reply = await preflight(app, '/x', 'PUT', APP, {
      'access-control-request-headers': 'authorization,content-type',
    })
    expect(reply.statusCode).toBe(204)
    expect(reply.headers['content-length']).toBe('0')
    expect(reply.headers['x-request-id']).toBeDefined()
    expect(corsOf(reply)).toEqual({
      'access-control-allow-origin': APP,
      'access-control-allow-methods': 'GET, PUT',
      'access-control-allow-headers': 'Content-Type, Authorization, X-Request-ID, X-Correlation-ID',
      'access-control-max-age': '3600',
      vary: 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers',
    })
  })

  it.each([
    ['another origin', 'PUT', EVIL, {}],
    ['a method that is not listed', 'DELETE', APP, {}],
    ['a header that is not listed', 'PUT', APP, { 'access-control-request-headers': 'x-other' }],
    ['no origin', 'PUT', 'null', {}],
  ])('of %s is granted nothing', async (_what, method, origin, headers) => {
    for (const [options, status] of [
      [{}, 403],
      [{ enforce: 'headers' }, 204],
      [{ mode: 'measure' }, 204],
    ] as const) {
      const app = appWith({ origins: [APP], methods: ['PUT'], credentials: true, ...options })
      app.route({ method: ['PUT', 'DELETE'], url: '/x', handler: () => 'ok' })
      const reply = await preflight(app, '/x', method, origin, headers)
      expect(reply.statusCode).toBe(status)
      expect(Object.keys(corsOf(reply))).toEqual(['vary'])
    }
  })

  it('meets the policy of the route it asks for, by method and path', async () => {
    const app = appWith({ origins: [APP] })
    const only = (origin: string) => ({ config: { strictCors: { origins: [origin] } } })
    app.get('/users/:id', () => 'ok')
    app.post('/users/:id', only(ADMIN), () => 'ok')
    app.get('/files/*', only(ADMIN), () => 'ok')
    app.get('/files/public', () => 'ok')
    app.get('/off', { config: { strictCors: false } }, () => 'ok')
    app.register(
      async (scope) => {
        scope.register(strictCors, { origins: ['https://partner.example.com'] })
        scope.get('/', () => 'ok')
        scope.get('/deep/:a-:b', () => 'ok')
      },
      { prefix: '/partners' },
    )
    const cases: [string, string, string, number][] = [
      ['/users/7?x=1', 'GET', APP, 204],
      ['/users/7', 'GET', ADMIN, 403],
      ['/users/7', 'POST', ADMIN, 204],
      ['/users/7', 'POST', APP, 403],
      ['/users/7', 'HEAD', APP, 204],
      ['/users/%37', 'POST', ADMIN, 204],
      ['/files/a/b', 'GET', ADMIN, 204],
      ['/files/a/b', 'HEAD', ADMIN, 204],
      ['/files/public', 'GET', APP, 204],
      ['/files/public', 'GET', ADMIN, 403],
      ['/partners', 'GET', 'https://partner.example.com', 204],
      ['/partners/', 'GET', 'https://partner.example.com', 204],
      ['/partners/deep/1-2', 'GET', 'https://partner.example.com', 204],
      ['/partners', 'GET', APP, 403],
      ['/off', 'GET', APP, 404],
      ['/nowhere', 'GET', APP, 404],
      ['/users/7', 'DELETE', APP, 404],
      ['/users/7/more', 'GET', APP, 404],
      ['*', 'GET', APP, 404],
    ]
    for (const [url, method, origin, status] of cases) {
      const reply = await preflight(app, url, method, origin)
      expect([url, method, origin, reply.statusCode]).toEqual([url, method, origin, status])
      const granted = reply.statusCode === 204 ? origin : undefined
      if (status !== 404) expect(reply.headers['access-control-allow-origin']).toBe(granted)
      expect(reply.headers['x-request-id']).toBeDefined()
    }
  })

  it('is not remembered where methods of the path have other policies', async () => {
    const app = appWith({ origins: [APP], methods: ['GET', 'PUT', 'DELETE'] })
    app.put('/x', () => 'ok')
    app.delete('/x', { config: { strictCors: { origins: [ADMIN] } } }, () => 'ok')
    expect((await preflight(app, '/x', 'PUT')).headers['access-control-max-age']).toBe('0')
  })

  it('follows the host of a route', async () => {
    const app = appWith({ origins: [APP] })
    app.get('/x', { constraints: { host: 'a.example.com' } }, () => 'a')
    app.get(
      '/x',
      { constraints: { host: 'b.example.com' }, config: { strictCors: { origins: [ADMIN] } } },
      () => 'b',
    )
    const at = async (host: string, origin: string) =>
      (await preflight(app, '/x', 'GET', origin, { host })).statusCode
    expect(await at('a.example.com', APP)).toBe(204)
    expect(await at('a.example.com', ADMIN)).toBe(403)
    expect(await at('b.example.com', ADMIN)).toBe(204)
    expect(await at('b.example.com', APP)).toBe(403)
    expect(await at('c.example.com', APP)).toBe(404)
  })

  it('of routes that differ by a version is granted where all grant it, since it does not tell the version', async () => {
    const app = appWith({ origins: [APP] })
    app.get('/same', { constraints: { version: '1.0.0' } }, () => 'a')
    app.get('/same', { constraints: { version: '2.0.0' } }, () => 'b')
    app.get('/users/me', { constraints: { version: '1.0.0' } }, () => 'a')
    app.get('/users/:id', { config: { strictCors: { origins: [ADMIN] } } }, () => 'b')
    expect((await preflight(app, '/same', 'GET')).statusCode).toBe(204)
    expect((await preflight(app, '/users/me', 'GET')).statusCode).toBe(403)
    expect((await preflight(app, '/users/me', 'GET', ADMIN)).statusCode).toBe(403)
    expect((await preflight(app, '/users/7', 'GET', ADMIN)).statusCode).toBe(204)
  })

  it('reads paths as the app does', async () => {
    const routerOptions = { caseSensitive: false, ignoreTrailingSlash: true, ignoreDuplicateSlashes: true }
    const app = appWith({ origins: [APP] }, { routerOptions })
    app.get('/Some/Path', () => 'ok')
    expect((await preflight(app, '//some/PATH/', 'GET')).statusCode).toBe(204)
    const strict = appWith({ origins: [APP] })
    strict.get('/Some/Path', () => 'ok')
    expect((await preflight(strict, '/some/path', 'GET')).statusCode).toBe(404)
  })

  it('is answered before hooks that were there first, which know nothing of it', async () => {
    const app = Fastify()
    app.addHook('onRequest', async (_request, reply) => reply.code(401).send('who are you?'))
    app.register(strictCors, { origins: [APP] })
    app.get('/x', () => 'ok')
    expect((await preflight(app, '/x', 'GET')).statusCode).toBe(204)
    const reply = await app.inject({ url: '/x', headers: { origin: APP } })
    expect([reply.statusCode, reply.headers['access-control-allow-origin']]).toEqual([401, APP])
  })

  it('is left to an OPTIONS route that switches the gate off', async () => {
    const app = appWith({ origins: [APP] })
    app.get('/x', () => 'ok')
    app.options('/x', { config: { strictCors: false } }, () => 'mine')
    expect((await preflight(app, '/x', 'GET')).body).toBe('mine')
  })

  it('and answers keep to the policy beside @fastify/cors with any origin, in both orders', async () => {
    for (const first of [true, false]) {
      const app = Fastify()
      const open = { origin: true, credentials: true, exposedHeaders: ['Link'] }
      if (first) app.register(cors, open)
      app.register(strictCors, { origins: [APP] })
      if (!first) app.register(cors, open)
      app.get('/x', () => 'ok')
      expect((await preflight(app, '/x', 'GET', EVIL)).statusCode).toBe(403)
      const reply = await app.inject({ url: '/x', headers: { origin: EVIL } })
      expect(corsOf(reply)).toEqual({ vary: 'Origin' })
    }
  })
})
