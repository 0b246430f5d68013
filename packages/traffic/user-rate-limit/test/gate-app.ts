import { kernel } from '@portcullis/kernel'
import type { SecurityEvent } from '@portcullis/kernel'
import { startRedis } from '@portcullis/kernel/testing'
import type { RedisService } from '@portcullis/kernel/testing'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import { afterAll, afterEach, beforeAll } from 'vitest'
import userRateLimit from '../src/index.ts'
import type { UserRateLimitOptions } from '../src/index.ts'

export const keySecret = 'a secret of this test that is long enough'

/** Where limits are counted. */
export type StoreKind = 'memory' | 'redis'

/** Apps of a test file, closed after each test, and a Redis that the file owns. */
export interface GateApps {
  /** Options of a store that nothing was counted in; the same again for `shared` names. */
  store(kind: StoreKind, shared?: string): UserRateLimitOptions
  /** An app with the gate, in which `x-user` and `x-tenant` say who asks; routes are the test's. */
  build(options: UserRateLimitOptions, server?: FastifyServerOptions, environment?: string): FastifyInstance
  /** The events of an app from now on. */
  eventsOf(app: FastifyInstance): SecurityEvent[]
  readonly redis: RedisService
}

export function gateApps(): GateApps {
  const apps: FastifyInstance[] = []
  let redis: RedisService | undefined
  let prefix = 0
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.close()))
  })
  afterAll(async () => redis?.stop())
  const running = (): RedisService => {
    if (redis === undefined) throw new Error('Redis is started before the first test')
    return redis
  }
  return {
    get redis() {
      return running()
    },
    store: (kind, shared) =>
      kind === 'memory'
        ? {}
        : {
            redis: running().url,
            keySecret,
            keyPrefix: shared ?? `test-${(prefix += 1)}`,
            storeTimeout: '2s',
          },
    build(options, server = {}, environment = 'test') {
      const app = Fastify(server)
      apps.push(app)
      void app.register(kernel, {
        environment: environment as 'test',
        identify: ({ headers }) => {
          const { 'x-user': id, 'x-tenant': tenantId } = headers as Record<string, string | undefined>
          return id === undefined ? null : { id, tenantId }
        },
      })
      void app.register(userRateLimit, options)
      return app
    },
    eventsOf(app) {
      const events: SecurityEvent[] = []
      app.securityEvents.subscribe((event) => void events.push(event))
      return events
    },
  }
}
