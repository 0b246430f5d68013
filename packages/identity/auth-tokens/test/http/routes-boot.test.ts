import { generateKeyPairSync } from 'node:crypto'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { describe, expect, it } from 'vitest'
import { authTokens } from '../../src/index.ts'
import { authRoutes } from '../../src/routes/index.ts'
import { bearer, optionsWith } from '../app.ts'

async function complaintOf(app: FastifyInstance): Promise<string> {
  const error: unknown = await app.ready().then(
    () => undefined,
    (caught: unknown) => caught,
  )
  await app.close()
  return error instanceof Error ? error.message : 'it started'
}

describe('the routes', () => {
  it('do not start without authTokens in their scope', async () => {
    const alone = Fastify()
    alone.register(authRoutes, { prefix: '/auth' })
    expect(await complaintOf(alone)).toContain('authTokens is not registered in their scope')
    const beside = Fastify()
    beside.register(async (scope) => void scope.register(authTokens, optionsWith()))
    beside.register(authRoutes, { prefix: '/auth' })
    expect(await complaintOf(beside)).toContain('auth is not registered')
  })

  it('do not start where tokens are only verified', async () => {
    const noSecrets = Fastify()
    noSecrets.register(authTokens, optionsWith({ refreshSecrets: undefined }))
    noSecrets.register(authRoutes)
    expect(await complaintOf(noSecrets)).toContain('only verifies them')
    const { publicKey } = generateKeyPairSync('ed25519')
    const noPrivateKey = Fastify()
    const keys = [{ kid: 'a', alg: 'EdDSA' as const, publicKey }]
    noPrivateKey.register(authTokens, optionsWith({ algorithms: ['EdDSA'], keys }))
    noPrivateKey.register(authRoutes)
    expect(await complaintOf(noPrivateKey)).toContain('only verifies them')
  })

  it.each([
    ['a typo', { jwkPath: '/keys' }, "Did you mean 'jwksPath'?"],
    ['a path that is none', { jwksPath: 'keys' }, 'a path that begins with /'],
    ['no function', { authorizeIntrospection: true }, 'a function (request) => true or false'],
  ])('do not start with %s', async (_name, options, says) => {
    const app = Fastify()
    app.register(authTokens, optionsWith())
    app.register(authRoutes, options as never)
    expect(await complaintOf(app)).toContain(says)
  })

  it('work in any order, in a scope, and with the options that Fastify adds', async () => {
    const app = Fastify()
    app.register(async (scope) => {
      scope.register(authRoutes, { prefix: '/v1', logLevel: 'error' } as { prefix: string })
      scope.register(authTokens, optionsWith())
      scope.get('/token', async () => scope.tokens.issue({ subject: 'ada' }))
    })
    await app.ready()
    expect((await app.inject('/v1/sessions')).statusCode).toBe(401)
    expect(
      (await app.inject({ method: 'POST', url: '/v1/revoke', payload: { token: 'x' } })).statusCode,
    ).toBe(200)
    await app.close()
  })

  it('read bodies by themselves, whatever the app reads elsewhere', async () => {
    const app = Fastify()
    const everything = ['*', 'application/x-www-form-urlencoded', 'text/xml']
    for (const type of everything)
      app.addContentTypeParser(type, { parseAs: 'string' }, async () => ({
        grant_type: 'refresh_token',
        refresh_token: 'of the app',
      }))
    app.register(authTokens, optionsWith())
    app.register(authRoutes)
    app.post('/own', { config: { auth: false } }, (request) => request.body)
    const post = async (url: string, type: string): Promise<number> =>
      (await app.inject({ method: 'POST', url, headers: { 'content-type': type }, payload: 'token=x' }))
        .statusCode
    expect(await post('/revoke', 'application/x-www-form-urlencoded')).toBe(200)
    for (const type of ['text/xml', 'text/plain', 'application/octet-stream'])
      expect(await post('/revoke', type)).toBe(415)
    expect(await post('/own', 'text/xml')).toBe(200)
    await app.close()
  })

  it('leave what is not of the protocol to the error handler of the app', async () => {
    const app = Fastify()
    app.setErrorHandler((error: { code?: string; statusCode?: number }, _request, reply) =>
      reply.code(error.statusCode ?? 500).send({ mine: error.code }),
    )
    app.addHook('onRequest', async ({ headers }) => {
      if (headers['x-flood'] !== undefined)
        throw Object.assign(new Error('slow down'), { statusCode: 429, code: 'TOO_MANY' })
    })
    app.register(authTokens, optionsWith({ cookie: {} }))
    app.register(authRoutes)
    const post = async (headers: Record<string, string>): Promise<[number, unknown]> => {
      const payload = { grant_type: 'refresh_token', refresh_token: 'x' }
      const reply = await app.inject({ method: 'POST', url: '/token', headers, payload })
      return [reply.statusCode, reply.json()]
    }
    expect(await post({})).toEqual([400, { error: 'invalid_grant' }])
    expect(await post({ 'x-flood': '1' })).toEqual([429, { mine: 'TOO_MANY' }])
    const csrf = await app.inject({
      method: 'POST',
      url: '/token',
      headers: { 'sec-fetch-site': 'cross-site' },
      payload: { grant_type: 'refresh_token' },
    })
    expect([csrf.statusCode, csrf.json()]).toEqual([403, { mine: 'CROSS_SITE_REQUEST' }])
    await app.close()
  })

  it('have no body, nor any route, for the wrong method', async () => {
    const app = Fastify()
    app.register(authTokens, optionsWith())
    app.register(authRoutes)
    await app.ready()
    const { access_token: token } = await app.tokens.issue({ subject: 'ada' })
    for (const url of ['/token?grant_type=refresh_token&refresh_token=x', '/revoke?token=x', '/introspect'])
      expect((await app.inject({ url, headers: bearer(token) })).statusCode).toBe(404)
    const form = { 'content-type': 'application/x-www-form-urlencoded', ...bearer(token) }
    for (const payload of ['', 'a=b', '__proto__=x']) {
      const reply = await app.inject({ method: 'DELETE', url: '/sessions/nobody', headers: form, payload })
      expect(reply.statusCode).toBe(404)
    }
    await app.close()
  })
})

describe('the public keys', () => {
  it('are what another server verifies with', async () => {
    const { privateKey } = generateKeyPairSync('ed25519')
    const issuer = Fastify()
    const keys = [{ kid: 'd1', alg: 'EdDSA' as const, privateKey }]
    issuer.register(authTokens, optionsWith({ algorithms: ['EdDSA'], keys }))
    issuer.register(authRoutes)
    const url = await issuer.listen({ port: 0, host: '127.0.0.1' })
    const verifier = Fastify()
    const jwks = { url: `${url}/.well-known/jwks.json` }
    verifier.register(
      authTokens,
      optionsWith({ algorithms: ['EdDSA'], keys: undefined, refreshSecrets: undefined, jwks }),
    )
    verifier.get('/', (request) => request.resolvePrincipal())
    await verifier.ready()
    const { access_token: token } = await issuer.tokens.issue({ subject: 'ada' })
    expect((await verifier.inject({ url: '/', headers: bearer(token) })).json()).toMatchObject({ id: 'ada' })
    await verifier.close()
    await issuer.close()
  })
})
