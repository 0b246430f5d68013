import { setTimeout as delay } from 'node:timers/promises'
import { startRedis } from '@portcullis/kernel/testing'
import type * as six from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { definePolicy } from '../../src/core/policy.ts'
import { RedisStore } from '../../src/stores/redis-store.ts'
import { CLIENTS, ask, back, clientOf, closers, opened, usedOf } from './client-lines.ts'
import { lossyProxy, startCluster } from './harness.ts'
import type { RedisService } from './harness.ts'

let masters: readonly RedisService[]
beforeAll(async () => {
  masters = await startCluster(3)
}, 60_000)
afterAll(async () => {
  for (const master of masters) await master.stop()
})

describe.each(CLIENTS)('ioredis $version', ({ version, Redis, Cluster }) => {
  const client = (target: string | object): six.Redis => clientOf(Redis, target)

  it('a lost reply, a killed connection, a flushed script: charged once or not at all', async () => {
    const redis = await startRedis()
    closers.push(() => redis.stop())
    const proxy = await lossyProxy(redis.port)
    closers.push(() => proxy.close())
    const store = await opened(client(`redis://127.0.0.1:${proxy.port}`))
    const direct = await opened(client(redis.url))
    expect(await ask(store)).toBe('admitted by the store')
    proxy.loseNext()
    expect(await ask(store)).toBe('unavailable')
    await back(store)
    // It had landed, and is not sent again.
    expect(await usedOf(direct)).toBe(2)
    await delay(200)
    expect(await usedOf(direct)).toBe(2)
    const admin = client(redis.url)
    await admin.script('FLUSH')
    expect(await ask(store)).toBe('admitted by the store')
    expect(await usedOf(direct)).toBe(3)
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
    await back(store)
    await back(direct)
    expect(await usedOf(direct)).toBe(3)
  })

  it('frozen: unavailable within the bound, and what runs late charges nothing; killed: back after a restart', async () => {
    const redis = await startRedis()
    closers.push(() => redis.stop())
    const store = await opened(client(redis.url))
    expect(await ask(store)).toBe('admitted by the store')
    await redis.kill('SIGSTOP')
    for (let call = 0; call < 5; call += 1) expect(await ask(store)).toBe('unavailable')
    await redis.kill('SIGCONT')
    await back(store)
    expect(await usedOf(store)).toBe(1)
    await redis.kill('SIGKILL')
    for (let call = 0; call < 5; call += 1) expect(await ask(store)).toBe('unavailable')
    await redis.restart()
    await back(store)
    expect(await usedOf(store)).toBe(0)
  })

  describe('a cluster', () => {
    it('admits exactly the quota, and charges all partitions or none', async () => {
      const cluster = new Cluster(masters.map(({ port }) => ({ host: '127.0.0.1', port })))
      cluster.on('error', () => undefined)
      closers.push(() => cluster.disconnect())
      const store = new RedisStore({ redis: cluster, storeTimeout: 2_000 })
      closers.push(() => store.close())
      await store.connect()
      const policy = definePolicy({ name: `of ${version}`, quota: 20, window: 600_000 })
      const reserve = async (key: string): Promise<boolean> =>
        (await store.reserve([{ key, policy, cost: 1 }])).allowed
      // Of all masters, right after connecting: none of these finds its master not connected yet.
      for (const key of ['{one}', '{two}', '{three}', '{four}', '{five}']) {
        const admitted = await Promise.all(Array.from({ length: 100 }, async () => reserve(key)))
        expect(admitted.filter(Boolean)).toHaveLength(20)
      }
      const both = [
        { key: '{six}', policy, cost: 1 },
        { key: '{one}', policy, cost: 1 },
      ]
      expect((await store.reserve(both)).allowed).toBe(false)
      const [limit] = (await store.reserve([{ key: '{six}', policy, cost: 0 }])).limits
      expect(limit?.remaining).toBe(20)
    })
  })
})
