import { setImmediate, setTimeout as delay } from 'node:timers/promises'
import { startRedis } from '@portcullis/kernel/testing'
import { RedisUnreachable } from '@portcullis/kernel/redis'
import { lossyProxy } from './harness.ts'
import type { RedisService } from './harness.ts'
import { Redis } from 'ioredis'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { definePolicy } from '../../src/core/policy.ts'
import type { Charge } from '../../src/core/verdict.ts'
import { StoreUnavailable } from '../../src/stores/failures.ts'
import { RedisStore } from '../../src/stores/redis-store.ts'
import { property } from '../property.ts'

const TIMEOUT = 50
/** The bound is 50 ms; the machine of a test may be busy for a while besides. */
const SLACK = 700
const policy = definePolicy({ name: 'p', quota: 100, window: 60_000 })
const charge = (cost = 1): Charge => ({ key: '{k}', policy, cost })

let redis: RedisService
let store: RedisStore
const closers: (() => unknown)[] = []

const open = async (url = redis.url): Promise<RedisStore> => {
  const opened = new RedisStore({ redis: url, storeTimeout: TIMEOUT })
  closers.push(() => opened.close())
  await opened.connect()
  // The first decision loads the script, which takes longer than the bound where the machine is busy.
  await vi.waitFor(() => opened.reserve([charge(0)]), { timeout: 5_000 })
  return opened
}
const client = (): Redis => {
  const opened = new Redis(redis.url)
  closers.push(() => opened.disconnect())
  return opened
}

beforeEach(async () => {
  redis = await startRedis()
  store = await open()
})
afterEach(async () => {
  await Promise.all(closers.splice(0).map((close) => close()))
  await redis.stop()
})

/** Milliseconds until a decision has failed as unavailable. */
async function failure(asked: RedisStore = store): Promise<number> {
  const start = performance.now()
  await expect(asked.reserve([charge()])).rejects.toThrow(StoreUnavailable)
  return performance.now() - start
}

/** Units charged, as Redis has it. Waits for a store that is on its way back. */
async function used(asked: RedisStore = store): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    try {
      const [limit] = (await asked.reserve([charge(0)])).limits
      return 100 - (limit?.remaining ?? 0)
    } catch (error) {
      expect(error).toBeInstanceOf(StoreUnavailable)
      await delay(50)
    }
  }
  throw new Error('the store did not come back')
}

/** Scripts that Redis has run. */
async function scriptsRun(): Promise<number> {
  return Number(/cmdstat_evalsha:calls=(\d+)/.exec(await client().info('commandstats'))?.[1] ?? 0)
}

describe('a fault of Redis', () => {
  it('killed: fails within the bound, and comes back after a restart', async () => {
    await redis.kill('SIGKILL')
    expect(await failure()).toBeLessThan(TIMEOUT + SLACK)
    expect(await failure()).toBeLessThan(TIMEOUT + SLACK)
    await redis.restart()
    expect(await used()).toBe(0)
  })

  it('frozen: fails within the bound, and what then runs late charges nothing', async () => {
    const before = await scriptsRun()
    await redis.kill('SIGSTOP')
    // Each in a turn of its own, so that each is a command of its own.
    const failures: Promise<number>[] = []
    const begun = performance.now()
    // Once one has failed, the breaker answers the next at once.
    while (failures.length < 20 && performance.now() - begun < TIMEOUT) {
      failures.push(failure())
      await setImmediate()
    }
    const times = await Promise.all(failures)
    expect(Math.max(...times)).toBeLessThan(TIMEOUT + SLACK)
    // Nobody gives up before the deadline that the scripts have.
    expect(Math.min(...times)).toBeGreaterThanOrEqual(TIMEOUT)
    await redis.kill('SIGCONT')
    expect(await used()).toBe(0)
    // They did run: it is the deadline that has kept them from charging.
    expect(await scriptsRun()).toBeGreaterThanOrEqual(before + failures.length)
  })

  it('busy for longer than the bound: the same', async () => {
    const probe = client()
    await probe.ping()
    const sleeping = client()
      .call('DEBUG', 'SLEEP', '1')
      .catch(() => client().call('EVAL', busyLoop, 0))
    // Busy from when it does not answer at once.
    const answers = (): Promise<boolean> =>
      Promise.race([probe.ping().then(() => true), delay(20).then(() => false)])
    while (await answers()) await delay(1)
    const times = await Promise.all(Array.from({ length: 5 }, () => failure()))
    expect(Math.max(...times)).toBeLessThan(TIMEOUT + SLACK)
    await sleeping
    expect(await used()).toBe(0)
  })

  it('a store that does not answer costs nothing per decision, and is looked for in the background', async () => {
    await redis.kill('SIGSTOP')
    await Promise.all(Array.from({ length: 3 }, () => failure()))
    const start = performance.now()
    for (let i = 0; i < 1_000; i += 1)
      await expect(store.reserve([charge()])).rejects.toMatchObject({ fault: 'breaker-open' })
    expect((performance.now() - start) / 1_000).toBeLessThan(1)
    // Over the first pauses: still no decision waits.
    for (let i = 0; i < 10; i += 1) {
      await delay(60)
      expect(await failure()).toBeLessThan(20)
    }
    await redis.kill('SIGCONT')
    expect(await used()).toBe(0)
  })

  it('a reply that is lost: the charge has landed once and is not sent again', async () => {
    const proxy = await lossyProxy(redis.port)
    closers.push(() => proxy.close())
    const behind = await open(`redis://127.0.0.1:${proxy.port}`)
    proxy.loseNext()
    expect(await failure(behind)).toBeLessThan(TIMEOUT + SLACK)
    expect(await used(behind)).toBe(1)
    await delay(300)
    expect(await used()).toBe(1)
  })

  it('CLIENT KILL, again and again: never more charged than asked, no key without TTL', async () => {
    const admin = client()
    const rounds = property(4, 50).numRuns
    let asked = 0
    let admitted = 0
    for (let round = 0; round < rounds; round += 1) {
      const calls = Promise.allSettled(Array.from({ length: 5 }, () => store.reserve([charge()])))
      asked += 5
      await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes')
      const settled = await calls
      admitted += settled.filter((call) => call.status === 'fulfilled' && call.value.allowed).length
      const charged = await used()
      expect(charged).toBeGreaterThanOrEqual(admitted)
      expect(charged).toBeLessThanOrEqual(asked)
      if (charged > 0) expect(await admin.pttl('{k}')).toBeGreaterThan(0)
    }
  }, 60_000)

  it('read-only after a failover: unavailable, and back when it is primary again', async () => {
    const admin = client()
    await admin.call('REPLICAOF', '127.0.0.1', '1')
    await failure()
    await admin.call('REPLICAOF', 'NO', 'ONE')
    expect(await used()).toBe(0)
    await store.reserve([charge()])
    expect(await used()).toBe(1)
  })

  it('a process that is busy for longer than the bound still reads the reply that was in time', async () => {
    const isAllowed = async (): Promise<boolean> => {
      const decision = store.reserve([charge()]).catch(() => undefined)
      await delay(1)
      const until = performance.now() + TIMEOUT * 2
      while (performance.now() < until);
      return (await decision)?.allowed === true
    }
    // Where the machine is busy, Redis itself may be late.
    await expect.poll(isAllowed, { timeout: 5_000 }).toBe(true)
  })

  it('a cancel that does not get through rejects, and the charge stays', async () => {
    const { reservation } = await store.reserve([charge(10)])
    await redis.kill('SIGSTOP')
    if (reservation !== undefined) await expect(store.cancel(reservation)).rejects.toThrow(StoreUnavailable)
    await redis.kill('SIGCONT')
    expect(await used()).toBe(10)
  })
})

describe('connecting', () => {
  const attempt = async (url: string): Promise<unknown> => {
    const unconnected = new RedisStore({ redis: url, storeTimeout: TIMEOUT })
    closers.push(() => unconnected.close())
    return unconnected.connect().catch((error: unknown) => error)
  }

  it('to nobody: names host and port, no credentials, and comes up later by itself', async () => {
    await redis.kill('SIGKILL')
    const later = new RedisStore({
      redis: `redis://user:pass-word@127.0.0.1:${redis.port}`,
      storeTimeout: TIMEOUT,
    })
    closers.push(() => later.close())
    const error = await later.connect().catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(RedisUnreachable)
    expect(String(error)).toBe(
      `RedisUnreachable: Redis at 127.0.0.1:${redis.port} can't be reached (ECONNREFUSED).`,
    )
    await expect(later.reserve([charge()])).rejects.toThrow(StoreUnavailable)
  })

  it('with a wrong password: says so without it', async () => {
    await client().config('SET', 'requirepass', 'the-right-one')
    const error = await attempt(`redis://:pass-word@127.0.0.1:${redis.port}`)
    expect(error).toBeInstanceOf(RedisUnreachable)
    expect(String(error)).toContain('(WRONGPASS)')
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('pass-word')
  })

  it('in the background: a server that starts late is found', async () => {
    await redis.kill('SIGKILL')
    const late = new RedisStore({ redis: redis.url, storeTimeout: TIMEOUT })
    closers.push(() => late.close())
    await expect(late.connect()).rejects.toThrow(RedisUnreachable)
    await redis.restart()
    expect(await used(late)).toBe(0)
    await late.connect()
  })

  it('to what is no URL: names nothing of it', async () => {
    expect(String(await attempt('user:pass-word@nowhere.invalid:1'))).not.toContain('pass-word')
  })

  it('before connect, decisions are unavailable', async () => {
    const unconnected = new RedisStore({ redis: redis.url })
    await expect(unconnected.reserve([charge()])).rejects.toThrow(StoreUnavailable)
    await unconnected.close()
  })
})

const busyLoop = `
local function time() local t = redis.call('TIME') return t[1] * 1000000 + t[2] end
local start = time()
while time() < start + 1000000 do end
return 1
`
