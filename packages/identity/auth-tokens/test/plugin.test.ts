import { generateKeyPairSync } from 'node:crypto'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { SecurityEvent } from '@portcullis/kernel'
import { authTokens } from '../src/index.ts'
import { appWith, bearer, optionsWith } from './app.ts'

let app: FastifyInstance
let events: SecurityEvent[]
beforeEach(async () => {
  app = await appWith()
  events = []
  app.securityEvents.subscribe((event) => events.push(event))
})
afterEach(() => app.close())

const grant = {
  subject: 'ada',
  tenantId: 'acme',
  roles: ['admin'],
  permissions: ['orders:read:self'],
  acr: 'phr',
}

describe('an access token', () => {
  it('makes its subject the principal of the request', async () => {
    const { access_token: token, token_type: type, expires_in: life } = await app.tokens.issue(grant)
    expect([type, life]).toEqual(['bearer', 900])
    const reply = await app.inject({ url: '/', headers: bearer(token) })
    expect(reply.statusCode).toBe(200)
    expect(reply.json()).toMatchObject({
      kind: 'user',
      id: 'ada',
      tenantId: 'acme',
      roles: ['admin'],
      permissions: ['orders:read:self'],
      acr: 'phr',
    })
    const { sessionId, authTime } = reply.json<{ sessionId: string; authTime: number }>()
    expect((await app.tokens.sessions('ada')).map(({ id }) => id)).toEqual([sessionId])
    expect(Math.abs(Date.now() - authTime)).toBeLessThan(5_000)
  })

  it('is asked for with 401 and a challenge, where a route does not say otherwise', async () => {
    const missing = await app.inject('/')
    expect(missing.statusCode).toBe(401)
    expect(missing.json()).toMatchObject({ code: 'UNAUTHENTICATED' })
    expect(missing.headers['www-authenticate']).toBe('Bearer realm="https://auth.example.com"')
    expect(missing.headers['cache-control']).toBe('no-store')
    expect((await app.inject('/open')).json()).toMatchObject({ kind: 'anonymous' })
    expect((await app.inject('/off')).json()).toMatchObject({ kind: 'anonymous' })
  })

  it('that is wrong is refused with 401, also where none is needed, and the same whatever is wrong', async () => {
    const { access_token: token, refresh_token: refresh } = await app.tokens.issue(grant)
    const wrong = [`${token}x`, 'x', 'a.b.c', refresh, `${token.slice(0, -4)}AAAA`]
    const bodies = new Set<string>()
    for (const url of ['/', '/open']) {
      for (const one of wrong) {
        const reply = await app.inject({ url, headers: bearer(one) })
        expect(reply.statusCode, one).toBe(401)
        expect(reply.headers['www-authenticate']).toBe(
          'Bearer realm="https://auth.example.com", error="invalid_token"',
        )
        bodies.add(reply.body)
      }
    }
    expect(bodies.size).toBe(1)
    expect((await app.inject({ url: '/off', headers: bearer('x') })).statusCode).toBe(200)
    expect(events.map(({ type, outcome }) => [type, outcome])).toContainEqual(['auth.failure', 'refused'])
  })

  it('has one spelling', async () => {
    const { access_token: token } = await app.tokens.issue(grant)
    const last = token.at(-1) ?? ''
    const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    // The last digit of 32 bytes carries two bits that no byte holds.
    const alias = `${token.slice(0, -1)}${digits[(digits.indexOf(last) & ~3) | ((digits.indexOf(last) + 1) & 3)]}`
    for (const spelling of [alias, `${token}=`, `${token}.`, ` ${token}`, token.replace('.', '..')]) {
      const reply = await app.inject({ url: '/', headers: bearer(spelling) })
      expect([400, 401], spelling).toContain(reply.statusCode)
    }
    expect((await app.inject({ url: '/', headers: { authorization: `bearer ${token}` } })).statusCode).toBe(
      200,
    )
  })

  it.each(['Bearer', 'Bearer ', 'Bearer  x', 'Bearer\tx', 'Bearer a b', 'bearer a,b c'])(
    'in a header such as %j cannot be read',
    async (authorization) => {
      const reply = await app.inject({ url: '/', headers: { authorization } })
      expect(reply.statusCode).toBe(400)
      expect(reply.headers['www-authenticate']).toContain('error="invalid_request"')
    },
  )

  it('of another scheme is none of ours', async () => {
    const reply = await app.inject({ url: '/open', headers: { authorization: 'Basic YTpi' } })
    expect(reply.json()).toMatchObject({ kind: 'anonymous' })
  })
})

describe('a preflight', () => {
  const preflight = { 'access-control-request-method': 'POST', origin: 'https://app.example.com' }

  it('is let through to a route for OPTIONS, and never to one that does its work for any method', async () => {
    const served = Fastify()
    served.register(authTokens, optionsWith())
    let done = 0
    served.all('/any', () => `work ${++done}`)
    served.options('/cors', (_request, reply) => reply.code(204).send())
    await served.ready()
    const ask = async (url: string, headers = {}): Promise<number> =>
      (await served.inject({ method: 'OPTIONS', url, headers })).statusCode
    expect([await ask('/cors', preflight), await ask('/cors')]).toEqual([204, 401])
    expect([await ask('/any', preflight), await ask('/any'), done]).toEqual([401, 401, 0])
    await served.close()
  })
})

describe('refreshing', () => {
  it('gives a new pair, and the same refresh token to all who come at once', async () => {
    const { refresh_token: first } = await app.tokens.issue(grant)
    const pairs = await Promise.all(Array.from({ length: 20 }, () => app.tokens.refresh(first)))
    expect(new Set(pairs.map((pair) => pair.refresh_token)).size).toBe(1)
    for (const { access_token: token } of pairs) {
      expect((await app.inject({ url: '/', headers: bearer(token) })).statusCode).toBe(200)
    }
    expect(events).toEqual([])
  })

  it('with a token that was used before ends the session and its access tokens', async () => {
    const strict = await appWith({ leeway: 0 })
    const heard: string[] = []
    strict.securityEvents.subscribe(({ type }) => heard.push(type))
    const { refresh_token: first } = await strict.tokens.issue(grant)
    const { refresh_token: second, access_token: access } = await strict.tokens.refresh(first)
    await new Promise((resolve) => setTimeout(resolve, 5))
    await expect(strict.tokens.refresh(first)).rejects.toMatchObject({
      code: 'INVALID_GRANT',
      statusCode: 400,
    })
    await expect(strict.tokens.refresh(second)).rejects.toMatchObject({ code: 'INVALID_GRANT' })
    expect((await strict.inject({ url: '/', headers: bearer(access) })).statusCode).toBe(401)
    expect(heard).toEqual(['auth.token_reuse', 'auth.revoked', 'auth.failure'])
    await strict.close()
  })

  it('takes no access token, nor any other text', async () => {
    const { access_token: access } = await app.tokens.issue(grant)
    for (const token of [access, '', 'rt1.a.0.b.c', 'x'.repeat(10_000)]) {
      await expect(app.tokens.refresh(token)).rejects.toMatchObject({ code: 'INVALID_GRANT' })
    }
  })

  it('keeps when they authenticated, and asks the app what the next token says', async () => {
    const renewed = await appWith({
      renewGrant: ({ subject }) => (subject === 'bob' ? null : { roles: ['reader'] }),
    })
    const before = await renewed.tokens.issue({
      subject: 'ada',
      roles: ['admin'],
      authTime: 1_700_000_000_000,
    })
    const after = await renewed.tokens.refresh(before.refresh_token)
    const claims = await renewed.tokens.verify(after.access_token)
    expect(claims).toMatchObject({ sub: 'ada', roles: ['reader'], auth_time: 1_700_000_000 })
    const bob = await renewed.tokens.issue({ subject: 'bob' })
    await expect(renewed.tokens.refresh(bob.refresh_token)).rejects.toMatchObject({ code: 'INVALID_GRANT' })
    await expect(renewed.tokens.verify(bob.access_token)).rejects.toMatchObject({ code: 'INVALID_TOKEN' })
    await renewed.close()
  })
})

describe('an app that does not say what the next token holds', () => {
  it.each([undefined, true, 'admin'])('but answers %j, gives none and keeps the session', async (answer) => {
    let given: unknown = answer
    const renewed = await appWith({ renewGrant: () => given as never })
    const { refresh_token: token } = await renewed.tokens.issue({ subject: 'ada', roles: ['admin'] })
    await expect(renewed.tokens.refresh(token)).rejects.toMatchObject({
      code: 'PORTCULLIS_AUTH_TOKENS_INVALID_GRANT',
      message: expect.stringContaining('renewGrant'),
    })
    given = { roles: ['reader'] }
    await expect(renewed.tokens.refresh(token)).resolves.toMatchObject({ token_type: 'bearer' })
    await renewed.close()
  })
})

describe('revoking', () => {
  it('concerns a token, a session, a subject or everything, at once', async () => {
    const status = async (token: string): Promise<number> =>
      (await app.inject({ url: '/', headers: bearer(token) })).statusCode
    const one = await app.tokens.issue(grant)
    const two = await app.tokens.issue(grant)
    const other = await app.tokens.issue({ subject: 'bob' })
    await app.tokens.revoke({ token: one.access_token })
    expect([await status(one.access_token), await status(two.access_token)]).toEqual([401, 200])
    const again = await app.tokens.refresh(one.refresh_token)
    expect(await status(again.access_token)).toBe(200)
    await app.tokens.revoke({ token: again.refresh_token })
    expect([await status(again.access_token), await status(two.access_token)]).toEqual([401, 200])
    await app.tokens.revokeAll('ada')
    expect([await status(two.access_token), await status(other.access_token)]).toEqual([401, 200])
    const later = await app.tokens.issue(grant)
    expect(await status(later.access_token)).toBe(200)
    await app.tokens.revoke({ everything: true })
    expect([await status(later.access_token), await status(other.access_token)]).toEqual([401, 401])
    expect(await status((await app.tokens.issue(grant)).access_token)).toBe(200)
    await app.tokens.revoke({ token: 'no token' })
    const scopes = events.filter(({ type }) => type === 'auth.revoked').map(({ details }) => details)
    expect(scopes).toEqual(['token', 'session', 'subject', 'everything'].map((scope) => ({ scope })))
  })
})

describe('calls of the app', () => {
  it.each([
    {},
    { sesion: 'x' },
    { session: undefined },
    { session: '' },
    { subject: 5 },
    { subject: 'a\0b' },
    { token: undefined },
    { everything: false },
    { subject: 'ada', everything: true },
  ])('revoke(%j) is an error, and revokes nothing', async (target) => {
    const { access_token: token } = await app.tokens.issue(grant)
    await expect(app.tokens.revoke(target as never)).rejects.toMatchObject({
      code: 'PORTCULLIS_AUTH_TOKENS_INVALID_GRANT',
    })
    expect((await app.inject({ url: '/', headers: bearer(token) })).statusCode).toBe(200)
  })

  it.each([
    { subject: '' },
    { subject: 'a\0' },
    { subject: '\ud800' },
    { subject: 'x'.repeat(1025) },
    { subject: '中'.repeat(1000) },
    { subject: 'ada', kind: 'root' },
    { subject: 'ada', roles: 'admin' },
    { subject: 'ada', permissions: ['two words'] },
    { subject: 'ada', claims: { sub: 'bob' } },
    { subject: 'ada', authTime: Number.NaN },
    { subject: 'ada', authTime: 1e300 },
    { subject: 'ada', authTime: '2026' },
    { subject: 'ada', roles: Array.from({ length: 500 }, (_one, index) => `a long role ${index}`) },
    { subject: 'ada', claims: { large: 5n } },
  ])('issue(%o) is an error that says what it takes', async (wrong) => {
    await expect(app.tokens.issue(wrong as never)).rejects.toMatchObject({
      code: 'PORTCULLIS_AUTH_TOKENS_INVALID_GRANT',
      message: expect.stringContaining('take'),
    })
  })
})

describe('a grant', () => {
  it('as long as one may be makes a token that is taken', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 4096 })
    const large = await appWith({
      algorithms: ['RS512'],
      keys: [{ kid: 'k'.repeat(128), alg: 'RS512', privateKey }],
    })
    const { access_token: token } = await large.tokens.issue({
      subject: 'ada',
      claims: { text: 'x'.repeat(4_900) },
    })
    expect((await large.inject({ url: '/', headers: bearer(token) })).statusCode).toBe(200)
    await large.close()
  })
})

describe('options', () => {
  it.each([
    ['no issuer', { issuer: undefined }, 'issuer'],
    ['no audience', { audience: undefined }, 'audience'],
    ['no algorithms', { algorithms: undefined }, 'algorithms'],
    ['none', { algorithms: ['none'] }, 'algorithms'],
    ['mixed kinds', { algorithms: ['HS256', 'ES256'] }, 'mixes'],
    ['a short secret', { keys: [{ kid: 'a', alg: 'HS256', secret: 'short' }] }, '5 bytes'],
    [
      'a default',
      { keys: [{ kid: 'a', alg: 'HS256', secret: 'please-changeme-please-0123456789-abc' }] },
      'placeholder',
    ],
    ['a repeated character', { keys: [{ kid: 'a', alg: 'HS256', secret: 'a'.repeat(64) }] }, 'not random'],
    ['no kid', { keys: [{ alg: 'HS256', secret: 'x' }] }, 'kid'],
    ['a short refresh secret', { refreshSecrets: ['short'] }, '5 bytes'],
    ['a long leeway', { leeway: '5m' }, 'leeway'],
    ['redis without keySecret', { redis: 'redis://127.0.0.1:1' }, 'keySecret'],
    ['a typo', { acessTtl: '15m' }, 'accessTtl'],
  ])('with %s do not start', async (_name, more, says) => {
    const wrong = Fastify()
    wrong.register(authTokens, optionsWith(more as never))
    const error = (await wrong.ready().then(
      () => undefined,
      (caught: unknown) => caught,
    )) as Error | undefined
    expect(error?.message).toContain(says)
    await wrong.close()
  })
})
