import { contractSuite } from '@portcullis/kernel/testing'
import { describe, it } from 'vitest'
import userRateLimit from '../src/index.ts'

const url = '/limited'

describe('contract', () => {
  contractSuite(it, {
    name: 'userRateLimit',
    plugin: userRateLimit,
    options: { policies: { perUser: { quota: 3, window: '1m' } } },
    lenient: { policies: { perUser: { quota: 300, window: '1m' } } },
    route(scope, { config, handler = async () => 'ok' }) {
      scope.get(url, { config: { ...config } }, handler)
    },
    honest: { method: 'GET', url, remoteAddress: '198.51.100.1' },
    hostile: Array.from({ length: 4 }, () => ({ method: 'GET' as const, url, remoteAddress: '203.0.113.9' })),
    refusal: { statusCode: 429, code: 'USER_RATE_LIMIT_EXCEEDED' },
    event: 'rate_limit.exceeded',
    invalid: [
      {
        options: { policies: { perUser: { quota: 0, window: '1m' } } },
        says: ['userRateLimit.policies.perUser.quota', '0 (number)'],
      },
      { options: { policies: { perUser: { quota: 1.5, window: '1m' } } }, says: ['perUser.quota', '1.5'] },
      { options: { policies: { perUser: { quota: 3, window: 0 } } }, says: ['perUser.window', '0 (number)'] },
      {
        options: { policies: { perUser: { quota: 3, window: '1 minute' } } },
        says: ['perUser.window', "'15m'"],
      },
      { options: { policies: { perUser: { quota: 3 } } }, says: ['perUser', 'window'] },
      { options: { policies: { perUser: { quota: 3, window: '1m', burst: 5 } } }, says: ['burst', 'gcra'] },
      { options: { policies: { perUser: { quota: 3, windw: '1m' } } }, says: ['perUser.windw', "'window'"] },
      {
        options: { policies: { perUser: { quota: 3, window: '1m', partitionKey: 'user' } } },
        says: ['partitionKey', "'principal'"],
      },
      { options: { redis: 'redis://localhost' }, says: ['keySecret', '32 bytes'] },
      {
        options: { concurrency: { perAccount: { limit: 2, partitionKey: 'account' } } },
        says: ['concurrency.perAccount', "'account'"],
      },
      { options: { redis: '' }, says: ['userRateLimit.redis'] },
    ],
  })
})
