import accessControl from '@portcullis/access-control'
import type { AccessControlOptions } from '@portcullis/access-control'
import authTokens from '@portcullis/auth-tokens'
import { authRoutes } from '@portcullis/auth-tokens/routes'
import Fastify from 'fastify'
import { describe, expect, it } from 'vitest'
import { tokenOptions } from '../requirements/token-app.ts'

describe('the routes of auth-tokens beside access-control', () => {
  it.each<[string, AccessControlOptions, boolean]>([
    ['that wants a decision over each route', { requireDecision: true }, true],
    ['that wants a decision, registered last', { requireDecision: true }, false],
    ['that lets nobody in by itself', { role: 'nobody' }, true],
    ['that has no rules', {}, true],
  ])(
    '%s refresh and revoke for whoever has the token, and show sessions to whoever is known',
    async (_name, options, first) => {
      const app = Fastify()
      const access = { roles: { nobody: ['nothing:read'] }, ...options }
      if (first) app.register(accessControl, access)
      app.register(authTokens, tokenOptions())
      app.register(authRoutes, { prefix: '/auth', authorizeIntrospection: () => true })
      if (!first) app.register(accessControl, access)
      await app.ready()
      const pair = await app.tokens.issue({ subject: 'ada' })
      const headers = { authorization: `Bearer ${pair.access_token}` }
      const refresh = { grant_type: 'refresh_token', refresh_token: pair.refresh_token }
      const replies = [
        await app.inject({ method: 'POST', url: '/auth/token', payload: refresh }),
        await app.inject({ url: '/auth/sessions', headers }),
        await app.inject({ url: '/auth/sessions' }),
        await app.inject({ method: 'POST', url: '/auth/introspect', payload: { token: pair.access_token } }),
        await app.inject({ method: 'POST', url: '/auth/revoke', payload: { token: pair.refresh_token } }),
      ]
      expect(replies.map(({ statusCode }) => statusCode)).toEqual([200, 200, 401, 200, 200])
      await app.close()
    },
  )

  it('hold where access-control is in another scope, too', async () => {
    const app = Fastify()
    app.register(authTokens, tokenOptions())
    app.register(authRoutes, { prefix: '/auth' })
    app.register(async (scope) => void scope.register(accessControl, { requireDecision: true }))
    await app.ready()
    expect((await app.inject({ url: '/auth/sessions' })).statusCode).toBe(401)
    await app.close()
  })
})
