// Requests that all pass, over real sockets, in interleaved rounds: a bare route, @fastify/rate-limit with one rule and
// ours with two policies, each in memory and on Redis. Both servers run in this process, so only ratios mean anything.
import fastifyRateLimit from '@fastify/rate-limit'
import { startRedis } from '@portcullis/kernel/testing'
import userRateLimit from '@portcullis/user-rate-limit'
import autocannon from 'autocannon'
import Fastify from 'fastify'
import { Redis } from 'ioredis'
import { printTable } from './samples.mjs'

const ROUNDS = 4
const redis = await startRedis()
const client = new Redis(redis.url, { enableAutoPipelining: true })
const many = 1_000_000_000
const policies = {
  minute: { quota: many, window: '1m', partitionKey: 'address' },
  hour: { quota: many, window: '1h', partitionKey: 'address' },
}
const keySecret = 'a secret of the benchmark that is long enough'

const modes = {
  'bare route': () => undefined,
  '@fastify/rate-limit, memory, 1 rule': (app) =>
    app.register(fastifyRateLimit, { max: many, timeWindow: 60_000 }),
  'user-rate-limit, memory, 2 policies': (app) => app.register(userRateLimit, { policies }),
  '@fastify/rate-limit, Redis, 1 rule': (app) =>
    app.register(fastifyRateLimit, { max: many, timeWindow: 60_000, redis: client }),
  'user-rate-limit, Redis, 2 policies': (app) =>
    app.register(userRateLimit, { policies, redis: client, keySecret }),
}

const apps = {}
for (const [name, register] of Object.entries(modes)) {
  const app = Fastify()
  await register(app)
  app.get('/', async () => 'ok')
  await app.listen({ port: 0, host: '127.0.0.1' })
  apps[name] = app
}

const rates = Object.fromEntries(Object.keys(modes).map((name) => [name, []]))
const cpu = Object.fromEntries(Object.keys(modes).map((name) => [name, []]))
for (let round = 0; round <= ROUNDS; round++) {
  for (const [name, app] of Object.entries(apps)) {
    const before = process.cpuUsage()
    const { port } = app.server.address()
    const result = await autocannon({
      url: `http://127.0.0.1:${port}`,
      connections: 50,
      duration: 1.5,
      workers: 1,
    })
    const used = process.cpuUsage(before)
    if (result.non2xx > 0) throw new Error(`${name} refused ${result.non2xx} requests`)
    // The first round only warms up.
    if (round === 0) continue
    rates[name].push(result['2xx'] / result.duration)
    cpu[name].push((used.user + used.system) / result['2xx'])
  }
}

const best = (list) => Math.max(...list)
const least = (list) => Math.min(...list)
const bare = best(rates['bare route'])
printTable([
  ['', 'requests/s, best', 'of bare', 'µs of CPU a request, least'],
  ...Object.keys(modes).map((name) => [
    name,
    Math.round(best(rates[name])),
    (best(rates[name]) / bare).toFixed(2),
    least(cpu[name]).toFixed(1),
  ]),
])
console.log('CPU is that of this process: server and load generator alike.')

await Promise.all(Object.values(apps).map((app) => app.close()))
client.disconnect()
await redis.stop()
