import Fastify from 'fastify'
import { expectTypeOf } from 'vitest'
import { authTokens } from '../../src/index.ts'
import { authRoutes } from '../../src/routes/index.ts'
import type { AccessClaims, TokenPair, Tokens } from '../../src/index.ts'

const app = Fastify()
app.register(authTokens, { issuer: 'https://a.example', audience: 'b', algorithms: ['ES256'], keys: [] })
// @ts-expect-error an algorithm that is none
app.register(authTokens, { issuer: 'https://a.example', audience: 'b', algorithms: ['none'], keys: [] })
// @ts-expect-error no audience
app.register(authTokens, { issuer: 'https://a.example', algorithms: ['ES256'], keys: [] })

expectTypeOf(app.tokens).toEqualTypeOf<Tokens>()
expectTypeOf(app.tokens.issue({ subject: 'ada' })).resolves.toEqualTypeOf<TokenPair>()
expectTypeOf(app.tokens.verify('')).resolves.toEqualTypeOf<AccessClaims>()
app.get('/', { config: { auth: { required: false } } }, () => 'hello')
app.get('/off', { config: { auth: false } }, () => 'hello')

app.register(authRoutes, { prefix: '/auth', jwksPath: '/keys', authorizeIntrospection: () => true })
// @ts-expect-error an option that is none
app.register(authRoutes, { prefix: '/auth', jwkPath: '/keys' })
// @ts-expect-error a function that answers something else
app.register(authRoutes, { authorizeIntrospection: () => 'yes' })
app.post('/login', async (request, reply) => {
  const pair = await app.tokens.issue({ subject: 'ada' }, request)
  expectTypeOf(pair.token_type).toEqualTypeOf<'bearer' | 'DPoP'>()
  return reply.sendTokens(pair)
})
