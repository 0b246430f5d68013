// What limits cost, over real sockets, each in a process of its own, in interleaved rounds: a bare route, the kernel
// alone, @fastify/rate-limit and rate-limiter-flexible with one rule, and ours with two policies; then a flood of
// requests that are all refused. CPU is that of the server's process alone. Where a server is faster than the client,
// the client is what is measured. Then what decisions take in this process, and inside Redis.
import { fork } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import fastifyRateLimit from '@fastify/rate-limit'
import { kernel } from '@portcullis/kernel'
import { startRedis } from '@portcullis/kernel/testing'
import userRateLimit from '@portcullis/user-rate-limit'
import {
  MemoryStore,
  RedisStore,
  canonicalAddress,
  definePolicy,
  partitionKeys,
  withStoreFallback,
} from '@portcullis/user-rate-limit/core'
import autocannon from 'autocannon'
import Fastify from 'fastify'
import { Redis } from 'ioredis'
import { RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible'
import { microseconds, printTable } from './samples.mjs'

const ROUNDS = 4
const MANY = 1_000_000_000
const keySecret = 'a secret of the benchmark that is long enough'
const ours = (quota, more = {}) => ({
  minute: { quota, window: '1m', partitionKey: 'address', ...more },
  hour: { quota, window: '1h', partitionKey: 'address', ...more },
})
const lease = { size: 100, maxAge: '1s' }
// As the README of each recommends for production: a connection that fails fast, and a block in memory where there is one.
const client = (url) =>
  new Redis(url, { connectTimeout: 500, maxRetriesPerRequest: 1, enableAutoPipelining: true })
const flexible = (limiter) => (app) =>
  app.addHook('onRequest', async (request, reply) => {
    try {
      await limiter.consume(request.ip)
    } catch (refused) {
      return reply
        .code(429)
        .header('retry-after', Math.ceil(refused.msBeforeNext / 1000))
        .send('too many')
    }
  })
const flexibleRedis = (url, points) =>
  new RateLimiterRedis({
    storeClient: client(url),
    points,
    duration: 60,
    inMemoryBlockOnConsumed: points,
    rejectIfRedisNotReady: true,
  })

const MODES = {
  'bare route': () => undefined,
  'the kernel alone': (app) => app.register(kernel, {}),
  '@fastify/rate-limit, memory, 1 rule': (app) =>
    app.register(fastifyRateLimit, { max: MANY, timeWindow: 60_000 }),
  'rate-limiter-flexible, memory, 1 rule': flexible(new RateLimiterMemory({ points: MANY, duration: 60 })),
  'user-rate-limit, memory, 2 policies': (app) => app.register(userRateLimit, { policies: ours(MANY) }),
  '@fastify/rate-limit, Redis, 1 rule': (app, url) =>
    app.register(fastifyRateLimit, { max: MANY, timeWindow: 60_000, redis: client(url) }),
  'rate-limiter-flexible, Redis, 1 rule': (app, url) => flexible(flexibleRedis(url, MANY))(app),
  'user-rate-limit, Redis, 2 policies': (app, redis) =>
    app.register(userRateLimit, { policies: ours(MANY), redis, keySecret }),
  'user-rate-limit, Redis, 2 policies, leases of 100': (app, redis) =>
    app.register(userRateLimit, { policies: ours(MANY, { lease }), redis, keySecret }),
  'refused: @fastify/rate-limit, Redis': (app, url) =>
    app.register(fastifyRateLimit, { max: 1, timeWindow: 60_000, redis: client(url) }),
  'refused: rate-limiter-flexible, Redis': (app, url) => flexible(flexibleRedis(url, 1))(app),
  'refused: user-rate-limit, Redis': (app, redis) =>
    app.register(userRateLimit, { policies: ours(1), redis, keySecret }),
}

/** A server of one mode, in a process of its own. */
async function serve(mode, url) {
  const app = Fastify()
  await MODES[mode](app, url)
  app.get('/', async () => 'ok')
  await app.listen({ port: 0, host: '127.0.0.1' })
  process.send({ port: app.server.address().port })
  process.on('message', () => process.send({ cpu: process.cpuUsage() }))
  process.on('disconnect', () => process.exit())
}

const next = (child) => new Promise((resolve) => child.once('message', resolve))

async function throughput() {
  const servers = {}
  for (const mode of Object.keys(MODES)) {
    const redis = await startRedis()
    const child = fork(import.meta.filename, [mode, redis.url])
    const { port } = await next(child)
    servers[mode] = { redis, child, port, rates: [], cpu: [], commands: 0 }
  }
  const cpuOf = async ({ child }) => {
    child.send('cpu')
    const { cpu } = await next(child)
    return cpu.user + cpu.system
  }
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [mode, server] of Object.entries(servers)) {
      const admin = new Redis(server.redis.url)
      await admin.config('RESETSTAT')
      const before = await cpuOf(server)
      const result = await autocannon({
        url: `http://127.0.0.1:${server.port}`,
        connections: 50,
        duration: 1.5,
      })
      const used = (await cpuOf(server)) - before
      const total = result['2xx'] + result.non2xx
      if (!mode.startsWith('refused') && result.non2xx > 0) throw new Error(`${mode} refused requests`)
      const scripts = /cmdstat_evalsha:calls=(\d+)/.exec(await admin.info('commandstats'))
      admin.disconnect()
      // The first round only warms up.
      if (round === 0) continue
      server.rates.push(total / result.duration)
      server.cpu.push(used / total)
      server.commands = Number(scripts?.[1] ?? 0) / total
    }
  }
  const bare = Math.max(...servers['bare route'].rates)
  printTable([
    ['', 'requests/s, best', 'of bare', 'µs of CPU a request, least', 'commands a request'],
    ...Object.entries(servers).map(([mode, { rates, cpu, commands }]) => [
      mode,
      Math.round(Math.max(...rates)),
      (Math.max(...rates) / bare).toFixed(2),
      Math.min(...cpu).toFixed(1),
      commands.toFixed(2),
    ]),
  ])
  for (const { child, redis } of Object.values(servers)) {
    child.disconnect()
    await redis.stop()
  }
}

/** What is decided at once takes in this process: by memory, and with the breaker open; and the key of an address. */
async function inProcess() {
  const redis = await startRedis()
  const inner = new RedisStore({ redis: redis.url, storeTimeout: 20 })
  await inner.connect()
  const policies = ['minute', 'hour'].map((name, at) =>
    definePolicy({ name, quota: MANY, window: 60_000 * (at + 1), onStoreError: 'local' }),
  )
  const charges = (run) => policies.map((policy) => ({ key: `{${run % 1_000}}`, policy, cost: 1 }))
  const memory = new MemoryStore()
  const fallback = withStoreFallback(inner, { instances: 1 })
  await redis.kill('SIGSTOP')
  while (!inner.away) await fallback.reserve(charges(0))
  const byMemory = microseconds((run) => memory.reserveNow(charges(run)))
  const byFallback = microseconds((run) => fallback.reserveNow(charges(run)))
  await redis.kill('SIGCONT')
  const keys = partitionKeys({ secret: keySecret })
  const addresses = Array.from(
    { length: 5_000 },
    (_, at) => `2001:db8:85a3:${at.toString(16)}:8a2e:370:7334:1`,
  )
  const known = microseconds((run) => keys.keyOf(['address', canonicalAddress(addresses[run % 5_000])]))
  console.log()
  printTable([
    ['µs in this process', 'least'],
    ['two policies by memory', byMemory.toFixed(2)],
    ['the same with the breaker open', byFallback.toFixed(2)],
    ['the key of an IPv6 address', known.toFixed(2)],
  ])
  await fallback.close()
  await redis.stop()
}

/** What decisions take inside Redis, a hundred asked for at a time over a thousand partitions. */
async function insideRedis() {
  const redis = await startRedis()
  const admin = new Redis(redis.url)
  const store = new RedisStore({ redis: redis.url, storeTimeout: 30_000 })
  await store.connect()
  const file = createRequire(import.meta.url)
    .resolve('@fastify/rate-limit')
    .replace(/index\.js$/, 'store/RedisStore.js')
  const lua = /lua = `([\s\S]*?)`/.exec(readFileSync(file, 'utf8'))[1]
  await admin.script('LOAD', lua)
  const sha = createHash('sha1').update(lua).digest('hex')
  const measure = async (decide) => {
    let best = Number.POSITIVE_INFINITY
    for (let sample = 0; sample < 6; sample++) {
      await admin.config('RESETSTAT')
      for (let i = 0; i < 4_000; i += 100)
        await Promise.all(Array.from({ length: 100 }, (_, at) => decide((i + at) % 1_000)))
      const used = /cmdstat_evalsha:calls=\d+,usec=(\d+)/.exec(await admin.info('commandstats'))[1]
      best = Math.min(best, Number(used) / 4_000)
    }
    return best
  }
  const peer = await measure((at) => admin.evalsha(sha, 1, `peer${at}`, 60_000, MANY, 0, 'false'))
  const rows = [
    ['µs inside Redis a decision', 'least', 'of @fastify/rate-limit'],
    ['@fastify/rate-limit, 1 rule', peer.toFixed(2), '1.0'],
  ]
  for (const algorithm of ['gcra', 'sliding-window']) {
    for (const count of [1, 2, 4]) {
      const policies = Array.from({ length: count }, (_, at) =>
        definePolicy({ name: `p${at}`, quota: 1_000_000, window: 60_000 * (at + 1), algorithm }),
      )
      const took = await measure((at) =>
        store.reserve(policies.map((policy) => ({ key: `{${algorithm}${count}:${at}}`, policy, cost: 1 }))),
      )
      rows.push([`user-rate-limit, ${count} × ${algorithm}`, took.toFixed(2), (took / peer).toFixed(1)])
    }
  }
  console.log()
  printTable(rows)
  await store.close()
  admin.disconnect()
  await redis.stop()
}

if (process.argv[2] in MODES) await serve(process.argv[2], process.argv[3])
else {
  await throughput()
  await inProcess()
  await insideRedis()
}
