// A decision over 10, 1,000 and 10,000 origins; then whole requests beside @fastify/cors with the same list.
import fastifyCors from '@fastify/cors'
import { kernel } from '@portcullis/kernel'
import { strictCors } from '@portcullis/strict-cors'
import { compilePolicy, judge } from '@portcullis/strict-cors/core'
import Fastify from 'fastify'
import { microseconds, printTable } from './samples.mjs'

const listOf = (count) => Array.from({ length: count }, (_, index) => `https://shop-${index}.example.com`)
const patternsOf = (count) =>
  Array.from({ length: count }, (_, index) => `https://*.shop-${index}.example.com`)
const settings = { methods: ['GET', 'POST'], allowedHeaders: ['Content-Type'] }

const decisions = []
for (const count of [10, 1_000, 10_000]) {
  const exact = compilePolicy({ ...settings, origins: listOf(count) })
  const patterns = compilePolicy({ ...settings, origins: patternsOf(count) })
  // Made anew for each look-up, as a request's header is: a string that was looked up once is quicker.
  const ask = (policy, prefix, suffix, granted) =>
    microseconds((run) => {
      const origin = `${prefix}${run % count}${suffix}`
      if ((judge(policy, origin, 'POST') === undefined) !== granted) throw new Error(origin)
    })
  decisions.push([
    String(count),
    ask(exact, 'https://shop-', '.example.com', true).toFixed(2),
    ask(exact, 'https://evil-', '.example.com', false).toFixed(2),
    ask(patterns, 'https://a.b.shop-', '.example.com', true).toFixed(2),
    ask(patterns, 'https://a.b.evil-', '.example.com', false).toFixed(2),
  ])
}
console.log('One decision, microseconds')
printTable([['origins', 'listed', 'foreign', 'subdomain', 'foreign subdomain'], ...decisions])

async function serve(gate, options) {
  const app = Fastify()
  if (gate !== undefined) app.register(gate, options)
  app.get('/', () => 'hello')
  await app.ready()
  return app
}

/** The quickest of several rounds, in which each app has its turn. */
async function microsecondsPerRequest(apps, origin) {
  const request = { url: '/', headers: { origin } }
  const best = apps.map(() => Number.POSITIVE_INFINITY)
  for (let round = 0; round < 12; round++) {
    for (const [index, app] of apps.entries()) {
      const started = performance.now()
      for (let run = 0; run < 500; run++) await app.inject(request)
      best[index] = Math.min(best[index], (performance.now() - started) * 2)
    }
  }
  return best
}

const requests = []
for (const count of [10, 10_000]) {
  const list = listOf(count)
  const apps = [
    await serve(),
    await serve(kernel),
    await serve(strictCors, { origins: list }),
    await serve(fastifyCors, { origin: list }),
  ]
  const times = await microsecondsPerRequest(apps, `https://shop-${count - 1}.example.com`)
  const [, , ours, theirs] = times
  requests.push([String(count), ...times.map((time) => time.toFixed(1)), `${(ours / theirs).toFixed(2)}×`])
}
console.log('\nOne injected request of the last origin of the list, microseconds')
printTable([['origins', 'bare', 'kernel alone', 'strict-cors', '@fastify/cors', 'ratio'], ...requests])
