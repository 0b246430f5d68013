import { startRedis } from '@portcullis/kernel/testing'
import type { RedisService } from '@portcullis/kernel/testing'
import type { BlockSubject } from '@portcullis/user-rate-limit'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { accept, operation, verdictOf } from './acceptance.ts'
import { get, limitedApp } from './limited-app.ts'

const honest = get('/free')
let server: RedisService
let apps = 0

beforeAll(async () => {
  server = await startRedis()
})
afterAll(async () => server.stop())

const shop = (withGate: boolean): FastifyInstance =>
  limitedApp({
    options: {
      redis: server.url,
      keySecret: 'a secret for tests that is long enough',
      keyPrefix: `incident-${(apps += 1)}`,
      policies: { mutations: { quota: 1000, window: '1m', when: 'mutation' } },
    },
    routes: { '/items': {} },
    graphql: {},
  })(withGate)

/** What whoever handles an incident does; without the gate there is nothing to do it with. */
async function block(app: FastifyInstance, subject: BlockSubject): Promise<void> {
  if (!app.hasDecorator('userRateLimit')) return
  await app.userRateLimit.block(subject, { for: '1h', reason: 'incident 25' })
}

describe('M25: an incident can be contained: a principal, address or operation is blocked at once', () => {
  const blocked = [403, 'REQUEST_BLOCKED']

  accept('a principal, wherever it comes from, and nobody else', {
    build: shop,
    honest,
    async assert(app) {
      await block(app, { principal: 'mallory' })
      for (const address of ['203.0.113.5', '198.51.100.7'])
        expect(verdictOf(await app.inject(get('/items', { user: 'mallory', address })))).toEqual(blocked)
      expect(verdictOf(await app.inject(get('/free', { user: 'mallory' })))).toEqual(blocked)
      expect((await app.inject(get('/items', { user: 'alice' }))).statusCode).toBe(200)
    },
  })

  accept('an address, whoever uses it', {
    build: shop,
    honest,
    async assert(app) {
      await block(app, { address: '203.0.113.5' })
      expect(verdictOf(await app.inject(get('/items', { user: 'alice', address: '203.0.113.5' })))).toEqual(
        blocked,
      )
      expect((await app.inject(get('/items', { user: 'alice' }))).statusCode).toBe(200)
    },
  })

  accept('an operation, under every alias', {
    build: shop,
    honest,
    async assert(app) {
      await block(app, { operation: 'Mutation.touch' })
      expect(verdictOf(await app.inject(operation('mutation { hello: touch }')))).toEqual(blocked)
      expect((await app.inject(operation('{ hello }'))).statusCode).toBe(200)
    },
  })
})
