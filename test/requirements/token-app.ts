import { randomBytes } from 'node:crypto'
import { authTokens } from '@portcullis/auth-tokens'
import type { AuthTokensOptions } from '@portcullis/auth-tokens'
import Fastify from 'fastify'
import fp from 'fastify-plugin'
import type { FastifyInstance } from 'fastify'
import type { Acceptance } from './acceptance.ts'
import { naiveTokens } from './flawed/naive-tokens.ts'

/** What the routes below call: ours, or the guide's sample. */
interface Issuer {
  issue(subject: string): Promise<object>
  refresh(token: string): Promise<object>
  revoke(token: string): Promise<void>
  revokeAll(subject: string): Promise<void>
}

/** Options as the guide has them, with secrets that are none of its. */
export function tokenOptions(more: Partial<AuthTokensOptions> = {}): AuthTokensOptions {
  return {
    issuer: 'https://auth.example.com',
    audience: 'https://api.example.com',
    algorithms: ['HS256'],
    keys: [{ kid: '2026-11', alg: 'HS256', secret: randomBytes(32) }],
    refreshSecrets: [randomBytes(32).toString('base64')],
    ...more,
  }
}

function ours({ tokens }: FastifyInstance): Issuer {
  return {
    issue: (subject) => tokens.issue({ subject }),
    refresh: (token) => tokens.refresh(token),
    revoke: (token) => tokens.revoke({ token }),
    revokeAll: (subject) => tokens.revokeAll(subject),
  }
}

/** A server that logs in, refreshes and signs out: with the gate, or with the guide's sample in its place. */
export function tokenApp(more: Partial<AuthTokensOptions> = {}): Acceptance['build'] {
  return (withGate) => {
    const app = Fastify()
    if (withGate) app.register(authTokens, tokenOptions(more))
    else app.register(fp(naiveTokens), {})
    const issuer = (): Issuer => (withGate ? ours(app) : (app as unknown as { naive: Issuer }).naive)
    const config = { auth: false } as const
    type Form = { Body: { token: string; subject: string } }
    app.get('/health', { config }, () => 'ok')
    app.get('/me', () => 'ok')
    app.post<Form>('/login', { config }, ({ body }) => issuer().issue(body.subject))
    app.post<Form>('/refresh', { config }, ({ body }) => issuer().refresh(body.token))
    app.post<Form>('/revoke', { config }, ({ body }) => issuer().revoke(body.token))
    app.post<Form>('/revoke-all', { config }, ({ body }) => issuer().revokeAll(body.subject))
    return app
  }
}
