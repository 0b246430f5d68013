import { createHmac } from 'node:crypto'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyRequest, LightMyRequestResponse } from 'fastify'
import { calculateJwkThumbprint } from 'jose'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { requestOfOperation } from '@portcullis/kernel'
import type { SecurityEvent } from '@portcullis/kernel'
import { authTokens } from '../src/index.ts'
import type { AuthTokensOptions, TokenPair } from '../src/index.ts'
import { authRoutes } from '../src/routes/index.ts'
import { bearer, optionsWith } from './app.ts'
import { now, proofClient } from './proof-client.ts'
import type { ProofChanges, ProofClient } from './proof-client.ts'

const ORIGIN = 'https://api.example.com'
const ALGS = 'ES256 ES384 ES512 Ed25519 EdDSA'

async function dpopApp(
  more: Partial<AuthTokensOptions> = {},
  prepare: (app: FastifyInstance) => void = () => undefined,
): Promise<FastifyInstance> {
  const app = Fastify()
  prepare(app)
  app.register(authTokens, optionsWith({ dpop: 'allowed', dpopOrigins: [ORIGIN], ...more }))
  app.register(authRoutes, { prefix: '/auth', authorizeIntrospection: () => true })
  app.get('/', (request) => request.resolvePrincipal())
  app.post('/', (request) => request.resolvePrincipal())
  app.get('/a/:id', (request) => request.resolvePrincipal())
  app.post('/login', { config: { auth: false } }, async (request, reply) =>
    reply.sendTokens(await app.tokens.issue({ subject: 'ada' }, request)),
  )
  await app.ready()
  return app
}

let app: FastifyInstance
let client: ProofClient
let events: SecurityEvent[]
beforeEach(async () => {
  app = await dpopApp()
  client = await proofClient()
  events = []
  app.securityEvents.subscribe((event) => events.push(event))
})
afterEach(() => app.close())

const dpop = (token: string, proof: string): Record<string, string> => ({
  authorization: `DPoP ${token}`,
  dpop: proof,
})

async function login(by = client, at = app): Promise<TokenPair> {
  const headers = { dpop: await by.prove('POST', '/login') }
  return (await at.inject({ method: 'POST', url: '/login', headers })).json<TokenPair>()
}

async function refresh(
  token: string,
  headers: Record<string, string>,
  at = app,
): Promise<LightMyRequestResponse> {
  const payload = { grant_type: 'refresh_token', refresh_token: token }
  return at.inject({ method: 'POST', url: '/auth/token', headers, payload })
}

/** A request for `/` with an access token and a proof that differs from a right one. */
async function get(token: string, changes: ProofChanges = {}, by = client): Promise<LightMyRequestResponse> {
  return app.inject({ url: '/', headers: dpop(token, await by.prove('GET', '/', token, changes)) })
}

function expectBadProof(reply: LightMyRequestResponse): void {
  expect([reply.statusCode, reply.json<{ code: string }>().code]).toEqual([401, 'INVALID_DPOP_PROOF'])
  expect(reply.headers['www-authenticate']).toContain(
    'DPoP realm="https://auth.example.com", error="invalid_',
  )
  expect(reply.headers['www-authenticate']).toContain('error="invalid_dpop_proof"')
}

describe('tokens that are bound to a key', () => {
  it.each(['ES256', 'ES384', 'ES512', 'Ed25519', 'EdDSA'])('of %s work with proofs of it', async (alg) => {
    const own = await proofClient(alg)
    const pair = await login(own)
    expect(pair.token_type).toBe('DPoP')
    const reply = await get(pair.access_token, {}, own)
    expect(reply.statusCode).toBe(200)
    expect(reply.json()).toMatchObject({ id: 'ada' })
    const introspected = await app.inject({
      method: 'POST',
      url: '/auth/introspect',
      payload: { token: pair.access_token },
    })
    const jkt = await calculateJwkThumbprint(own.publicJwk)
    expect(introspected.json()).toMatchObject({ active: true, token_type: 'DPoP', cnf: { jkt } })
  })

  it('work for a URL with a query, for which the proof has none', async () => {
    const { access_token: token } = await login()
    const headers = dpop(token, await client.prove('GET', '/a/1', token))
    expect((await app.inject({ url: '/a/1?x=1', headers })).statusCode).toBe(200)
    const withQuery = { claims: { htu: `${ORIGIN}:443/?x=1#y` } }
    expect((await get(token, withQuery)).statusCode).toBe(200)
  })

  it('are of no use as bearer tokens, nor to the app without a request', async () => {
    const { access_token: token } = await login()
    const proof = await client.prove('GET', '/', token)
    for (const headers of [bearer(token), { ...bearer(token), dpop: proof }]) {
      const reply = await app.inject({ url: '/', headers })
      expect([reply.statusCode, reply.headers['www-authenticate']]).toEqual([
        401,
        `Bearer realm="https://auth.example.com", error="invalid_token", DPoP realm="https://auth.example.com", algs="${ALGS}"`,
      ])
    }
    await expect(app.tokens.verify(token)).rejects.toMatchObject({ code: 'INVALID_TOKEN' })
  })

  it('are of no use where proofs are not taken any more', async () => {
    const keys = optionsWith()
    const on = await dpopApp({ keys: keys.keys, refreshSecrets: keys.refreshSecrets })
    const off = await dpopApp({
      keys: keys.keys,
      refreshSecrets: keys.refreshSecrets,
      dpop: 'off',
      dpopOrigins: [],
    })
    const { access_token: token } = await login(client, on)
    expect((await off.inject({ url: '/', headers: bearer(token) })).statusCode).toBe(401)
    const headers = dpop(token, await client.prove('GET', '/', token))
    const reply = await off.inject({ url: '/', headers })
    expect(reply.headers['www-authenticate']).toBe('Bearer realm="https://auth.example.com"')
    await on.close()
    await off.close()
  })
})

describe('tokens that are bound to none', () => {
  it('work as bearer tokens, and not with a proof', async () => {
    const { access_token: token, token_type: type } = await app.tokens.issue({ subject: 'ada' })
    expect(type).toBe('bearer')
    expect((await app.inject({ url: '/', headers: bearer(token) })).statusCode).toBe(200)
    const reply = await get(token)
    expect([reply.statusCode, reply.headers['www-authenticate']]).toEqual([
      401,
      `Bearer realm="https://auth.example.com", DPoP realm="https://auth.example.com", error="invalid_token", algs="${ALGS}"`,
    ])
  })

  it('are not issued, refreshed or taken where proofs are required', async () => {
    const strict = await dpopApp({ dpop: 'required' })
    const missing = await strict.inject('/')
    expect(missing.headers['www-authenticate']).toBe(`DPoP realm="https://auth.example.com", algs="${ALGS}"`)
    const reply = await strict.inject({ method: 'POST', url: '/login' })
    expect([reply.statusCode, reply.json<{ code: string }>().code]).toEqual([400, 'INVALID_DPOP_PROOF'])
    await expect(strict.tokens.issue({ subject: 'ada' })).rejects.toThrow('dpop is required')
    const pair = await login(client, strict)
    const again = await refresh(pair.refresh_token, {}, strict)
    expect([again.statusCode, again.json()]).toEqual([400, { error: 'invalid_dpop_proof' }])
    expect((await strict.inject({ url: '/', headers: bearer(pair.access_token) })).statusCode).toBe(401)
    await strict.close()
  })

  it('are refused where proofs are required, whoever has issued them', async () => {
    const { keys } = optionsWith()
    const lax = await dpopApp({ keys })
    const strict = await dpopApp({ keys, dpop: 'required' })
    const { access_token: token } = await lax.tokens.issue({ subject: 'ada' })
    const reply = await strict.inject({ url: '/', headers: bearer(token) })
    expect([reply.statusCode, reply.json<{ code: string }>().code]).toEqual([401, 'INVALID_TOKEN'])
    await expect(strict.tokens.verify(token)).rejects.toMatchObject({ code: 'INVALID_TOKEN' })
    await lax.close()
    await strict.close()
  })
})

describe('a proof', () => {
  const other = { htm: 'POST', htu: `${ORIGIN}/other` }

  it.each<[string, ProofChanges]>([
    ['for another method', { claims: { htm: other.htm } }],
    ['for a method in lower case', { claims: { htm: 'get' } }],
    ['for another path', { claims: { htu: other.htu } }],
    ['for another spelling of the path', { claims: { htu: `${ORIGIN}//` } }],
    ['for another host', { claims: { htu: 'https://evil.example/' } }],
    ['for another port', { claims: { htu: `${ORIGIN}:8443/` } }],
    ['for http', { claims: { htu: 'http://api.example.com/' } }],
    ['for a host that begins the same', { claims: { htu: `${ORIGIN}.evil.example/` } }],
    ['for a user of that name', { claims: { htu: 'https://api.example.com@evil.example/' } }],
    ['for no URL', { claims: { htu: '/' } }],
    ['for a list of URLs', { claims: { htu: [`${ORIGIN}/`] } }],
    ['that is old', { claims: { iat: now() - 75 } }],
    ['that comes from the future', { claims: { iat: now() + 15 } }],
    ['without time', { without: ['iat'] }],
    ['with a time that is none', { claims: { iat: '1' as never } }],
    ['that has expired', { claims: { exp: now() - 60 } }],
    ['without method', { without: ['htm'] }],
    ['without URL', { without: ['htu'] }],
    ['without name', { without: ['jti'] }],
    ['with an empty name', { claims: { jti: '' } }],
    ['with a name that is a number', { claims: { jti: 5 as never } }],
    ['for no token', { without: ['ath'] }],
    ['for another token', { claims: { ath: 'A'.repeat(43) } }],
    ['of another type', { header: { typ: 'JWT' } }],
    ['of no type', { header: { typ: undefined } }],
    ['without key', { header: { jwk: undefined } }],
    ['with a key elsewhere', { header: { jwk: undefined, jku: `${ORIGIN}/keys`, kid: 'a' } }],
    ['with extensions that are critical', { header: { crit: ['x'], x: 1 } }],
  ])('%s is none', async (_name, changes) => {
    const { access_token: token } = await login()
    expectBadProof(await get(token, changes))
    expect((await get(token)).statusCode).toBe(200)
    expect(events.at(-1)).toMatchObject({
      type: 'auth.failure',
      details: { reason: 'INVALID_DPOP_PROOF' },
      outcome: 'refused',
    })
  })

  it('is taken once', async () => {
    const { access_token: token } = await login()
    const headers = dpop(token, await client.prove('GET', '/', token))
    expect((await app.inject({ url: '/', headers })).statusCode).toBe(200)
    expectBadProof(await app.inject({ url: '/', headers }))
    const together = dpop(token, await client.prove('GET', '/', token))
    const replies = await Promise.all(
      Array.from({ length: 20 }, () => app.inject({ url: '/', headers: together })),
    )
    expect(replies.filter(({ statusCode }) => statusCode === 200)).toHaveLength(1)
  })

  it('has one name, however its signature is spelt', async () => {
    const { access_token: token } = await login()
    const proof = await client.prove('GET', '/', token)
    // 64 bytes leave four bits of the last digit without meaning: A, Q, g and w are the ones that leave them empty.
    const alias = `${proof.slice(0, -1)}${String.fromCharCode(proof.charCodeAt(proof.length - 1) + 1)}`
    for (const spelling of [alias, `${proof}=`, `${proof} x`, proof.replace('.', '..')]) {
      expectBadProof(await app.inject({ url: '/', headers: dpop(token, spelling) }))
    }
    expect((await app.inject({ url: '/', headers: dpop(token, proof) })).statusCode).toBe(200)
  })

  it('of another key is none', async () => {
    const { access_token: token } = await login()
    expectBadProof(await get(token, {}, await proofClient()))
    // Signed with one's own key, under the name of the right one.
    expectBadProof(await get(token, { header: { jwk: client.publicJwk } }, await proofClient()))
  })

  it('that gives the private key away is none', async () => {
    const { access_token: token } = await login()
    expectBadProof(await get(token, { header: { jwk: client.privateJwk } }))
  })

  it.each(['none', 'None', 'HS256', 'HS512'])('by the algorithm %s is none', async (alg) => {
    const { access_token: token } = await login()
    const right = await client.prove('GET', '/', token)
    const secret = Buffer.from(JSON.stringify(client.publicJwk))
    for (const jwk of [client.publicJwk, { kty: 'oct', k: secret.toString('base64url') }]) {
      const header = Buffer.from(JSON.stringify({ typ: 'dpop+jwt', alg, jwk })).toString('base64url')
      const signed = `${header}.${right.split('.')[1]}`
      const mac = createHmac('sha256', secret).update(signed).digest('base64url')
      for (const proof of [`${signed}.`, `${signed}.${mac}`])
        expectBadProof(await app.inject({ url: '/', headers: dpop(token, proof) }))
    }
  })

  it('of an RSA key is none, since its owner would choose how much work it is', async () => {
    const { access_token: token } = await login()
    expectBadProof(await get(token, {}, await proofClient('PS256')))
  })

  it('is for the server, whatever Host its sender writes', async () => {
    const { access_token: token } = await login()
    const proof = await client.prove('GET', '/', token, { claims: { htu: 'https://evil.example/' } })
    for (const host of ['evil.example', 'api.example.com']) {
      const headers = { ...dpop(token, proof), host, 'x-forwarded-host': host, 'x-forwarded-proto': 'https' }
      expectBadProof(await app.inject({ url: '/', headers }))
    }
  })

  it('is missing, twice or garbage', async () => {
    const { access_token: token } = await login()
    const proof = await client.prove('GET', '/', token)
    const garbage = [
      '',
      'x',
      'a.b.c',
      '..',
      proof.slice(0, -4),
      'x'.repeat(9_000),
      `${proof}, ${proof}`,
      token,
    ]
    expectBadProof(await app.inject({ url: '/', headers: { authorization: `DPoP ${token}` } }))
    for (const one of garbage) expectBadProof(await app.inject({ url: '/', headers: dpop(token, one) }))
    const twice = { authorization: `DPoP ${token}`, dpop: [proof, proof] }
    expectBadProof(await app.inject({ url: '/', headers: twice }))
  })

  it('helps no token that is wrong', async () => {
    for (const token of ['x', 'a.b.c']) {
      const reply = await get(token)
      expect([reply.statusCode, reply.json<{ code: string }>().code]).toEqual([401, 'INVALID_TOKEN'])
    }
    const reply = await app.inject({ url: '/', headers: { authorization: 'DPoP a b' } })
    expect(reply.statusCode).toBe(400)
  })
})

describe('refreshing a session that is bound', () => {
  const proven = async (by: ProofClient, changes: ProofChanges = {}): Promise<Record<string, string>> => ({
    dpop: await by.prove('POST', '/auth/token', undefined, changes),
  })

  it('takes a proof of its key, and the tokens stay bound', async () => {
    const first = await login()
    const reply = await refresh(first.refresh_token, await proven(client))
    expect(reply.json()).toMatchObject({ token_type: 'DPoP', expires_in: 900 })
    expect((await get(reply.json<TokenPair>().access_token)).statusCode).toBe(200)
  })

  it('with another key or none is an invalid grant, and the session goes on', async () => {
    const first = await login()
    for (const headers of [{}, await proven(await proofClient())]) {
      const reply = await refresh(first.refresh_token, headers)
      expect([reply.statusCode, reply.json()]).toEqual([400, { error: 'invalid_grant' }])
    }
    expect((await refresh(first.refresh_token, await proven(client))).statusCode).toBe(200)
    await expect(app.tokens.refresh(first.refresh_token)).rejects.toMatchObject({ code: 'INVALID_GRANT' })
  })

  it('with a bad proof says so', async () => {
    const first = await login()
    const headers = await proven(client, { claims: { htm: 'GET' } })
    const reply = await refresh(first.refresh_token, headers)
    expect([reply.statusCode, reply.json()]).toEqual([400, { error: 'invalid_dpop_proof' }])
    expect(reply.headers['www-authenticate']).toBeUndefined()
  })

  it('stays bound whatever the app renews', async () => {
    const seen: object[] = []
    const renewed = await dpopApp({
      renewGrant: (grant) => {
        seen.push(grant)
        return { roles: ['reader'], jkt: undefined }
      },
    })
    const first = await login(client, renewed)
    const second = (await refresh(first.refresh_token, await proven(client), renewed)).json<TokenPair>()
    expect(second.token_type).toBe('DPoP')
    expect((await refresh(second.refresh_token, {}, renewed)).statusCode).toBe(400)
    expect(seen).toEqual([{ subject: 'ada' }])
    await renewed.close()
  })

  it('binds one that is not, from the first proof on', async () => {
    const first = await app.tokens.issue({ subject: 'ada' })
    const second = (await refresh(first.refresh_token, await proven(client))).json<TokenPair>()
    expect(second.token_type).toBe('DPoP')
    expect((await refresh(second.refresh_token, {})).statusCode).toBe(400)
    expect((await refresh(second.refresh_token, await proven(client))).statusCode).toBe(200)
  })

  it('takes no proof twice', async () => {
    const first = await login()
    const headers = await proven(client)
    const second = await refresh(first.refresh_token, headers)
    expect(second.statusCode).toBe(200)
    const again = await refresh(second.json<TokenPair>().refresh_token, headers)
    expect(again.json()).toEqual({ error: 'invalid_dpop_proof' })
  })
})

describe('a connection', () => {
  it('is proved once for all its operations, and each looks at its token anew', async () => {
    const asked: string[] = []
    const ask = async (request: FastifyRequest): Promise<void> => {
      const { request: operation } = requestOfOperation(request)
      await operation.resolvePrincipal().then(
        ({ id }) => asked.push(String(id)),
        ({ code }: { code: string }) => asked.push(code),
      )
    }
    const served = await dpopApp({}, (instance) => {
      instance.addHook('preHandler', async (request) => {
        if (request.url !== '/') return
        await ask(request)
        await ask(request)
        await instance.tokens.revokeAll('ada')
        await ask(request)
      })
    })
    const { access_token: token } = await login(client, served)
    await served.inject({ url: '/', headers: dpop(token, await client.prove('GET', '/', token)) })
    expect(asked).toEqual(['ada', 'ada', 'INVALID_TOKEN'])
    await served.close()
  })
})

describe('with cookies', () => {
  it('a proof binds no token of a cookie, and a bound one is not taken from there', async () => {
    const mixed = await dpopApp({ cookie: {} })
    const bound = await login(client, mixed)
    const proven = dpop(bound.access_token, await client.prove('GET', '/', bound.access_token))
    expect((await mixed.inject({ url: '/', headers: proven })).statusCode).toBe(200)
    const cookie = `__Host-access_token=${bound.access_token}`
    expect((await mixed.inject({ url: '/', headers: { cookie } })).statusCode).toBe(401)
    const { refresh_token: token } = await mixed.tokens.issue({ subject: 'ada' })
    const payload = { grant_type: 'refresh_token' }
    const proof = await client.prove('POST', '/auth/token')
    const headers = { cookie: `__Host-refresh_token=${token}`, dpop: proof }
    const reply = await mixed.inject({ method: 'POST', url: '/auth/token', headers, payload })
    expect(reply.json()).toEqual({ token_type: 'bearer', expires_in: 900 })
    const both = { ...dpop(bound.access_token, proof), cookie }
    expect((await mixed.inject({ url: '/', headers: both })).statusCode).toBe(400)
    await mixed.close()
  })
})

describe('options', () => {
  it.each<[string, Partial<AuthTokensOptions>, string]>([
    ['no origins', { dpopOrigins: [] }, 'dpopOrigins is missing'],
    ['a URL', { dpopOrigins: [`${ORIGIN}/v1`] }, 'dpopOrigins'],
    ['origins and no dpop', { dpop: 'off' }, 'does nothing'],
    ['cookies that need proofs', { dpop: 'required', cookie: {} }, 'cookie does not go with'],
    ['proofs that last', { dpopMaxAge: '1h' }, 'dpopMaxAge'],
    ['another word', { dpop: 'on' as never }, "'allowed' or 'required'"],
  ])('with %s do not start', async (_name, more, says) => {
    await expect(dpopApp(more)).rejects.toThrow(says)
  })
})
