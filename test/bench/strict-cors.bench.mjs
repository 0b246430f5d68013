// A decision over 10, 1,000 and 10,000 origins; then whole requests beside @fastify/cors with the same list.
import fastifyCors from '@fastify/cors'
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
printTable(['origins', 'listed', 'foreign', 'subdomain', 'foreign subdomain'], decisions)

async function serve(gate, options) {
  const app = Fastify()
  if (gate !== undefined) app.register(gate, options)
  app.get('/', () => 'hello')
  await app.ready()
  return app
}

async function microsecondsPerRequest(app, origin) {
  const request = { url: '/', headers: { origin } }
  const samples = []
  for (let sample = 0; sample < 9; sample++) {
    const started = performance.now()
    for (let run = 0; run < 500; run++) await app.inject(request)
    samples.push(((performance.now() - started) * 1_000) / 500)
  }
  return Math.min(...samples)
}

const requests = []
for (const count of [10, 10_000]) {
  const list = listOf(count)
  const origin = `https://shop-${count - 1}.example.com`
  const bare = await microsecondsPerRequest(await serve(), origin)
  const ours = await microsecondsPerRequest(await serve(strictCors, { origins: list }), origin)
  const theirs = await microsecondsPerRequest(await serve(fastifyCors, { origin: list }), origin)
  requests.push([
    String(count),
    bare.toFixed(1),
    ours.toFixed(1),
    theirs.toFixed(1),
    `${(ours / theirs).toFixed(2)}×`,
  ])
}
console.log('\nOne injected request of the last origin of the list, microseconds')
printTable(['origins', 'bare', 'strict-cors', '@fastify/cors', 'ratio'], requests)
