import { createHmac, randomBytes } from 'node:crypto'
import type { TokenPair } from '@portcullis/auth-tokens'
import { authTokens, secretKeys } from '@portcullis/auth-tokens'
import { environmentSecrets } from '@portcullis/secrets'
import Fastify from 'fastify'
import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import { describe, expect, it } from 'vitest'
import { accept, acceptRefusalToBoot } from './acceptance.ts'
import { tokenApp, tokenOptions } from './token-app.ts'

const honest = { method: 'GET', url: '/health' } as const

const post = (app: FastifyInstance, url: string, payload: object): Promise<LightMyRequestResponse> =>
  app.inject({ method: 'POST', url, payload })
const login = async (app: FastifyInstance, subject = 'ada'): Promise<TokenPair> =>
  (await post(app, '/login', { subject })).json()
const statusWith = async (app: FastifyInstance, token: string): Promise<number> =>
  (await app.inject({ url: '/me', headers: { authorization: `Bearer ${token}` } })).statusCode

function payloadOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>
}

const server = (options: Parameters<typeof authTokens>[1]): ((withGate: boolean) => FastifyInstance) => {
  return (withGate) => {
    const app = Fastify()
    if (withGate) app.register(authTokens, options)
    return app
  }
}

describe('F37: signing keys are long enough, have ids, and name their algorithm', () => {
  const key = { kid: 'a', alg: 'HS256' } as const
  acceptRefusalToBoot(
    'a short secret, which the guide’s sample takes',
    server(tokenOptions({ keys: [{ ...key, secret: 'secret' }] })),
    'has 6 bytes, takes at least 32',
  )
  acceptRefusalToBoot(
    'a key without an id',
    server(tokenOptions({ keys: [{ ...key, kid: '', secret: 'x'.repeat(40) }] })),
    'kid',
  )
  acceptRefusalToBoot(
    'an algorithm that is not allowed',
    server(tokenOptions({ algorithms: ['HS512'], keys: [{ ...key, secret: 'x'.repeat(40) }] })),
    'algorithms allows HS512',
  )

  it('keys come from the environment, and a missing one stops the boot with its name', async () => {
    const jwk = { kty: 'oct', kid: 'a', alg: 'HS256', k: randomBytes(32).toString('base64url') }
    const started = async (env: Record<string, string>): Promise<string> => {
      const secrets = environmentSecrets({ env })
      const app = server(tokenOptions({ keys: secretKeys(secrets, 'JWT_SECRET_KEY') }))(true)
      return app.ready().then(
        async () => {
          const { token_type: type } = await app.tokens.issue({ subject: 'ada' })
          await app.close()
          return type
        },
        (error: Error) => error.message,
      )
    }
    expect(await started({ JWT_SECRET_KEY: JSON.stringify({ keys: [jwk] }) })).toBe('bearer')
    expect(await started({})).toContain('JWT_SECRET_KEY')
    expect(await started({ JWT_SECRET_KEY: 'a plain secret' })).toContain('no JSON')
  })

  accept('a token that somebody signs with a guessed secret is not taken', {
    build: tokenApp(),
    honest,
    async assert(app) {
      const [header = '', payload = ''] = (await login(app)).access_token.split('.')
      const forged = createHmac('sha256', 'secret').update(`${header}.${payload}`).digest('base64url')
      expect(await statusWith(app, `${header}.${payload}.${forged}`)).toBe(401)
    },
  })
})

describe('F38: issuer and audience are required and checked', () => {
  acceptRefusalToBoot('no issuer', server({ ...tokenOptions(), issuer: undefined as never }), 'issuer')
  acceptRefusalToBoot('no audience', server({ ...tokenOptions(), audience: undefined as never }), 'audience')

  accept('a token for somebody else is not taken', {
    build: tokenApp(),
    honest,
    async assert(app) {
      const keys = tokenOptions().keys
      const [mine, other] = [Fastify(), Fastify()]
      mine.register(authTokens, tokenOptions({ keys }))
      other.register(authTokens, tokenOptions({ keys, audience: 'https://other.example.com' }))
      await Promise.all([mine.ready(), other.ready()])
      const { access_token: token } = await other.tokens.issue({ subject: 'ada' })
      await expect(mine.tokens.verify(token)).rejects.toMatchObject({ code: 'INVALID_TOKEN' })
      await Promise.all([mine.close(), other.close()])
      expect(payloadOf((await login(app)).access_token)).toMatchObject({
        iss: 'https://auth.example.com',
        aud: 'https://api.example.com',
      })
    },
  })
})

describe('F39: access tokens are short-lived', () => {
  accept('15 minutes unless said otherwise', {
    build: tokenApp(),
    honest,
    async assert(app) {
      const { access_token: token, expires_in: life } = await login(app)
      const { iat, exp } = payloadOf(token)
      expect([life, Number(exp) - Number(iat)]).toEqual([900, 900])
    },
  })

  it('an hour, as the guide has it, is allowed, and more than a day is not', async () => {
    const app = tokenApp({ accessTtl: '1h' })(true)
    await app.ready()
    expect((await login(app)).expires_in).toBe(3600)
    await app.close()
    await expect(server(tokenOptions({ accessTtl: '25h' }))(true).ready()).rejects.toThrow('accessTtl')
  })

  accept('an expired one is not taken', {
    build: tokenApp({ accessTtl: '1s', clockTolerance: 0 }),
    honest,
    async assert(app) {
      const { access_token: token } = await login(app)
      expect(await statusWith(app, token)).toBe(200)
      await new Promise((resolve) => setTimeout(resolve, 1_100))
      expect(await statusWith(app, token)).toBe(401)
    },
  })
})

describe('F40: refresh tokens expire, and so does the session as a whole', () => {
  const short = { accessTtl: 1_000, refreshTtl: 1_200 } as const

  accept('one that is not used for its time is not taken', {
    build: tokenApp(short),
    honest,
    async assert(app) {
      const { refresh_token: token } = await login(app)
      await new Promise((resolve) => setTimeout(resolve, 1_300))
      expect((await post(app, '/refresh', { token })).statusCode).toBe(400)
    },
  })

  accept('one that is used all the time ends with its session', {
    build: tokenApp({ ...short, absoluteTtl: 1_500 }),
    honest,
    async assert(app) {
      let { refresh_token: token } = await login(app)
      const statuses: number[] = []
      for (let step = 0; step < 3; step++) {
        await new Promise((resolve) => setTimeout(resolve, 700))
        const answer = await post(app, '/refresh', { token })
        statuses.push(answer.statusCode)
        if (answer.statusCode === 200) token = answer.json<TokenPair>().refresh_token
      }
      expect(statuses).toEqual([200, 200, 400])
    },
  })
})

describe('F41: access and refresh tokens cannot stand in for one another', () => {
  accept('a refresh token opens no route (it does in the guide’s sample)', {
    build: tokenApp(),
    honest,
    async assert(app) {
      const { access_token: access, refresh_token: refresh } = await login(app)
      expect(await statusWith(app, access)).toBe(200)
      expect(await statusWith(app, refresh)).toBe(401)
      expect((await post(app, '/refresh', { token: access })).statusCode).toBe(400)
    },
  })
})

describe('F42: a refresh token is consumed once; reuse revokes its family', () => {
  accept('twenty at once leave one live token (the guide’s sample leaves twenty)', {
    build: tokenApp(),
    honest,
    async assert(app) {
      const { refresh_token: token } = await login(app)
      const answers = await Promise.all(Array.from({ length: 20 }, () => post(app, '/refresh', { token })))
      const pairs = answers.map((answer) => answer.json<TokenPair>())
      expect(answers.map(({ statusCode }) => statusCode)).toEqual(Array.from({ length: 20 }, () => 200))
      expect(new Set(pairs.map(({ refresh_token: one }) => one)).size).toBe(1)
    },
  })

  accept('an old one, used again, ends the session and its access tokens', {
    build: tokenApp({ leeway: 0 }),
    honest,
    async assert(app) {
      const { refresh_token: stolen } = await login(app)
      const owner = (await post(app, '/refresh', { token: stolen })).json<TokenPair>()
      await new Promise((resolve) => setTimeout(resolve, 5))
      expect((await post(app, '/refresh', { token: stolen })).statusCode).toBe(400)
      expect((await post(app, '/refresh', { token: owner.refresh_token })).statusCode).toBe(400)
      expect(await statusWith(app, owner.access_token)).toBe(401)
    },
  })
})

describe('F43: revocation works for one token and for all of a user', () => {
  accept('a revoked token does not come back in another spelling (it does in the guide’s sample)', {
    build: tokenApp(),
    honest,
    async assert(app) {
      const { access_token: token } = await login(app)
      const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
      const last = digits.indexOf(token.at(-1) ?? '')
      const alias = `${token.slice(0, -1)}${digits[last ^ 1]}`
      await post(app, '/revoke', { token })
      expect([await statusWith(app, token), await statusWith(app, alias)]).toEqual([401, 401])
    },
  })

  accept('all of a user means all, for as long as they would last (the guide’s sample reads no such mark)', {
    build: tokenApp(),
    honest,
    async assert(app) {
      const [one, two, other] = [await login(app), await login(app), await login(app, 'bob')]
      await post(app, '/revoke-all', { subject: 'ada' })
      const tokens = [one.access_token, two.access_token, other.access_token]
      expect(await Promise.all(tokens.map((token) => statusWith(app, token)))).toEqual([401, 401, 200])
      expect((await post(app, '/refresh', { token: one.refresh_token })).statusCode).toBe(400)
      expect(await statusWith(app, (await login(app)).access_token)).toBe(200)
    },
  })
})

describe('F44: a token answer has type and lifetime; cookies are an option', () => {
  accept('access_token, refresh_token, token_type "bearer", expires_in', {
    build: tokenApp(),
    honest,
    async assert(app) {
      const answer = await post(app, '/login', { subject: 'ada' })
      expect(answer.json()).toEqual({
        access_token: expect.stringMatching(/^[^.]+\.[^.]+\.[^.]+$/),
        token_type: 'bearer',
        expires_in: 900,
        refresh_token: expect.stringMatching(/^rt1\./),
      })
    },
  })

  accept('in cookie mode, tokens are in cookies of this very host that no script can read', {
    build(withGate) {
      const app = Fastify()
      if (withGate) app.register(authTokens, tokenOptions({ cookie: {} }))
      app.get('/health', { config: { auth: false } }, () => 'ok')
      app.post('/login', { config: { auth: false } }, async (_request, reply) => {
        if (!withGate) return { access_token: 'a', token_type: 'bearer', expires_in: 900, refresh_token: 'b' }
        return reply.sendTokens(await app.tokens.issue({ subject: 'ada' }))
      })
      return app
    },
    honest,
    async assert(app) {
      const answer = await app.inject({ method: 'POST', url: '/login' })
      expect(answer.json()).toEqual({ token_type: 'bearer', expires_in: 900 })
      const strict = { httpOnly: true, secure: true, sameSite: 'Strict', path: '/' }
      expect(answer.cookies).toEqual([
        expect.objectContaining({ ...strict, name: '__Host-access_token', maxAge: 900 }),
        expect.objectContaining({ ...strict, name: '__Host-refresh_token', maxAge: 2_592_000 }),
      ])
    },
  })
})
