import { randomBytes } from 'node:crypto'
import { startRedis } from '@portcullis/kernel/testing'
import type { RedisService } from '@portcullis/kernel/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bearer } from '../app.ts'
import { routesApp } from './routes-app.ts'
import type { RoutesApp } from './routes-app.ts'

let redis: RedisService
let routes: RoutesApp
beforeAll(async () => {
  redis = await startRedis()
  routes = await routesApp(
    {
      redis: redis.url,
      keySecret: randomBytes(32).toString('base64'),
      storeTimeout: 200,
      maxStaleness: 2_000,
      dpop: 'allowed',
      dpopOrigins: ['https://api.example.com'],
    },
    { authorizeIntrospection: () => true },
  )
})
afterAll(async () => {
  await redis.kill('SIGCONT')
  await routes.app.close()
  await redis.stop()
})

describe('while the store does not answer', () => {
  it('the routes say so, and wrong tokens are wrong all the same', async () => {
    const { access_token: access, refresh_token: token } = await routes.signIn()
    const form = { grant_type: 'refresh_token', refresh_token: token }
    await redis.kill('SIGSTOP')
    const replies = [
      await routes.post('/auth/token', form),
      await routes.post('/auth/revoke', { token }),
      await routes.post('/auth/introspect', { token }),
    ]
    for (const reply of replies) {
      expect([reply.statusCode, reply.json<{ code: string }>().code]).toEqual([503, 'AUTH_STORE_UNAVAILABLE'])
      expect(reply.headers['retry-after']).toBe('1')
      expect(reply.headers['cache-control']).toBe('no-store')
      expect(reply.body).not.toMatch(/redis|127\.0\.0\.1/i)
    }
    const wrong = await routes.post('/auth/token', { ...form, refresh_token: 'x' })
    expect([wrong.statusCode, wrong.json()]).toEqual([400, { error: 'invalid_grant' }])
    expect((await routes.post('/auth/revoke', { token: 'x' })).statusCode).toBe(200)
    expect((await routes.post('/auth/introspect', { token: 'x' })).json()).toEqual({ active: false })
    await expect
      .poll(
        async () =>
          (await routes.app.inject({ url: '/auth/sessions', headers: bearer(access) })).headers[
            'retry-after'
          ],
        { timeout: 5_000 },
      )
      .toBe('1')
    await redis.kill('SIGCONT')
    const again = async (): Promise<number> =>
      (await routes.app.inject({ url: '/auth/sessions', headers: bearer(access) })).statusCode
    // What was asked for meanwhile may have been done or not: the session is there or has ended, and nothing fails.
    await expect.poll(async () => [200, 401].includes(await again()), { timeout: 5_000 }).toBe(true)
    const fresh = await routes.signIn()
    const reply = await routes.post('/auth/token', { ...form, refresh_token: fresh.refresh_token })
    expect(reply.statusCode).toBe(200)
  })
})
