import { randomBytes, randomUUID } from 'node:crypto'
import { contractSuite } from '@portcullis/kernel/testing'
import { createSigner } from 'fast-jwt'
import { describe, it } from 'vitest'
import authTokens from '../src/index.ts'
import { bearer, optionsWith } from './app.ts'

const url = '/members'
const secret = randomBytes(32)
const keys = [{ kid: 'k1', alg: 'HS256' as const, secret }]
const options = optionsWith({ keys, accessTtl: '1d' })
const iat = Math.floor(Date.now() / 1000)
const sign = createSigner({ key: secret, kid: 'k1', header: { alg: 'HS256', typ: 'at+jwt' } })
const token = sign({
  iss: options.issuer,
  aud: options.audience,
  sub: 'ada',
  jti: randomUUID(),
  iat,
  exp: iat + 86_400,
})

const changed = (more: object): object => ({ ...options, ...more })

describe('contract', () =>
  contractSuite(it, {
    name: 'auth',
    plugin: authTokens,
    options,
    lenient: changed({ required: false }),
    lenientRoute: { required: false },
    route: (scope, { config, handler = () => 'ok' }) =>
      void scope.get(url, { config: { ...config } }, handler),
    honest: { method: 'GET', url, headers: bearer(token) },
    hostile: [{ method: 'GET', url }],
    refusal: { statusCode: 401, code: 'UNAUTHENTICATED' },
    event: 'auth.failure',
    invalid: [
      { options: changed({ issuer: undefined }), says: ['auth.issuer'] },
      { options: changed({ issuer: 'my issuer' }), says: ['auth.issuer', 'URL'] },
      { options: changed({ audience: [] }), says: ['auth.audience'] },
      { options: changed({ algorithms: ['none'] }), says: ['auth.algorithms', 'HS256'] },
      { options: changed({ algorithms: ['HS256', 'RS256'] }), says: ['mixes HS256'] },
      { options: changed({ accessTtl: '2d' }), says: ['accessTtl', '1 day'] },
      { options: changed({ accessTtl: 'soon' }), says: ['accessTtl', "'15m'"] },
      { options: changed({ absoluteTtl: '1d' }), says: ['absoluteTtl', 'refreshTtl'] },
      { options: changed({ jwks: { url: 'https://idp.example.com/keys' } }), says: ['keys', 'jwks'] },
      {
        options: changed({ keys: undefined, jwks: { url: 'http://idp.example.com' } }),
        says: ['jwks.url', 'https:'],
      },
      { options: changed({ cookie: { trustedOrigins: ['*'] } }), says: ['trustedOrigins', 'origin'] },
    ],
  }))
