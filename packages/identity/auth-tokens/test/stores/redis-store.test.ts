import { once } from 'node:events'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { startRedis } from '@portcullis/kernel/testing'
import type { RedisService } from '@portcullis/kernel/testing'
import { Cluster, Redis } from 'ioredis'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { RedisStore } from '../../src/stores/redis-store.ts'
import type { TokenStore } from '../../src/stores/store.ts'
import { KEY_PREFIX, KEY_SECRET, newSession, TIMEOUT, useOf } from './harness.ts'

const options = { keyPrefix: KEY_PREFIX, keySecret: KEY_SECRET, timeout: TIMEOUT }
const LOG = `{${KEY_PREFIX}}:log`

let redis: RedisService
let client: Redis
let store: RedisStore
beforeAll(async () => {
  redis = await startRedis()
  client = new Redis(redis.url)
  store = new RedisStore({ redis: redis.url, ...options })
  await store.connect()
})
beforeEach(() => client.flushall())
afterAll(async () => {
  await store.close()
  client.disconnect()
  await redis.stop()
})

/** Every step once, all outcomes. */
async function everything(tokens: TokenStore): Promise<void> {
  for (const id of ['s1', 's2', 's3'])
    await tokens.open(newSession({ id, subject: 'ada@example.com', maxSessions: 2 }))
  await tokens.open(newSession({ id: 'b1', subject: 'bob' }))
  await tokens.use(useOf(0, { id: 's3' }))
  await tokens.use(useOf(0, { id: 's3', grant: '{}' }))
  await tokens.use(useOf(0, { id: 'b1' }))
  await tokens.use(useOf(0, { id: 'b1', leeway: -1 }))
  await tokens.sessions('ada@example.com')
  await tokens.revoke('token', 'jti', 60_000)
  await tokens.revoke('session', 's2', 60_000)
  await tokens.revoke('subject', 'ada@example.com', 60_000)
  await tokens.open(newSession({ id: 's4', subject: 'ada@example.com' }))
  await tokens.revoke('everything', '', 60_000)
  await tokens.open(newSession({ id: 's5', subject: 'ada@example.com' }))
}

describe('keys', () => {
  it('expire, all but the clock and the log', async () => {
    await everything(store)
    const keys = await client.keys('*')
    const lasting: string[] = []
    for (const key of keys) if ((await client.pttl(key)) === -1) lasting.push(key)
    expect(lasting.toSorted()).toEqual([`{${KEY_PREFIX}}:clock`, LOG])
    expect(keys.length).toBeGreaterThan(5)
  })

  it('live no longer than what they hold', async () => {
    await store.open(newSession({ idleTtl: 5_000, absoluteTtl: 9_000 }))
    const [session, index] = [
      await client.pttl(`{${KEY_PREFIX}}:s:s1`),
      await client.pttl((await client.keys('*:i:*'))[0] ?? ''),
    ]
    expect([Math.ceil(session / 1_000), Math.ceil(index / 1_000)]).toEqual([5, 9])
    await store.open(newSession({ id: 's2', absoluteTtl: 4_000 }))
    // The index of a subject lives as long as the last of its sessions.
    expect(await client.pttl((await client.keys('*:i:*'))[0] ?? '')).toBeGreaterThan(8_000)
  })

  it('begin with the prefix and name no subject; the secret and the prefix tell stores apart', async () => {
    await everything(store)
    const keys = await client.keys('*')
    expect(keys.filter((key) => !key.startsWith(`{${KEY_PREFIX}}:`))).toEqual([])
    expect(keys.filter((key) => key.includes('ada') || key.includes('bob'))).toEqual([])
    const other = new RedisStore({ redis: redis.url, ...options, keyPrefix: 'other' })
    await other.connect()
    expect(await other.sessions('ada@example.com')).toEqual([])
    expect((await other.snapshot()).entries).toEqual([])
    await other.close()
  })

  it.each(['', 'a{b', 'a}', 'a b', 'ü'])('a prefix of %j is refused', (keyPrefix) => {
    expect(() => new RedisStore({ redis: redis.url, ...options, keyPrefix })).toThrow(RangeError)
  })

  it('what is left of ended sessions does not add up', async () => {
    for (let round = 0; round < 50; round += 1)
      await store.open(newSession({ id: `s${round}`, maxSessions: 3, accessTtl: 1 }))
    const [index] = await client.keys('*:i:*')
    expect(await client.zcard(index ?? '')).toBe(3)
    expect(await client.keys('*:s:*')).toHaveLength(3)
    // Expired revocations go with the writes that follow, ten at a time.
    await delay(5)
    await store.snapshot()
    expect(await client.xlen(LOG)).toBe(1)
  })
})

describe('the log', () => {
  it.each([
    ['a flush', () => client.flushall()],
    [
      'a flush and as many new entries',
      async () => {
        await client.flushall()
        for (const id of ['x', 'y']) await store.revoke('token', id, 60_000)
      },
    ],
    ['its key deleted', () => client.del(LOG)],
    [
      'its key deleted and a new entry',
      async () => {
        await client.del(LOG)
        await store.revoke('token', 'x', 60_000)
      },
    ],
    [
      'trimmed by somebody',
      async () => {
        await store.revoke('token', 'c', 60_000)
        await store.revoke('token', 'd', 60_000)
        await client.call('XTRIM', LOG, 'MAXLEN', '1')
      },
    ],
  ])('%s is noticed', async (_name, lose) => {
    for (const id of ['a', 'b']) await store.revoke('token', id, 60_000)
    const { cursor } = await store.snapshot()
    // The ids of a stream are moments: a server is not back within the same one.
    await delay(2)
    await lose()
    expect(await store.changes(cursor)).toBe('lost')
    expect(await store.changes((await store.snapshot()).cursor)).not.toBe('lost')
  })

  it.each(['clock behind', 'clock ahead'])(
    'a server that went back to an older state and then on is noticed: %s',
    async (skew) => {
      await store.revoke('token', 'a', 60_000)
      const old = await client.dumpBuffer(LOG)
      await store.revoke('token', 'b', 60_000)
      const { cursor } = await store.snapshot()
      await client.restore(LOG, 0, old ?? '', 'REPLACE')
      const [time = 0] = cursor.split('-').map(Number)
      const fields = ['scope', 'token', 'id', 'c', 'at', '1', 'expires', '9000000000000000']
      const first = (await client.xrange(LOG, '-', '+'))[0]?.[0] ?? ''
      if (skew === 'clock behind') {
        // An entry that a reader of the cursor would pass over, and one that it sees.
        const passed = `${first.split('-')[0]}-7`
        await client.xadd(LOG, passed, 'after', first, ...fields)
        expect(await store.changes(cursor)).toBe('lost')
        await client.xadd(LOG, `${time + 5}-0`, 'after', passed, ...fields)
      } else await client.xadd(LOG, `${time + 5}-0`, 'after', first, ...fields)
      expect(await store.changes(cursor)).toBe('lost')
    },
  )

  it('pages: a snapshot has all that is in force', async () => {
    const revoke = (page: number): Promise<unknown> =>
      Promise.all(
        Array.from({ length: 500 }, (_, at) =>
          store.revoke('token', `t${page * 500 + at}`, at % 5 === 0 ? 1 : 60_000),
        ),
      )
    for (let page = 0; page < 7; page += 1) await revoke(page)
    await delay(5)
    const { entries } = await store.snapshot()
    expect(entries.length).toBe(2_800)
    expect(new Set(entries.map(({ id }) => id)).size).toBe(2_800)
  })

  it('waits for the first entry, and tells it at once', async () => {
    const { cursor } = await store.snapshot()
    const start = performance.now()
    const changes = store.changes(cursor)
    await delay(100)
    await store.revoke('token', 'a', 60_000)
    expect(await changes).toMatchObject({ entries: [{ id: 'a' }] })
    expect(performance.now() - start).toBeLessThan(600)
  })
})

it('without room, what is revoked is revoked, and nothing is opened halfway', async () => {
  await store.open(newSession())
  const { cursor } = await store.snapshot()
  await client.config('SET', 'maxmemory', '1')
  try {
    await expect(store.open(newSession({ id: 's2' }))).rejects.toMatchObject({ reason: 'OOM' })
    await expect(store.use(useOf(0))).rejects.toMatchObject({ reason: 'OOM' })
    await store.revoke('subject', 'ada', 60_000)
  } finally {
    await client.config('SET', 'maxmemory', '0')
  }
  expect(await store.changes(cursor)).toMatchObject({ entries: [{ scope: 'subject', id: 'ada' }] })
  expect(await client.keys('*:s:*')).toEqual([])
  expect(await store.use(useOf(0))).toEqual({ outcome: 'ended' })
})

it('a server that may evict keys is warned of', async () => {
  const connect = async (): Promise<readonly string[]> => {
    const other = new RedisStore({ redis: redis.url, ...options })
    const warnings = await other.connect()
    await other.close()
    return warnings
  }
  expect(await connect()).toEqual([])
  await client.config('SET', 'maxmemory-policy', 'allkeys-lru')
  expect(await connect()).toEqual([
    'Redis has maxmemory-policy allkeys-lru: where it evicts keys, sessions and revocations disappear. Set maxmemory-policy noeviction.',
  ])
  await client.config('SET', 'maxmemory-policy', 'noeviction')
})

describe('Cluster', () => {
  let node: RedisService
  let cluster: Cluster
  const closers: (() => unknown)[] = []
  beforeAll(async () => {
    const probe = createServer().listen(0, '127.0.0.1')
    await once(probe, 'listening')
    const { port } = probe.address() as AddressInfo
    probe.close()
    const announced = ['--cluster-announce-ip', '127.0.0.1']
    node = await startRedis({
      args: ['--cluster-enabled', 'yes', '--cluster-port', String(port), ...announced],
    })
    const admin = new Redis(node.url)
    await admin.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
    while (!String(await admin.call('CLUSTER', 'INFO')).includes('cluster_state:ok')) await delay(20)
    cluster = new Cluster([{ host: '127.0.0.1', port: node.port }])
    closers.push(() => admin.disconnect())
  })
  afterAll(async () => {
    for (const close of closers.splice(0)) close()
    cluster.disconnect()
    await node.stop()
  })

  it('every step works, and all keys are in one slot', async () => {
    const own = new RedisStore({ redis: cluster, ...options })
    closers.push(() => own.close())
    expect(await own.connect()).toEqual([])
    const { cursor } = await own.snapshot()
    await everything(own)
    const changes = await own.changes(cursor)
    expect(changes === 'lost' ? [] : changes.entries.map(({ scope }) => scope)).toEqual([
      'session',
      'session',
      'token',
      'session',
      'subject',
      'everything',
    ])
    expect((await own.sessions('ada@example.com')).map(({ id }) => id)).toEqual(['s5'])
    const admin = new Redis(node.url)
    const keys = await admin.keys('*')
    const slots = await Promise.all(keys.map((key) => admin.call('CLUSTER', 'KEYSLOT', key)))
    admin.disconnect()
    expect(keys.length).toBeGreaterThan(4)
    expect(new Set(slots).size).toBe(1)
  })
})
