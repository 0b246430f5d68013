import { randomBytes } from 'node:crypto'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { authTokens } from '../src/index.ts'
import type { AuthTokensOptions } from '../src/index.ts'

/** Options with which tokens are issued, in memory. */
export function optionsWith(more: Partial<AuthTokensOptions> = {}): AuthTokensOptions {
  return {
    issuer: 'https://auth.example.com',
    audience: 'https://api.example.com',
    algorithms: ['HS256'],
    keys: [{ kid: 'k1', alg: 'HS256', secret: randomBytes(32) }],
    refreshSecrets: [randomBytes(32).toString('base64')],
    ...more,
  }
}

/** A server with the gate, `/` that needs a token and `/open` that does not. */
export async function appWith(more: Partial<AuthTokensOptions> = {}): Promise<FastifyInstance> {
  const app = Fastify()
  app.register(authTokens, optionsWith(more))
  app.get('/', (request) => request.resolvePrincipal())
  app.get('/open', { config: { auth: { required: false } } }, (request) => request.resolvePrincipal())
  app.get('/off', { config: { auth: false } }, (request) => request.resolvePrincipal())
  app.post('/', (request) => request.resolvePrincipal())
  await app.ready()
  return app
}

/** The header that carries a token. */
export const bearer = (token: string): { authorization: string } => ({ authorization: `Bearer ${token}` })
