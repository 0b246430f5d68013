import { createHmac, generateKeyPairSync, randomBytes } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { appWith, bearer } from './app.ts'

const seed = Number(process.env['PORTCULLIS_SEED'] ?? 20_261_130)
const times = Number(process.env['PORTCULLIS_RUNS'] ?? 1)

const secret = randomBytes(32)
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
let symmetric: FastifyInstance
let asymmetric: FastifyInstance
let tokens: readonly [string, string]
beforeAll(async () => {
  symmetric = await appWith({ keys: [{ kid: 'k1', alg: 'HS256', secret }] })
  asymmetric = await appWith({ algorithms: ['ES256'], keys: [{ kid: 'k1', alg: 'ES256', privateKey }] })
  const grant = { subject: 'ada', roles: ['admin'], claims: { plan: 'gold' } }
  tokens = [
    (await symmetric.tokens.issue(grant)).access_token,
    (await asymmetric.tokens.issue(grant)).access_token,
  ]
})
afterAll(() => Promise.all([symmetric.close(), asymmetric.close()]))

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const partsOf = (token: string): [string, string, string] => token.split('.') as [string, string, string]
const read = (part: string): Record<string, unknown> =>
  JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>

type Mutation = (token: string) => string

/** Any change of the text. */
const textual: fc.Arbitrary<Mutation> = fc
  .record({
    at: fc.nat(2_000),
    put: fc.oneof(
      fc.string({ maxLength: 3 }),
      fc.constantFrom('.', '=', '-', '_', '+', '/', ' ', '\0', 'é', ''),
    ),
    cut: fc.nat(3),
  })
  .map(({ at, put, cut }) => (token) => {
    const index = at % (token.length + 1)
    return token.slice(0, index) + put + token.slice(index + cut)
  })

/** A header that asks for something else, with the signature as it was. */
const header: fc.Arbitrary<Mutation> = fc
  .record(
    {
      alg: fc.constantFrom('none', 'None', 'HS256', 'HS384', 'ES256', 'RS256', 5, null, ['HS256']),
      typ: fc.constantFrom('JWT', 'rt+jwt', 'at+jwt', null, 5),
      kid: fc.constantFrom('k1', 'k2', '', '../../dev/null', null, 5, { a: 1 }),
      crit: fc.constantFrom(['exp'], [], null, ['b64']),
      b64: fc.boolean(),
      jwk: fc.constant(publicKey.export({ format: 'jwk' })),
      jku: fc.constant('https://evil.example.com/jwks'),
    },
    { requiredKeys: [] },
  )
  .map((more) => (token) => {
    const [first, second, third] = partsOf(token)
    return `${encode({ ...read(first), ...more })}.${second}.${third}`
  })

/** Other claims, signed with what an attacker has: nothing, a guess, or the public key as a secret. */
const forged: fc.Arbitrary<Mutation> = fc
  .record({
    claims: fc.dictionary(
      fc.constantFrom('sub', 'iss', 'aud', 'exp', 'iat', 'jti', 'roles', 'sid', 'nbf', '__proto__'),
      fc.oneof(fc.jsonValue(), fc.constant('root')),
    ),
    alg: fc.constantFrom('HS256', 'none', 'ES256'),
    key: fc.constantFrom(
      '',
      'secret',
      publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      publicKey.export({ type: 'spki', format: 'der' }).toString('latin1'),
    ),
    signed: fc.boolean(),
  })
  .map(({ claims, alg, key, signed }) => (token) => {
    const [first, second] = partsOf(token)
    const body = `${encode({ ...read(first), alg })}.${encode({ ...read(second), ...claims })}`
    const signature = signed ? createHmac('sha256', key).update(body).digest('base64url') : ''
    return `${body}.${signature}`
  })

/** The right signature over what is no access token. */
const misshapen: fc.Arbitrary<Mutation> = fc
  .oneof(fc.jsonValue(), fc.constantFrom([], 'text', 5, null, { sub: 'ada' }))
  .map((payload) => (token) => {
    const [first] = partsOf(token)
    const body = `${first}.${encode(payload)}`
    return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`
  })

/** Bits behind the last byte of a part. */
const alias: fc.Arbitrary<Mutation> = fc
  .record({ part: fc.nat(2), bits: fc.integer({ min: 1, max: 15 }) })
  .map(({ part, bits }) => (token) => {
    const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const parts = partsOf(token)
    const one = parts[part] ?? ''
    parts[part] = one.slice(0, -1) + digits.charAt(digits.indexOf(one.slice(-1)) ^ bits)
    return parts.join('.')
  })

const mutation = fc.oneof(textual, header, forged, misshapen, alias)

describe(`mutated tokens (seed ${seed})`, () => {
  it('are never taken', { timeout: 30_000 * times }, async () => {
    let tried = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(mutation, { minLength: 1, maxLength: 3 }),
        fc.boolean(),
        async (mutations, which) => {
          const app = which ? symmetric : asymmetric
          const token = tokens[which ? 0 : 1]
          let mutated = token
          for (const mutate of mutations) {
            try {
              mutated = mutate(mutated)
            } catch {
              break // What the first mutation left is no token that the next one could read.
            }
          }
          if (mutated === token) return
          tried++
          const outcome = await app.tokens.verify(mutated).then(
            () => 'taken',
            (error: { code: string }) => error.code,
          )
          // Spelling the same header in another way keeps the signature from holding, so nothing at all may be taken.
          expect(outcome).toBe('INVALID_TOKEN')
        },
      ),
      { seed, numRuns: 50_000 * Math.min(times, 20) },
    )
    expect(tried).toBeGreaterThan(45_000)
  })

  it(
    'are answered with 400 or 401 and one of two bodies, whatever the bytes',
    { timeout: 30_000 * times },
    async () => {
      const bodies = new Set<string>()
      await fc.assert(
        fc.asyncProperty(
          fc.oneof(
            fc.string({ unit: 'binary-ascii', maxLength: 60 }).map((text) => `Bearer ${text}`),
            mutation.map((mutate) => `Bearer ${mutate(tokens[0])}`),
            fc.constantFrom('Bearer', 'Bearer  a', 'bearer a b', `Bearer ${'a'.repeat(20_000)}`),
          ),
          async (authorization) => {
            if (authorization === bearer(tokens[0]).authorization) return
            const reply = await symmetric.inject({ url: '/', headers: { authorization } })
            expect([400, 401]).toContain(reply.statusCode)
            expect(reply.headers['www-authenticate']).toMatch(/^Bearer realm=/)
            bodies.add(reply.body)
          },
        ),
        { seed, numRuns: 2_000 * Math.min(times, 20) },
      )
      expect(bodies.size).toBeLessThanOrEqual(2)
    },
  )
})
