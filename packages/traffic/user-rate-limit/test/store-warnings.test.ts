import { setTimeout as delay } from 'node:timers/promises'
import { startRedis } from '@portcullis/kernel/testing'
import type { FastifyInstance } from 'fastify'
import { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { gateApps, keySecret } from './gate-app.ts'

const apps = gateApps()

/** An app whose log is kept. */
function logged(redis: string): { readonly app: FastifyInstance; readonly lines: string[] } {
  const lines: string[] = []
  const logger = { level: 'warn', stream: { write: (line: string) => void lines.push(line) } }
  const policies = { perUser: { quota: 2, window: '1h' } } as const
  const app = apps.build({ redis, keySecret, storeTimeout: '2s', policies }, { logger })
  app.get('/', () => 'ok')
  return { app, lines }
}

const of = (lines: readonly string[], code: string): string[] => lines.filter((line) => line.includes(code))

describe('a Redis that evicts keys', () => {
  it.each([
    ['noeviction', []],
    ['allkeys-lru', ['maxmemory-policy allkeys-lru']],
    ['volatile-ttl', ['maxmemory-policy volatile-ttl']],
  ])('%s: is told at boot', async (policy, told) => {
    const redis = await startRedis({ args: ['--maxmemory-policy', policy] })
    const { app, lines } = logged(redis.url)
    await app.ready()
    const found = of(lines, 'RATE_LIMIT_STORE_EVICTS')
    expect(found).toHaveLength(told.length)
    for (const [at, words] of told.entries()) expect(found[at]).toContain(words)
    await app.close()
    await redis.stop()
  })

  it('that forbids INFO is told too, and one that comes later is looked at then', async () => {
    const redis = await startRedis({ args: ['--maxmemory-policy', 'allkeys-lfu'] })
    const admin = new Redis(redis.url)
    await admin.call('ACL', 'SETUSER', 'limited', 'on', '>pass', '~*', '&*', '+@all', '-info')
    const forbidden = logged(`redis://limited:pass@127.0.0.1:${redis.port}`)
    await forbidden.app.ready()
    expect(of(forbidden.lines, 'RATE_LIMIT_STORE_EVICTS')[0]).toContain('does not tell')
    await forbidden.app.close()
    admin.disconnect()

    await redis.kill('SIGKILL')
    const early = logged(redis.url)
    await early.app.ready()
    // That it is away is known when it is first looked for.
    while (of(early.lines, 'blocks that others set').length === 0) await delay(50)
    expect(of(early.lines, 'RATE_LIMIT_STORE_EVICTS')).toEqual([])
    await redis.restart()
    while (of(early.lines, 'RATE_LIMIT_STORE_EVICTS').length === 0) await delay(50)
    expect(of(early.lines, 'RATE_LIMIT_STORE_EVICTS')[0]).toContain('allkeys-lfu')
    await early.app.close()
    await redis.stop()
  })
})

it('keys that have lost their expiry get one again, and that is said once', async () => {
  const redis = await startRedis()
  const admin = new Redis(redis.url)
  const { app, lines } = logged(redis.url)
  for (const user of ['ada', 'grace']) {
    const send = async (): Promise<number> =>
      (await app.inject({ url: '/', headers: { 'x-user': user } })).statusCode
    const before = await admin.keys('rate-limit:v1:*')
    expect(await send()).toBe(200)
    const key = (await admin.keys('rate-limit:v1:*')).find((one) => !before.includes(one)) ?? ''
    expect(await admin.pttl(key)).toBeGreaterThan(0)
    await admin.persist(key)
    expect(await admin.pttl(key)).toBe(-1)
    // A charge of a key that is known to live long enough does not look; a refusal does.
    expect([await send(), await send()]).toEqual([200, 429])
    expect(await admin.pttl(key)).toBeGreaterThan(0)
  }
  expect(of(lines, 'EXPIRY_LOST')).toHaveLength(1)
  await app.close()
  admin.disconnect()
  await redis.stop()
})
