import { monitorEventLoopDelay } from 'node:perf_hooks'
import { describe, expect, it } from 'vitest'
import { Redis } from 'ioredis'
import { startRedis } from '@portcullis/kernel/testing'
import { RedisStore } from '../../src/stores/redis-store.ts'
import { breakablePostgres, breakableRedis, followThroughCuts } from './following.ts'
import { KEY_PREFIX, KEY_SECRET } from './harness.ts'

describe.each([
  ['redis', breakableRedis],
  ['postgres', breakablePostgres],
] as const)('%s store', (_name, create) => {
  it('100 forced reconnects lose no revocation', async () => {
    const store = await create()
    try {
      await followThroughCuts(store, 100)
    } finally {
      await store.close()
    }
  }, 120_000)
})

it('a snapshot of 1,000,000 revocations comes in pages', async () => {
  const redis = await startRedis()
  const client = new Redis(redis.url)
  const store = new RedisStore({
    redis: redis.url,
    keyPrefix: KEY_PREFIX,
    keySecret: KEY_SECRET,
    timeout: 5_000,
  })
  await store.connect()
  const fill = `local after = ARGV[2]
    for i = 1, 10000 do
      after = redis.call('XADD', KEYS[1], '*', 'after', after, 'scope', 'token', 'id', ARGV[1] .. ':' .. i, 'at', 1, 'expires', '9000000000000000')
    end
    return after`
  let after: unknown = '0-0'
  for (let page = 0; page < 100; page += 1)
    after = await client.eval(fill, 1, `{${KEY_PREFIX}}:log`, page, String(after))
  await client.config('RESETSTAT')
  const before = process.cpuUsage()
  const loop = monitorEventLoopDelay({ resolution: 1 })
  loop.enable()
  const { entries } = await store.snapshot()
  loop.disable()
  const { user } = process.cpuUsage(before)
  const page = /cmdstat_xrange:calls=(\d+),.*usec_per_call=([\d.]+)/.exec(await client.info('commandstats'))
  console.log(
    `${page?.[1]} pages of ${page?.[2]} µs each in Redis, ${Math.round(user / 1_000)} ms CPU here, loop delayed by ${loop.percentile(99) / 1e6} ms (p99)`,
  )
  // A page is what others wait for, on both sides.
  expect(Number(page?.[1])).toBeGreaterThanOrEqual(1_000)
  expect(entries).toHaveLength(1_000_000)
  expect(new Set(entries.map(({ id }) => id)).size).toBe(1_000_000)
  await store.close()
  client.disconnect()
  await redis.stop()
}, 120_000)
