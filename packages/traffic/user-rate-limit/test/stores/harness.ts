import { connect, createServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { startRedis } from '@portcullis/kernel/testing'
import { Redis } from 'ioredis'
import { MemoryStore } from '../../src/stores/memory-store.ts'
import { buildScripts } from '../../src/stores/redis-scripts.ts'
import { RedisStore } from '../../src/stores/redis-store.ts'
import type { RateLimitStore } from '../../src/stores/store.ts'

/** A Redis server that a test owns. */
export type RedisService = Awaited<ReturnType<typeof startRedis>>

/** A store whose clock the test sets. */
export interface ClockedStore {
  readonly store: RateLimitStore
  /** Sets the clock that states are kept in, in milliseconds, and the one of this process, which never steps back. */
  setNow(now: number, steady?: number): Promise<void>
  /** Forgets everything. */
  clear(): Promise<void>
  close(): Promise<void>
}

/** The server's own time for deadlines, and a key for the time that states are kept in. */
const TEST_CLOCK = `
local time = redis.call('TIME')
local wall = time[1] * 1000000 + time[2]
local now = tonumber(redis.call('GET', 'test:now'))
`

/** Real time, at least a window's length after the epoch of the states. */
export const START = 1_700_000_000_000

export async function memoryStore(): Promise<ClockedStore> {
  let now = START
  let store = new MemoryStore({ now: () => now })
  return {
    get store() {
      return store
    },
    async setNow(value) {
      now = value
    },
    async clear() {
      store = new MemoryStore({ now: () => now })
    },
    async close() {
      await store.close()
    },
  }
}

/** A Redis store on a server of its own. */
export async function redisStore(
  deniedCalls = 0,
): Promise<ClockedStore & { readonly redis: RedisService; readonly client: Redis }> {
  const redis = await startRedis()
  const client = new Redis(redis.url)
  let now = START
  let local = START
  // A generous bound: property tests run thousands of decisions on a machine that others use too.
  const store = new RedisStore({
    redis: redis.url,
    storeTimeout: 5_000,
    // A remembered refusal says what was so then, where these tests compare what stores say now.
    deniedCalls,
    scripts: buildScripts(TEST_CLOCK),
    now: () => local,
  })
  await client.set('test:now', now)
  await store.connect()
  return {
    redis,
    client,
    store,
    async setNow(value, steady = value) {
      now = value
      local = steady
      await client.set('test:now', value)
    },
    async clear() {
      await client.flushall()
      await client.set('test:now', now)
    },
    async close() {
      await store.close()
      client.disconnect()
      await redis.stop()
    },
  }
}

/** A proxy that can pass a request on and swallow its reply, and the connection with it. */
export async function lossyProxy(
  port: number,
): Promise<{ readonly port: number; loseNext(): void; close(): void }> {
  let lose = false
  const server: Server = createServer((inbound) => {
    const outbound = connect(port, '127.0.0.1')
    const end = (): void => {
      inbound.destroy()
      outbound.destroy()
    }
    for (const socket of [inbound, outbound]) socket.on('error', end).on('close', end)
    inbound.on('data', (data) => outbound.write(data))
    outbound.on('data', (data) => {
      if (!lose) return inbound.write(data)
      lose = false
      return end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    loseNext() {
      lose = true
    },
    close() {
      server.close()
    },
  }
}

/** A port nobody listens on at the moment. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** A cluster of masters on this machine, with the slots shared out evenly. It goes on when one of them is away. */
export async function startCluster(size: number): Promise<readonly RedisService[]> {
  const buses: number[] = []
  const masters: RedisService[] = []
  for (let at = 0; at < size; at += 1) {
    const bus = await freePort()
    buses.push(bus)
    // A node that has met no other does not know its own address.
    const announced = ['--cluster-announce-ip', '127.0.0.1', '--cluster-require-full-coverage', 'no']
    masters.push(
      await startRedis({ args: ['--cluster-enabled', 'yes', '--cluster-port', String(bus), ...announced] }),
    )
  }
  const nodes = masters.map(({ url }) => new Redis(url))
  const share = Math.ceil(16_384 / size)
  for (const [at, node] of nodes.entries()) {
    await node.call('CLUSTER', 'ADDSLOTSRANGE', at * share, Math.min(16_383, (at + 1) * share - 1))
    if (at > 0) await node.call('CLUSTER', 'MEET', '127.0.0.1', masters[0]?.port ?? 0, buses[0] ?? 0)
  }
  for (const node of nodes) {
    const isReady = async (): Promise<boolean> => {
      const info = String(await node.call('CLUSTER', 'INFO'))
      return info.includes('cluster_state:ok') && info.includes(`cluster_size:${size}`)
    }
    while (!(await isReady())) await new Promise((resolve) => setTimeout(resolve, 20))
    node.disconnect()
  }
  return masters
}

/** A master with a replica, watched by sentinels that fail over when they do not see it for half a second. */
export interface SentinelSet {
  readonly name: string
  readonly sentinels: readonly { readonly host: string; readonly port: number }[]
  readonly master: RedisService
  readonly replica: RedisService
  stop(): Promise<void>
}

export async function startSentinelSet(size: number): Promise<SentinelSet> {
  const name = 'main'
  const master = await startRedis()
  const replica = await startRedis({ args: ['--replicaof', '127.0.0.1', String(master.port)] })
  const config = [
    `sentinel monitor ${name} 127.0.0.1 ${master.port} ${Math.floor(size / 2) + 1}`,
    `sentinel down-after-milliseconds ${name} 500`,
    `sentinel failover-timeout ${name} 3000`,
  ]
  // A sentinel that sees no replica at first looks again after ten seconds.
  const admin = new Redis(master.url)
  while (!(await admin.info('replication')).includes('state=online'))
    await new Promise((resolve) => setTimeout(resolve, 20))
  admin.disconnect()
  const watchers: RedisService[] = []
  for (let at = 0; at < size; at += 1) watchers.push(await startRedis({ args: ['--sentinel'], config }))
  for (const { url } of watchers) {
    const client = new Redis(url)
    // They vote when they have found each other and the replica.
    const knows = async (): Promise<boolean> => {
      const fields = (await client.call('SENTINEL', 'MASTER', name)) as unknown[]
      const of = (field: string): number => Number(fields[fields.indexOf(field) + 1])
      return of('num-other-sentinels') === size - 1 && of('num-slaves') === 1
    }
    while (!(await knows())) await new Promise((resolve) => setTimeout(resolve, 50))
    client.disconnect()
  }
  return {
    name,
    sentinels: watchers.map(({ port }) => ({ host: '127.0.0.1', port })),
    master,
    replica,
    async stop() {
      for (const one of [...watchers, replica, master]) await one.stop()
    },
  }
}
