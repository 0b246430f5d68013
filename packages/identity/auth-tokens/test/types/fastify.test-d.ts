import Fastify from 'fastify'
import { expectTypeOf } from 'vitest'
import { authTokens } from '../../src/index.ts'
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
