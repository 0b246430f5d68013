import jwt from '@fastify/jwt'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { describe, expect, it } from 'vitest'
import { authTokens } from '../src/index.ts'
import { bearer, optionsWith } from './app.ts'

/** A server whose own tokens are of @fastify/jwt on one route, and ours on another. */
async function serverWith(order: 'ours first' | 'ours last'): Promise<FastifyInstance> {
  const app = Fastify()
  const plugins = [
    () => app.register(authTokens, optionsWith()),
    () => app.register(jwt, { secret: 'a secret of the app, of 32 bytes and more' }),
  ]
  for (const register of order === 'ours first' ? plugins : plugins.toReversed()) register()
  app.get('/ours', (request) => request.resolvePrincipal())
  app.get('/theirs', { config: { auth: false } }, async (request) => request.jwtVerify())
  await app.ready()
  return app
}

describe.each(['ours first', 'ours last'] as const)('beside @fastify/jwt, %s', (order) => {
  it('each takes its own tokens and refuses the other’s', async () => {
    const app = await serverWith(order)
    const { access_token: ours } = await app.tokens.issue({ subject: 'ada' })
    const theirs = app.jwt.sign({ sub: 'bob' })
    const status = async (url: string, token: string): Promise<number> =>
      (await app.inject({ url, headers: bearer(token) })).statusCode
    expect([await status('/ours', ours), await status('/ours', theirs)]).toEqual([200, 401])
    expect([await status('/theirs', ours), await status('/theirs', theirs)]).toEqual([401, 200])
    expect((await app.inject({ url: '/theirs', headers: bearer(theirs) })).json()).toMatchObject({
      sub: 'bob',
    })
    await app.close()
  })
})
