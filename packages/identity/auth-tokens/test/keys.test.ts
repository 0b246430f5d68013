import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Secret } from '@portcullis/secrets'
import { createSigner } from 'fast-jwt'
import Fastify from 'fastify'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { authTokens, secretKeys } from '../src/index.ts'
import { CurrentKeys } from '../src/keys/current-keys.ts'
import type { TokenKey } from '../src/index.ts'
import { appWith, bearer, optionsWith } from './app.ts'

const KINDS = [
  ['RS256', () => generateKeyPairSync('rsa', { modulusLength: 2048 })],
  ['PS256', () => generateKeyPairSync('rsa', { modulusLength: 2048 })],
  ['ES256', () => generateKeyPairSync('ec', { namedCurve: 'P-256' })],
  ['ES384', () => generateKeyPairSync('ec', { namedCurve: 'P-384' })],
  ['EdDSA', () => generateKeyPairSync('ed25519')],
] as const

describe('keys', () => {
  it.each(KINDS)('of %s sign and verify', async (alg, make) => {
    const { privateKey } = make()
    const app = await appWith({ algorithms: [alg], keys: [{ kid: 'k', alg, privateKey }] })
    const { access_token: token } = await app.tokens.issue({ subject: 'ada' })
    expect((await app.inject({ url: '/', headers: bearer(token) })).statusCode).toBe(200)
    await app.close()
  })

  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const publicPem = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const privatePem = ec.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  it.each<[string, TokenKey[], string]>([
    ['a public key as a secret', [{ kid: 'a', alg: 'HS256', secret: publicPem }], 'PEM'],
    ['a key of another kind', [{ kid: 'a', alg: 'ES256', privateKey: rsa.privateKey }], 'is of type rsa'],
    ['a weak key', [{ kid: 'a', alg: 'RS256', privateKey: weak.privateKey }], '1024 bits'],
    ['a private key as a public one', [{ kid: 'a', alg: 'ES256', publicKey: privatePem }], 'private key'],
    ['no PEM', [{ kid: 'a', alg: 'ES256', publicKey: 'hello' }], 'no public key in PEM'],
    [
      'one kid twice',
      [
        { kid: 'a', alg: 'ES256', publicKey: ec.publicKey },
        { kid: 'a', alg: 'ES256', publicKey: ec.publicKey },
      ],
      'same kid',
    ],
    [
      'two keys in one',
      [{ kid: 'a', alg: 'ES256', publicKey: ec.publicKey, privateKey: privatePem }],
      'exactly one',
    ],
    [
      'an algorithm that is not allowed',
      [{ kid: 'a', alg: 'ES512', publicKey: ec.publicKey }],
      'algorithms allows',
    ],
    ['none', [], 'empty'],
  ])('that are %s do not start', async (_name, keys, says) => {
    const algorithms = keys[0]?.alg === 'HS256' ? (['HS256'] as const) : (['ES256', 'RS256'] as const)
    const app = Fastify()
    app.register(authTokens, optionsWith({ algorithms, keys }))
    const error: unknown = await app.ready().then(
      () => undefined,
      (caught: unknown) => caught,
    )
    expect(error).toMatchObject({ code: 'PORTCULLIS_AUTH_TOKENS_INVALID_KEYS' })
    expect((error as Error).message).toContain(says)
    expect((error as Error).message).not.toContain('BEGIN')
    await app.close()
  })

  it('that only verify issue nothing', async () => {
    const app = await appWith({
      algorithms: ['ES256'],
      keys: [{ kid: 'a', alg: 'ES256', publicKey: ec.publicKey }],
    })
    await expect(app.tokens.issue({ subject: 'ada' })).rejects.toMatchObject({
      code: 'PORTCULLIS_AUTH_TOKENS_NOT_ISSUING',
    })
    await app.close()
  })

  it('rotate while the app runs: the new one signs, the old one still verifies, then no more', async () => {
    const jwk = (kid: string): object => ({
      kty: 'oct',
      kid,
      alg: 'HS256',
      k: randomBytes(32).toString('base64url'),
    })
    const [older, newer] = [jwk('older'), jwk('newer')]
    let set = [older]
    const secrets = { get: async (): Promise<Secret> => new Secret(JSON.stringify({ keys: set })) }
    const app = await appWith({ keys: secretKeys(secrets, 'JWT_KEYS'), keysMaxAge: 1_000 })
    const kidOf = (token: string): unknown =>
      JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid
    const issue = async (): Promise<string> =>
      (await app.tokens.issue({ subject: randomUUID() })).access_token
    const before = await issue()
    expect(kidOf(before)).toBe('older')
    set = [newer, older]
    await expect.poll(async () => kidOf(await issue()), { timeout: 5_000 }).toBe('newer')
    await expect(app.tokens.verify(before)).resolves.toMatchObject({ iss: 'https://auth.example.com' })
    set = []
    await new Promise((resolve) => setTimeout(resolve, 1_200))
    // What cannot be read changes nothing.
    await expect(app.tokens.verify(before)).resolves.toMatchObject({ iss: 'https://auth.example.com' })
    set = [newer]
    await expect
      .poll(() => app.tokens.verify(before).catch((error: { code: string }) => error.code), {
        timeout: 5_000,
      })
      .toBe('INVALID_TOKEN')
    await app.close()
  })
})

describe('keys and refresh secrets that are read again', () => {
  afterEach(() => vi.useRealTimers())

  it('are exchanged together or not at all, and never for older ones', async () => {
    vi.useFakeTimers()
    const keyOf = (kid: string): TokenKey => ({ kid, alg: 'HS256', secret: randomBytes(32) })
    const waiting: ((keys: TokenKey[]) => void)[] = []
    let [asked, secret] = [0, randomBytes(32).toString('base64')]
    const keys = new CurrentKeys(
      {
        algorithms: ['HS256'],
        keys: async () =>
          asked++ === 0 ? [keyOf('first')] : new Promise((answer) => void waiting.push(answer)),
        jwks: undefined,
        refreshSecrets: async () => [secret],
        keysMaxAge: 1_000,
      },
      Fastify().log,
    )
    const answer = async (kid: string): Promise<string[]> => {
      waiting.pop()?.([keyOf(kid)])
      await vi.advanceTimersByTimeAsync(1)
      return keys.ring.keys.map((key) => key.kid)
    }
    await keys.load()
    const before = keys.refresh
    keys.watch()
    secret = 'short'
    await vi.advanceTimersByTimeAsync(1_000)
    expect([await answer('second'), keys.refresh]).toEqual([['first'], before])
    secret = randomBytes(32).toString('base64')
    await vi.advanceTimersByTimeAsync(2_000)
    expect([await answer('fourth'), keys.refresh === before]).toEqual([['fourth'], false])
    expect([waiting.length, await answer('third')]).toEqual([1, ['fourth']])
    keys.stop()
  })
})

describe('keys of another issuer', () => {
  let server: Server | undefined
  afterEach(() => server?.close())

  async function issuerWith(
    answer: () => { status?: number; body: string },
  ): Promise<{ url: string; asked: () => number }> {
    let asked = 0
    server = createServer((_request, response) => {
      asked++
      const { status = 200, body } = answer()
      response.writeHead(status, { 'content-type': 'application/json' }).end(body)
    })
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`, asked: () => asked }
  }

  function key(kid: string): { jwk: object; token: (more?: object) => string } {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const sign = createSigner({ key: pem, kid, algorithm: 'ES256', header: { alg: 'ES256', typ: 'at+jwt' } })
    const now = Math.floor(Date.now() / 1000)
    const claims = {
      iss: 'https://auth.example.com',
      aud: 'https://api.example.com',
      sub: 'ada',
      jti: kid,
      iat: now,
    }
    return {
      jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig' },
      token: (more = {}) => sign({ ...claims, exp: now + 300, ...more }),
    }
  }

  const options = (url: string): object =>
    optionsWith({
      algorithms: ['ES256'],
      keys: undefined,
      refreshSecrets: undefined,
      jwks: { url, cooldown: '1s' },
    })

  it('are fetched, and again when a token names a new one, but not more often than the cooldown', async () => {
    const [first, second] = [key('first'), key('second')]
    let keys = [first.jwk]
    const unknown = Array.from({ length: 50 }, (_one, index) => key(`unknown-${index}`).token())
    const { url, asked } = await issuerWith(() => ({ body: JSON.stringify({ keys }) }))
    const app = await appWith(options(url))
    const status = async (token: string): Promise<number> =>
      (await app.inject({ url: '/', headers: bearer(token) })).statusCode
    expect(await status(first.token())).toBe(200)
    expect(asked()).toBe(1)
    keys = [first.jwk, second.jwk]
    await Promise.all(unknown.map(status))
    expect(asked()).toBe(1)
    await new Promise((resolve) => setTimeout(resolve, 1_050))
    const flood = Array.from({ length: 20 }, () => status(second.token()))
    expect(new Set(await Promise.all(flood))).toEqual(new Set([200]))
    expect(asked()).toBe(2)
    await app.close()
  })

  it('are made ready once, however many tokens of unknown keys wait for them', async () => {
    const { url, asked } = await issuerWith(() => ({ body: JSON.stringify({ keys: [key('one').jwk] }) }))
    const jwks = { url, cooldown: 1, maxAge: 600_000, timeout: 3_000 }
    const settings = { algorithms: ['ES256'] as const, keys: undefined, jwks, refreshSecrets: undefined }
    const keys = new CurrentKeys({ ...settings, keysMaxAge: 300_000 }, Fastify().log)
    await keys.load()
    await new Promise((resolve) => setTimeout(resolve, 10))
    let [{ ring }, made] = [keys, 0]
    Object.defineProperty(keys, 'ring', {
      get: () => ring,
      set(next: typeof ring) {
        ring = next
        made++
      },
    })
    await Promise.all(Array.from({ length: 500 }, (_one, index) => keys.renew(`unknown-${index}`)))
    expect([asked(), made]).toEqual([2, 1])
  })

  it('revoke and refuse like own ones', async () => {
    const one = key('one')
    const { url } = await issuerWith(() => ({ body: JSON.stringify({ keys: [one.jwk] }) }))
    const app = await appWith(options(url))
    const code = (more: object): Promise<unknown> =>
      app.tokens.verify(one.token(more)).then(
        () => 'taken',
        (error: { code: string }) => error.code,
      )
    expect(await code({})).toBe('taken')
    const now = Math.floor(Date.now() / 1000)
    const wrong = [
      { iss: 'https://evil.example.com' },
      { iss: 5 },
      { aud: 'other' },
      { aud: ['https://api.example.com.evil'] },
      { aud: {} },
      { sub: '' },
      { sub: 'x'.repeat(1025) },
      { jti: '' },
      { iat: now + 3600, exp: now + 3700 },
      { nbf: now + 3600 },
      { nbf: undefined, roles: 'admin' },
      { exp: now + 90_000 },
      { scope: ['a'] },
      { cnf: 'x' },
      { auth_time: 1e306 },
      { auth_time: -1e13 },
      { iat: -1e308 },
      { exp: 1e308, iat: 1e308 },
      { nbf: 1e308 },
    ]
    for (const more of wrong) expect(await code(more), JSON.stringify(more)).toBe('INVALID_TOKEN')
    await app.tokens.revokeAll('ada')
    expect(await code({})).toBe('INVALID_TOKEN')
    await app.close()
  })

  it.each<[string, () => { status?: number; body: string }]>([
    ['an error', () => ({ status: 500, body: 'secret stack' })],
    ['no JSON', () => ({ body: '<html>' })],
    ['too much', () => ({ body: `{"keys":[],"x":"${'x'.repeat(300_000)}"}` })],
    [
      'secrets',
      () => ({ body: JSON.stringify({ keys: [{ kty: 'oct', kid: 'a', alg: 'HS256', k: 'AAAA' }] }) }),
    ],
  ])('that are %s do not start', async (_name, answer) => {
    const { url } = await issuerWith(answer)
    const app = Fastify()
    app.register(authTokens, options(url) as never)
    await expect(app.ready()).rejects.toMatchObject({ code: 'PORTCULLIS_AUTH_TOKENS_INVALID_KEYS' })
    await app.close()
  })

  it('that do not come to an end in time do not start', async () => {
    server = createServer((_request, response) => void response.write('{"keys":['))
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const app = Fastify()
    app.register(authTokens, { ...options(url), jwks: { url, timeout: 200 } } as never)
    await expect(app.ready()).rejects.toMatchObject({
      code: 'PORTCULLIS_AUTH_TOKENS_INVALID_KEYS',
      message: expect.stringMatching(/JWK Set at 127\.0\.0\.1:\d+ cannot be fetched/),
    })
    await app.close()
    server.closeAllConnections()
  })
})
