import { generateKeyPairSync } from 'node:crypto'
import { createLocalJWKSet, jwtVerify } from 'jose'
import type { JSONWebKeySet } from 'jose'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bearer } from '../app.ts'
import { FORM, routesApp } from './routes-app.ts'
import type { RoutesApp } from './routes-app.ts'

let routes: RoutesApp
beforeEach(async () => {
  routes = await routesApp({}, { authorizeIntrospection: ({ headers }) => headers['x-service'] === 'yes' })
})
afterEach(() => routes.app.close())

const refresh = (token: string): Record<string, string> => ({
  grant_type: 'refresh_token',
  refresh_token: token,
})

const status = async (token: string): Promise<number> =>
  (await routes.app.inject({ url: '/', headers: bearer(token) })).statusCode

describe('POST /token', () => {
  it('exchanges a refresh token, in a form or in JSON', async () => {
    const first = await routes.signIn()
    const form = await routes.post('/auth/token', refresh(first.refresh_token))
    expect(form.statusCode).toBe(200)
    expect(form.headers['cache-control']).toBe('no-store')
    expect(form.headers['set-cookie']).toBeUndefined()
    const second = form.json<Record<string, string>>()
    expect(Object.keys(second).toSorted()).toEqual([
      'access_token',
      'expires_in',
      'refresh_token',
      'token_type',
    ])
    expect(second).toMatchObject({ token_type: 'bearer', expires_in: 900 })
    expect(await status(second['access_token'] ?? '')).toBe(200)
    const payload = refresh(second['refresh_token'] ?? '')
    const json = await routes.app.inject({ method: 'POST', url: '/auth/token', payload })
    expect(json.statusCode).toBe(200)
  })

  it('says invalid_grant of whatever is no refresh token, and nothing else', async () => {
    const { access_token: access, refresh_token: token } = await routes.signIn()
    await routes.app.tokens.revokeAll('ada')
    const wrong = [
      token,
      access,
      `${token}A`,
      'x',
      'rt1.a.0.b.c',
      'é'.repeat(2_000),
      'x'.repeat(16_000),
      '%00',
      '..',
    ]
    for (const one of wrong) {
      const reply = await routes.post('/auth/token', refresh(one))
      expect([reply.statusCode, reply.body], one.slice(0, 20)).toEqual([400, '{"error":"invalid_grant"}'])
      expect(reply.headers['cache-control']).toBe('no-store')
      expect(reply.headers['www-authenticate']).toBeUndefined()
    }
    const failures = routes.events.filter(({ type }) => type === 'auth.failure')
    expect(failures).toHaveLength(wrong.length)
    expect(failures[0]).toMatchObject({
      outcome: 'refused',
      details: { reason: 'INVALID_GRANT' },
      route: '/auth/token',
    })
  })

  it('is not troubled by an access token that has expired or is wrong', async () => {
    const { refresh_token: token } = await routes.signIn()
    const reply = await routes.post('/auth/token', refresh(token), bearer('expired'))
    expect(reply.statusCode).toBe(200)
  })

  it.each([
    ['another grant', { grant_type: 'password', username: 'ada' }, 'unsupported_grant_type'],
    ['another case', { grant_type: 'Refresh_Token' }, 'unsupported_grant_type'],
    ['no grant', { refresh_token: 'x' }, 'invalid_request'],
    ['no token', { grant_type: 'refresh_token' }, 'invalid_request'],
    ['an empty token', { grant_type: 'refresh_token', refresh_token: '' }, 'invalid_request'],
    ['prototype keys', '__proto__[grant_type]=refresh_token&constructor=x&__proto__=x', 'invalid_request'],
    ['one parameter twice', 'grant_type=refresh_token&refresh_token=a&refresh_token=b', 'invalid_request'],
    ['an array in brackets', 'grant_type=refresh_token&refresh_token[]=a', 'invalid_request'],
    ['nothing', '', 'invalid_request'],
    ['only separators', '&&&===&&', 'invalid_request'],
  ])('says what is wrong with %s', async (_name, form, error) => {
    const reply = await routes.post('/auth/token', form)
    expect([reply.statusCode, reply.json()]).toEqual([400, { error }])
  })

  it.each([
    ['a number', '{"grant_type":"refresh_token","refresh_token":5}', 'application/json', 400],
    ['an array', '["refresh_token"]', 'application/json', 400],
    ['null', 'null', 'application/json', 400],
    ['half a document', '{"grant_type":', 'application/json', 400],
    [
      'a prototype',
      '{"__proto__":{"grant_type":"refresh_token"},"refresh_token":"x"}',
      'application/json',
      400,
    ],
    [
      'a constructor',
      '{"constructor":{"prototype":{"a":1}},"grant_type":"refresh_token","refresh_token":"x"}',
      'application/json',
      400,
    ],
    [
      'what is longer than any token',
      `grant_type=refresh_token&refresh_token=${'x'.repeat(16_384)}`,
      FORM,
      413,
    ],
    ['a megabyte', `grant_type=refresh_token&refresh_token=${'x'.repeat(1_048_576)}`, FORM, 413],
    ['a megabyte of JSON', `"${'x'.repeat(1_048_576)}"`, 'application/json', 413],
    ['another charset', 'grant_type=refresh_token&refresh_token=x', `${FORM}; charset=utf-16le`, 400],
    ['a quoted charset', 'grant_type=refresh_token&refresh_token=x', `${FORM};charset="ISO-8859-1"`, 400],
    ['plain text', '{"grant_type":"refresh_token","refresh_token":"x"}', 'text/plain', 415],
    ['multipart', 'x', 'multipart/form-data; boundary=x', 415],
  ])('takes no body such as %s', async (_name, payload, type, statusCode) => {
    const reply = await routes.app.inject({
      method: 'POST',
      url: '/auth/token',
      headers: { 'content-type': type },
      payload,
    })
    expect([reply.statusCode, reply.body]).toEqual([statusCode, '{"error":"invalid_request"}'])
  })

  it('reads UTF-8 by any of its names', async () => {
    for (const charset of ['utf-8', 'UTF-8', '"utf-8"', 'utf8']) {
      const { refresh_token: token } = await routes.signIn()
      const headers = { 'content-type': `${FORM}; charset=${charset}` }
      expect((await routes.post('/auth/token', refresh(token), headers)).statusCode, charset).toBe(200)
    }
  })
})

describe('POST /revoke', () => {
  it('revokes an access token alone, and the session of a refresh token', async () => {
    const pair = await routes.signIn()
    const first = await routes.post('/auth/revoke', { token: pair.access_token })
    expect([first.statusCode, first.body]).toEqual([200, ''])
    expect(await status(pair.access_token)).toBe(401)
    const next = (await routes.post('/auth/token', refresh(pair.refresh_token))).json<{
      access_token: string
      refresh_token: string
    }>()
    const hint = { token: next.refresh_token, token_type_hint: 'access_token' }
    expect((await routes.post('/auth/revoke', hint)).statusCode).toBe(200)
    expect(await status(next.access_token)).toBe(401)
    expect((await routes.post('/auth/token', refresh(next.refresh_token))).statusCode).toBe(400)
  })

  it('answers the same for what is no token', async () => {
    for (const token of ['x', 'a.b.c', 'rt1.a.0.b.c', 'é', '..', 'x'.repeat(10_000)]) {
      const reply = await routes.post('/auth/revoke', { token, token_type_hint: 'whatever' })
      expect([reply.statusCode, reply.body]).toEqual([200, ''])
    }
    expect((await routes.post('/auth/revoke', {})).json()).toEqual({ error: 'invalid_request' })
    expect((await routes.app.inject({ method: 'POST', url: '/auth/revoke' })).statusCode).toBe(400)
  })
})

describe('POST /introspect', () => {
  const service = { 'x-service': 'yes' }

  it('tells the claims of a token while it is valid', async () => {
    const { access_token: access, refresh_token: token } = await routes.app.tokens.issue({
      subject: 'ada',
      permissions: ['orders:read', 'orders:write'],
      claims: { active: false, plan: 'pro' },
    })
    const reply = await routes.post('/auth/introspect', { token: access }, service)
    expect(reply.headers['cache-control']).toBe('no-store')
    const body = reply.json<{ sid: string }>()
    expect(body).toMatchObject({
      active: true,
      sub: 'ada',
      iss: 'https://auth.example.com',
      aud: 'https://api.example.com',
      scope: 'orders:read orders:write',
      token_type: 'Bearer',
      plan: 'pro',
    })
    const ofSession = (await routes.post('/auth/introspect', { token }, service)).json<{ exp: number }>()
    expect(ofSession).toMatchObject({ active: true, sub: 'ada', sid: body.sid })
    expect(ofSession.exp).toBeGreaterThan(Date.now() / 1000)
    await routes.app.tokens.revokeAll('ada')
    for (const dead of [access, token, 'x', '']) {
      const after = await routes.post('/auth/introspect', `token=${dead}`, service)
      expect(after.json()).toEqual(dead === '' ? { error: 'invalid_request' } : { active: false })
    }
  })

  it('is for those alone whom the app lets ask', async () => {
    const { access_token: token } = await routes.signIn()
    const reply = await routes.post('/auth/introspect', { token })
    expect([reply.statusCode, reply.json()]).toEqual([401, { error: 'invalid_client' }])
    expect(reply.headers['www-authenticate']).toContain('Bearer')
    expect(routes.events.at(-1)).toMatchObject({
      type: 'auth.failure',
      details: { reason: 'INVALID_CLIENT' },
    })
    const truthy = await routesApp({}, { authorizeIntrospection: (() => 'yes') as never })
    expect((await truthy.post('/auth/introspect', { token })).statusCode).toBe(401)
    await truthy.app.close()
    const closed = await routesApp()
    expect((await closed.post('/auth/introspect', { token })).statusCode).toBe(404)
    await closed.app.close()
  })

  it('may ask who the caller is', async () => {
    const own = await routesApp(
      {},
      { authorizeIntrospection: async (request) => (await request.resolvePrincipal()).kind === 'service' },
    )
    const { access_token: ada } = await own.signIn()
    const gateway = await own.app.tokens.issue({ subject: 'gateway', kind: 'service' })
    expect((await own.post('/auth/introspect', { token: ada }, bearer(ada))).statusCode).toBe(401)
    const reply = await own.post('/auth/introspect', { token: ada }, bearer(gateway.access_token))
    expect(reply.json()).toMatchObject({ active: true, sub: 'ada' })
    await own.app.close()
  })
})

describe('sessions', () => {
  interface Listed {
    sessions: { id: string; current: boolean }[]
  }
  const list = async (token: string): Promise<Listed['sessions']> =>
    (await routes.app.inject({ url: '/auth/sessions', headers: bearer(token) })).json<Listed>().sessions
  const end = async (token: string, path = ''): Promise<number> =>
    (
      await routes.app.inject({
        method: 'DELETE',
        url: `/auth/sessions${path}`,
        headers: bearer(token),
      })
    ).statusCode

  it('are listed for their owner alone', async () => {
    const one = await routes.signIn()
    const two = await routes.signIn()
    await routes.signIn('bob')
    const own = await list(one.access_token)
    expect(own).toHaveLength(2)
    expect(own.filter(({ current }) => current)).toHaveLength(1)
    expect((await list(two.access_token)).find(({ current }) => current)?.id).not.toBe(
      own.find(({ current }) => current)?.id,
    )
    const nobody = await routes.app.inject('/auth/sessions')
    expect(nobody.statusCode).toBe(401)
    expect(nobody.headers['www-authenticate']).toContain('Bearer')
  })

  it('need a token where the app as a whole does not', async () => {
    const lax = await routesApp({ required: false })
    expect((await lax.app.inject('/')).statusCode).toBe(200)
    for (const [method, path] of [
      ['GET', ''],
      ['DELETE', ''],
      ['DELETE', '/x'],
    ] as const) {
      expect((await lax.app.inject({ method, url: `/auth/sessions${path}` })).statusCode).toBe(401)
    }
    await lax.app.close()
  })

  it('are ended one by one or all, by their owner alone', async () => {
    const one = await routes.signIn()
    const two = await routes.signIn()
    const bob = await routes.signIn('bob')
    const other = (await list(one.access_token)).find(({ current }) => !current)
    expect(await end(bob.access_token, `/${other?.id}`)).toBe(404)
    expect(await status(two.access_token)).toBe(200)
    expect(await end(one.access_token, `/${other?.id}`)).toBe(204)
    expect([await status(one.access_token), await status(two.access_token)]).toEqual([200, 401])
    expect(await end(one.access_token, '/nobody')).toBe(404)
    expect(await end(one.access_token, `/${'x'.repeat(90)}`)).toBe(404)
    const three = await routes.signIn()
    expect(await end(one.access_token)).toBe(204)
    expect([
      await status(one.access_token),
      await status(three.access_token),
      await status(bob.access_token),
    ]).toEqual([401, 401, 200])
  })
})

describe('the public keys', () => {
  it('are published, and verify what is signed', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const keys = [{ kid: 'e1', alg: 'ES256' as const, privateKey }]
    const own = await routesApp({ algorithms: ['ES256'], keys })
    const reply = await own.app.inject('/auth/.well-known/jwks.json')
    expect(reply.headers['content-type']).toContain('application/jwk-set+json')
    expect(reply.headers['cache-control']).toBe('public, max-age=300')
    const set = reply.json<JSONWebKeySet>()
    expect(set.keys).toMatchObject([{ kid: 'e1', alg: 'ES256', use: 'sig', kty: 'EC' }])
    expect(reply.body).not.toContain('"d"')
    const { access_token: token } = await own.signIn()
    const verified = await jwtVerify(token, createLocalJWKSet(set), { typ: 'at+jwt' })
    expect(verified.payload.sub).toBe('ada')
    await own.app.close()
  })

  it('are not found where there are secrets alone', async () => {
    expect((await routes.app.inject('/auth/.well-known/jwks.json')).statusCode).toBe(404)
  })

  it('are where the app wants them', async () => {
    const { privateKey } = generateKeyPairSync('ed25519')
    const keys = [{ kid: 'd1', alg: 'EdDSA' as const, privateKey }]
    const own = await routesApp({ algorithms: ['EdDSA'], keys }, { jwksPath: '/keys' })
    expect((await own.app.inject('/auth/keys')).json()).toMatchObject({ keys: [{ crv: 'Ed25519' }] })
    await own.app.close()
  })
})
