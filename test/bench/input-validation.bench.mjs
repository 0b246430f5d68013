// What strict input costs beside Fastify's own validation of the same schema: whole requests through inject(), interleaved,
// in CPU time of the process. The ratio is what a user pays for a route.
import { performance } from 'node:perf_hooks'
import inputValidation from '@portcullis/input-validation'
import kernel from '@portcullis/kernel'
import Fastify from 'fastify'
import { printTable } from './samples.mjs'

const ROUNDS = 20
const REQUESTS = 300

const text = { type: 'string', maxLength: 200 }
const body = {
  type: 'object',
  additionalProperties: false,
  required: ['email', 'items'],
  properties: {
    email: { type: 'string', format: 'email' },
    name: text,
    age: { type: 'integer', minimum: 0 },
    address: {
      type: 'object',
      additionalProperties: false,
      properties: { street: text, city: text, zip: { type: 'string', pattern: '^[0-9]{4,6}$' } },
    },
    items: {
      type: 'array',
      maxItems: 100,
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['id', 'count'],
        properties: { id: { type: 'string', format: 'uuid' }, count: { type: 'integer' }, note: text },
      },
    },
  },
}
const querystring = { type: 'object', properties: { page: { type: 'integer' }, all: { type: 'boolean' } } }

const order = (items) => ({
  email: 'ada.lovelace@example.com',
  name: 'Ada Lovelace',
  age: 36,
  address: { street: 'St James’s Square 12', city: 'London', zip: '12345' },
  items: Array.from({ length: items }, (_, count) => ({
    id: '0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b',
    count,
    note: 'as a gift, please',
  })),
})

async function serve(kind) {
  const app = Fastify()
  if (kind !== 'Fastify alone') await app.register(kernel)
  if (kind === 'input-validation') await app.register(inputValidation)
  app.post('/', { schema: { body, querystring } }, () => 'ok')
  await app.ready()
  return app
}

const kinds = ['Fastify alone', 'Fastify with the kernel', 'input-validation']
const apps = await Promise.all(kinds.map(serve))

async function measure(app, request) {
  const begin = process.cpuUsage()
  const started = performance.now()
  for (let index = 0; index < REQUESTS; index++) {
    const { statusCode } = await app.inject(request)
    if (statusCode !== 200) throw new Error(`answered ${statusCode}`)
  }
  const { user, system } = process.cpuUsage(begin)
  return { cpu: (user + system) / REQUESTS, wall: ((performance.now() - started) * 1000) / REQUESTS }
}

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]

const rows = []
for (const [what, items] of [
  ['1 item', 1],
  ['10 items', 10],
  ['90 items', 90],
]) {
  const payload = JSON.stringify(order(items))
  const request = {
    method: 'POST',
    url: '/?page=2&all=true',
    headers: { 'content-type': 'application/json' },
    payload,
  }
  for (const app of apps) await measure(app, request)
  const taken = kinds.map(() => [])
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, app] of apps.entries()) taken[index].push((await measure(app, request)).cpu)
  }
  const medians = taken.map(median)
  rows.push([
    `${what}, ${payload.length} bytes`,
    ...medians.map((one) => `${one.toFixed(1)} us`),
    (medians[2] / medians[0]).toFixed(2),
    (medians[2] / medians[1]).toFixed(2),
  ])
}
printTable([['body', ...kinds, 'to Fastify', 'to Fastify with the kernel'], ...rows])
await Promise.all(apps.map((app) => app.close()))
