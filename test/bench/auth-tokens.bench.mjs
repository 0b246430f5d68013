// Verification of one access token after another: ours with its checks, beside fast-jwt and jose with theirs. And what a
// million live revocations add to a route that verifies.
import { createSecretKey, generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto'
import jwt from '@fastify/jwt'
import { authTokens } from '@portcullis/auth-tokens'
import { RevocationList } from '@portcullis/auth-tokens/core'
import { createSigner, createVerifier } from 'fast-jwt'
import Fastify from 'fastify'
import { jwtVerify } from 'jose'
import { microseconds, printTable } from './samples.mjs'

const issuer = 'https://auth.example.com'
const audience = 'https://api.example.com'
const secret = randomBytes(32)
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const pem = (key, type) => key.export({ type, format: 'pem' }).toString()

const kinds = {
  HS256: { key: { secret }, sign: secret, verify: secret, jose: createSecretKey(secret) },
  ES256: {
    key: { privateKey: ec.privateKey },
    sign: pem(ec.privateKey, 'pkcs8'),
    verify: pem(ec.publicKey, 'spki'),
    jose: ec.publicKey,
  },
}

/** Microseconds of CPU for one run, the least of some rounds. */
async function cpu(run, { rounds = 6, runs = 4_000 } = {}) {
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < rounds; round++) {
    await new Promise((resolve) => setImmediate(resolve))
    const before = process.cpuUsage()
    for (let index = 0; index < runs; index++) await run()
    const { user, system } = process.cpuUsage(before)
    best = Math.min(best, (user + system) / runs)
  }
  return best
}

const rows = [['verification', 'µs of CPU', 'of fast-jwt']]
for (const [alg, { key, sign, verify, jose }] of Object.entries(kinds)) {
  const app = Fastify()
  app.register(authTokens, {
    issuer,
    audience,
    algorithms: [alg],
    keys: [{ kid: 'k1', alg, ...key }],
    refreshSecrets: [randomBytes(32).toString('base64')],
    clockTolerance: 0,
  })
  await app.ready()
  const { access_token: ours } = await app.tokens.issue({
    subject: 'ada',
    roles: ['admin'],
    permissions: ['orders:read'],
  })
  const claims = JSON.parse(Buffer.from(ours.split('.')[1], 'base64url').toString())
  const token = createSigner({ key: sign, algorithm: alg, kid: 'k1', header: { alg, typ: 'at+jwt' } })(claims)
  const requiredClaims = ['iss', 'aud', 'exp', 'iat', 'sub', 'jti']
  const fast = createVerifier({
    key: verify,
    algorithms: [alg],
    allowedIss: issuer,
    allowedAud: audience,
    requiredClaims,
    checkTyp: 'at+jwt',
  })
  const options = { issuer, audience, algorithms: [alg], typ: 'at+jwt', requiredClaims }
  const times = { 'fast-jwt': [], 'auth-tokens': [], jose: [] }
  for (let round = 0; round < 3; round++) {
    times['fast-jwt'].push(await cpu(async () => fast(token)))
    times['auth-tokens'].push(await cpu(() => app.tokens.verify(token)))
    times.jose.push(await cpu(() => jwtVerify(token, jose, options), { runs: 1_000 }))
  }
  const peer = Math.min(...times['fast-jwt'])
  for (const [name, list] of Object.entries(times)) {
    const least = Math.min(...list)
    rows.push([`${alg}, ${name}`, least.toFixed(1), (least / peer).toFixed(2)])
  }
  await app.close()
}
printTable(rows)

const app = Fastify()
app.register(jwt, { secret, verify: { algorithms: ['HS256'], allowedIss: issuer, allowedAud: audience } })
app.get('/', { onRequest: (request) => request.jwtVerify() }, () => 'ok')
await app.ready()
const authorization = `Bearer ${app.jwt.sign({ sub: 'ada', iss: issuer, aud: audience })}`
const route = await cpu(() => app.inject({ url: '/', headers: { authorization } }), { runs: 2_000 })
await app.close()

const list = new RevocationList()
const expiresAt = Date.now() + 900_000
for (let index = 0; index < 1_000_000; index++)
  list.add({ scope: ['token', 'session'][index % 2], id: randomUUID(), revokedAt: Date.now(), expiresAt })
const asked = Array.from({ length: 1024 }, () => ({
  jti: randomUUID(),
  sid: randomUUID(),
  sub: 'ada',
  iat: 1,
  iat_ms: 1,
}))
const look = microseconds((index) => list.covers(asked[index & 1023]))
console.log()
printTable([
  ['revocation', 'µs'],
  ['a route that verifies, with inject', route.toFixed(1)],
  [`a look among ${list.size.toLocaleString('en')} revocations`, look.toFixed(3)],
  ['of the route', `${((100 * look) / route).toFixed(2)} %`],
])
