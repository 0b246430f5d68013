// What hashing costs beside the raw library, how alike an unknown account and a wrong password look from outside, what the
// policy takes for the worst inputs of 4 KB, and what 1,000 logins at once do to the event loop.
import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import * as raw from '@node-rs/argon2'
import * as bcrypt from '@node-rs/bcrypt'
import password, { MOST_WORKERS } from '@portcullis/password'
import autocannon from 'autocannon'
import Fastify from 'fastify'
import { printTable } from './samples.mjs'

const ROUNDS = 60
const cost = { memory: 65_536, passes: 2 }
const mine = 'correct horse battery staple'

const measured = Fastify()
await measured.register(password)
const { cost: chosen } = measured.passwords.status
console.log(`measured for 50 ms: ${chosen.memory} KiB, ${chosen.passes} passes; ${MOST_WORKERS} worker(s)\n`)

const app = Fastify()
await app.register(password, cost)
const { passwords } = app
const stored = await passwords.hash(mine)
const storedBcrypt = await bcrypt.hash(mine, { cost: 12 })
const options = { memoryCost: cost.memory, timeCost: cost.passes, parallelism: 1 }
const rawHash = await raw.hash(mine, options)

/** Interleaved rounds, so that whatever else the machine does is everybody's. */
async function distributions(tasks, rounds = ROUNDS) {
  const times = Object.fromEntries(Object.keys(tasks).map((name) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    for (const [name, task] of Object.entries(tasks)) {
      const begin = performance.now()
      await task()
      times[name].push(performance.now() - begin)
    }
  }
  return Object.entries(times).map(([name, taken]) => {
    const sorted = taken.toSorted((a, b) => a - b)
    const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))].toFixed(2)
    return [name, at(0), at(0.1), at(0.5), at(0.9), at(0.99)]
  })
}
const heading = (what) => [what, 'min', 'p10', 'p50', 'p90', 'p99']

printTable([
  heading('ms, 64 MiB and 2 passes'),
  ...(await distributions(
    {
      'hash, @node-rs/argon2': () => raw.hash(mine, options),
      'hash, password': () => passwords.hash(mine),
      'verify, @node-rs/argon2': () => raw.verify(rawHash, mine),
      'verify, password': () => passwords.verify(mine, stored),
    },
    20,
  )),
])
console.log()
printTable([
  heading('ms'),
  ...(await distributions({
    'wrong password': () => passwords.verify('a wrong one', stored),
    'unknown account': () => passwords.verify('a wrong one', undefined),
    'right password': () => passwords.verify(mine, stored),
  })),
])
console.log()
printTable([
  heading('ms, for comparison'),
  ...(await distributions(
    { 'bcrypt 12, before its first login': () => passwords.verify('a wrong one', storedBcrypt) },
    5,
  )),
])

console.log()
const words = Array.from({ length: 30 }, (_one, index) => 'a'.repeat(index + 3))
const worst = {
  'one letter, context of that letter': 'a'.repeat(4096),
  'nearly repeating': `${'a'.repeat(4095)}b`,
  'marks in descending order': '\u0301\u0316\u0334'.repeat(10).concat('x').repeat(66),
  'marks without end': '\u0301\u0316'.repeat(1024),
  'characters that NFKC makes 18 of': '\ufdfa'.repeat(1365),
  'a passphrase of 4 KB': 'correct horse battery staple '.repeat(141),
  'a megabyte': 'x'.repeat(1_048_576),
}
const rows = [['ms of the event loop, check() of 4 KB', 'p50', 'p99', 'most']]
for (const [name, text] of Object.entries(worst)) {
  const taken = []
  for (let time = 0; time < 200; time++) {
    const begin = performance.now()
    const verdict = passwords.check(text, { context: words })
    taken.push(performance.now() - begin)
    await verdict
  }
  taken.sort((a, b) => a - b)
  rows.push([name, taken[100].toFixed(3), taken[197].toFixed(3), taken[199].toFixed(3)])
}
printTable(rows)

app.post('/bare', async () => ({ ok: false }))
app.post('/login', async ({ body }) => passwords.verify(body.password, stored))
await app.listen({ port: 0, host: '127.0.0.1' })
const url = `http://127.0.0.1:${app.server.address().port}`

async function delayDuring(task) {
  const histogram = monitorEventLoopDelay({ resolution: 1 })
  histogram.enable()
  const result = await task()
  histogram.disable()
  const ms = (nanoseconds) => (nanoseconds / 1e6).toFixed(2)
  return { result, row: [ms(histogram.mean), ms(histogram.percentile(50)), ms(histogram.percentile(99))] }
}
/** 1,000 at once, none of whom comes again within the second, so that what is measured is hashing and not HTTP. */
async function logins(path) {
  return autocannon({
    url: url + path,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ password: 'a wrong one' }),
    connections: 1000,
    connectionRate: 1,
    duration: 4,
    timeout: 30,
    workers: 1,
  })
}
const counts = ({ statusCodeStats = {} }) =>
  Object.entries(statusCodeStats)
    .map(([status, { count }]) => `${count} × ${status}`)
    .join(', ')

const idle = await delayDuring(() => sleep(3000))
const bare = await delayDuring(() => logins('/bare'))
const under = await delayDuring(() => logins('/login'))
// The timer itself shows 1 ms and some.
console.log()
printTable([
  ['event loop delay, ms', 'mean', 'p50', 'p99', 'answers'],
  ['idle', ...idle.row, ''],
  ['1,000 clients, a bare route', ...bare.row, counts(bare.result)],
  ['1,000 clients, a login', ...under.row, counts(under.result)],
])
await Promise.all([app.close(), measured.close()])
