import { strictCors } from '@portcullis/strict-cors'
import type { StrictCorsOptions } from '@portcullis/strict-cors'
import { userRateLimit } from '@portcullis/user-rate-limit'
import kernel from '@portcullis/kernel'
import Fastify from 'fastify'
import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import { describe, expect, it } from 'vitest'
import { accept, acceptRefusalToBoot } from './acceptance.ts'
import { warnAboutWildcard } from './flawed/warn-about-wildcard.ts'

const APP = 'https://app.yourapp.com'
const WWW = 'https://www.yourapp.com'
const EVIL = 'https://evil.example'
const origins = [APP, WWW]

function appWith(options: StrictCorsOptions): (withGate: boolean) => FastifyInstance {
  return (withGate) => {
    const app = Fastify()
    void app.register(kernel, { environment: 'production' })
    void app.register(userRateLimit, {
      policies: { few: { quota: 2, window: '1m', partitionKey: 'address' } },
      headers: 'both',
    })
    if (withGate) void app.register(strictCors, options)
    app.route({ method: ['GET', 'POST', 'PUT'], url: '/', handler: () => 'hello' })
    return app
  }
}

const preflight = (app: FastifyInstance, method: string, headers: Record<string, string> = {}) =>
  app.inject({
    method: 'OPTIONS',
    url: '/',
    headers: { origin: APP, 'access-control-request-method': method, ...headers },
  })

const read = (app: FastifyInstance, origin: string): Promise<LightMyRequestResponse> =>
  app.inject({ url: '/', headers: { origin } })

const honest = { url: '/' }
const grant = 'access-control-allow-origin'

describe('F31: cross-origin access is off until origins are given', () => {
  accept('given, it is on for them', {
    build: appWith({ origins }),
    honest,
    assert: async (app) => expect((await read(app, APP)).headers[grant]).toBe(APP),
  })

  it('not given, nothing is granted', async () => {
    const app = appWith({})(true)
    expect((await preflight(app, 'POST')).statusCode).toBe(404)
    for (const origin of [APP]) expect((await read(app, origin)).headers).not.toHaveProperty(grant)
    await app.close()
  })
})

describe('F32: origins are exact', () => {
  accept('those of the list and no other', {
    build: appWith({ origins, enforce: 'headers' }),
    honest,
    async assert(app) {
      for (const origin of origins) {
        expect(
          (
            await app.inject({
              method: 'OPTIONS',
              url: '/',
              headers: { origin, 'access-control-request-method': 'POST' },
            })
          ).headers[grant],
        ).toBe(origin)
      }
      for (const origin of [
        EVIL,
        'null',
        `${APP}.evil.example`,
        'http://app.yourapp.com',
        'https://yourapp.com',
      ]) {
        expect(
          (
            await app.inject({
              method: 'OPTIONS',
              url: '/',
              headers: { origin, 'access-control-request-method': 'POST' },
            })
          ).headers,
        ).not.toHaveProperty(grant)
      }
    },
  })
  acceptRefusalToBoot(
    'a wildcard does not start in production',
    appWith({ origins: ['*'] }),
    "['*']",
    'production',
  )

  it('F32: the sample warns about a wildcard and serves every origin', async () => {
    const app = Fastify()
    const warnings = warnAboutWildcard(app, { origins: ['*'], allowCredentials: false, production: true })
    app.get('/', () => 'hello')
    expect(warnings).toHaveLength(1)
    expect((await read(app, EVIL)).headers[grant]).toBe('*')
    await app.close()
  })
})

describe('F33: methods are listed', () => {
  accept('GET and POST without more, others by the option', {
    build: appWith({ origins }),
    honest,
    async assert(app) {
      expect((await preflight(app, 'POST')).headers['access-control-allow-methods']).toBe('GET, POST')
      expect((await preflight(app, 'PUT')).statusCode).toBe(403)
    },
  })
  accept('PUT where it is listed', {
    build: appWith({ origins, methods: ['PUT'] }),
    honest,
    assert: async (app) => expect((await preflight(app, 'PUT')).statusCode).toBe(204),
  })
})

describe('F34: request headers are listed', () => {
  accept('those of both lists of the guide, and no other', {
    build: appWith({ origins }),
    honest,
    async assert(app) {
      const names = (headers: string) => preflight(app, 'POST', { 'access-control-request-headers': headers })
      expect((await names('authorization,content-type,x-correlation-id,x-request-id')).statusCode).toBe(204)
      expect((await names('content-type,x-other')).statusCode).toBe(403)
    },
  })
})

describe('F35: credentials never go with a wildcard or a reflected origin', () => {
  accept('they go to an origin of the list', {
    build: appWith({ origins, credentials: true }),
    honest,
    async assert(app) {
      expect((await read(app, APP)).headers).toMatchObject({
        [grant]: APP,
        'access-control-allow-credentials': 'true',
      })
    },
  })
  for (const [what, options, says] of [
    ['a wildcard', { origins: ['*'], credentials: true }, 'List the origins'],
    ['reflection', { origins: true, credentials: true }, 'never true'],
    ['http', { origins: ['http://app.yourapp.com'], credentials: true }, APP],
  ] as const) {
    acceptRefusalToBoot(`with ${what} it does not start`, appWith(options as StrictCorsOptions), says)
  }
  it('nobody else gets them, nor may read any header', async () => {
    const app = appWith({ origins, credentials: true })(true)
    const { headers } = await read(app, EVIL)
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control-'))).toEqual([])
    await app.close()
  })

  it('F35: the sample reflects whoever asks, with credentials', async () => {
    const app = Fastify()
    warnAboutWildcard(app, { origins: ['*'], allowCredentials: true, production: true })
    app.get('/', () => 'hello')
    expect((await read(app, EVIL)).headers).toMatchObject({
      [grant]: EVIL,
      'access-control-allow-credentials': 'true',
    })
    await app.close()
  })
})

describe('F36: browsers can read limit headers, and remember preflights for a stated time', () => {
  accept('every header that a limit sends is exposed, on the refusal too', {
    build: appWith({ origins }),
    honest,
    async assert(app) {
      const sent = new Set<string>()
      const limits = /^(?:x-request-id|retry-after|(?:x-)?ratelimit.*)$/
      let reply = await read(app, APP)
      for (; reply.statusCode === 200; reply = await read(app, APP)) continue
      expect(reply.statusCode).toBe(429)
      for (const name of Object.keys(reply.headers)) if (limits.test(name)) sent.add(name)
      const exposed = String(reply.headers['access-control-expose-headers']).toLowerCase().split(', ')
      expect(sent.size).toBeGreaterThanOrEqual(5)
      expect(exposed).toEqual(expect.arrayContaining([...sent]))
    },
  })
  accept('an hour without more', {
    build: appWith({ origins }),
    honest,
    assert: async (app) =>
      expect((await preflight(app, 'POST')).headers['access-control-max-age']).toBe('3600'),
  })

  it('F36: with the sample, a page sees no limit header of a refusal', async () => {
    const app = appWith({})(false)
    warnAboutWildcard(app, { origins, allowCredentials: true, production: true })
    let reply = await read(app, APP)
    for (; reply.statusCode === 200; reply = await read(app, APP)) continue
    expect(reply.headers['retry-after']).toBeDefined()
    expect(reply.headers).not.toHaveProperty('access-control-expose-headers')
    await app.close()
  })
})
