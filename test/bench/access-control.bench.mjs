// 300 gated fields (30 objects of 10) beside the same execution of the same schema without gates, inside one request and
// in interleaved rounds; then with masks; then route checks beside @fastify/auth; then what one request.can() takes.
import fastifyAuth from '@fastify/auth'
import { accessControl, ownedBy } from '@portcullis/access-control'
import { depthLimit } from '@portcullis/depth-limit'
import { kernel } from '@portcullis/kernel'
import { piiMasking } from '@portcullis/pii-masking'
import Fastify from 'fastify'
import { buildSchema, execute, parse } from 'graphql'
import { printTable } from './samples.mjs'

const ROUNDS = 400
const FIELDS = Array.from({ length: 10 }, (_, index) => `f${index}`)
const sdl = `type Query { rows: [Row!]! } type Row { ${FIELDS.map((name) => `${name}: String`).join(' ')} }`
const document = parse(`{ rows { ${FIELDS.join(' ')} } }`)
const rows = Array.from({ length: 30 }, (_, id) => ({
  userId: 'ada',
  ...Object.fromEntries(FIELDS.map((name) => [name, `a value of ${name} in row ${id}`])),
}))
const rootValue = { rows }

const roles = { staff: ['rows:read'], owner: ['rows:read:self'] }
const scopes = { self: ownedBy('userId') }
const rule = Object.fromEntries(FIELDS.map((name) => [`Row.${name}`, 'rows:read']))
const classify = (count) =>
  Object.fromEntries(FIELDS.slice(0, count).map((name) => [`Row.${name}`, 'PERSON_NAME']))

/** An app whose route executes a document when it is told to, as whoever the request says. */
async function appWith(...gates) {
  const schema = buildSchema(sdl)
  const app = Fastify()
  app.register(kernel, {
    environment: 'development',
    identify: ({ headers }) => ({ id: 'ada', roles: [headers['x-role'] ?? 'staff'] }),
  })
  if (gates.length > 0) app.register(depthLimit)
  for (const [gate, options] of gates) app.register(gate, options)
  let work = () => undefined
  app.post('/graphql', gates.length > 0 ? { config: { graphql: { schema } } } : {}, () => work())
  await app.ready()
  return {
    app,
    /** Lets a request run something, as resolvers run in it. */
    async run(role, task) {
      let answer
      work = () => {
        answer = task(() => execute({ schema, document, rootValue }))
        return { data: null }
      }
      const sent = {
        method: 'POST',
        url: '/graphql',
        payload: { query: '{ rows { f0 } }' },
        headers: { 'x-role': role },
      }
      const { statusCode, body } = await app.inject(sent)
      if (statusCode !== 200) throw new Error(body)
      return answer
    },
  }
}

const access = [accessControl, { roles, scopes, graphql: rule }]
const subjects = {
  'plain execution': [await appWith(), 'staff'],
  'no gated field': [await appWith([accessControl, { roles, scopes }]), 'staff'],
  '300 gated': [await appWith(access), 'staff'],
  '300 gated, each by self': [await appWith(access), 'owner'],
  '300 gated, 30 of them masked': [await appWith(access, [piiMasking, { classify: classify(1) }]), 'staff'],
  '30 masked, not gated': [await appWith([piiMasking, { classify: classify(1) }]), 'staff'],
  '300 gated, 300 masked': [await appWith(access, [piiMasking, { classify: classify(10) }]), 'staff'],
  '300 masked, not gated': [await appWith([piiMasking, { classify: classify(10) }]), 'staff'],
}

const once = (execution) => {
  const started = performance.now()
  const { errors, data } = execution()
  const took = performance.now() - started
  if (errors !== undefined || data.rows.length !== 30) throw new Error(JSON.stringify(errors))
  return took
}

const times = Object.fromEntries(Object.keys(subjects).map((name) => [name, []]))
for (let round = 0; round < 12; round++) {
  for (const [name, [{ run }, role]] of Object.entries(subjects)) {
    const samples = await run(role, (execution) => Array.from({ length: ROUNDS / 10 }, () => once(execution)))
    if (round > 1) times[name].push(...samples)
  }
}

const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]
const plain = median(times['plain execution'])
printTable([
  ['execution of 331 fields', 'µs, median', 'of plain'],
  ...Object.entries(times).map(([name, list]) => [
    name,
    (median(list) * 1000).toFixed(1),
    (median(list) / plain).toFixed(2),
  ]),
])
await Promise.all(Object.values(subjects).map(([{ app }]) => app.close()))

/** Microseconds of a request to a route, the least of several samples. */
async function perRequest(app) {
  let least = Number.POSITIVE_INFINITY
  for (let sample = 0; sample < 2; sample++) {
    const started = performance.now()
    for (let i = 0; i < 200; i++) {
      const { statusCode } = await app.inject({ url: '/orders', headers: { 'x-role': 'staff' } })
      if (statusCode !== 200) throw new Error(String(statusCode))
    }
    least = Math.min(least, ((performance.now() - started) * 1000) / 200)
  }
  return least
}

const bare = Fastify()
bare.get('/orders', () => 'ok')

const identified = Fastify()
identified.register(kernel, { environment: 'development' })
identified.get('/orders', () => 'ok')

const peer = Fastify()
await peer.register(fastifyAuth)
const verifyIdentity = async (request) => {
  request.user = { id: 'ada', roles: [request.headers['x-role']] }
}
const verifyRole = async (request) => {
  if (!request.user.roles.includes('staff')) throw new Error('you may not')
}
peer.get('/orders', { onRequest: peer.auth([verifyIdentity, verifyRole], { relation: 'and' }) }, () => 'ok')

const ours = Fastify()
ours.register(kernel, {
  environment: 'development',
  identify: ({ headers }) => ({ id: 'ada', roles: [headers['x-role']] }),
})
ours.register(accessControl, { roles, scopes })
ours.get('/orders', { config: { access: { permission: 'rows:read' } } }, () => 'ok')

const apps = {
  'bare route': bare,
  'the kernel alone': identified,
  '@fastify/auth': peer,
  'access-control': ours,
}
for (const app of Object.values(apps)) await app.ready()
const least = {}
for (let round = 0; round < 40; round++) {
  for (const [name, app] of Object.entries(apps))
    least[name] = Math.min(least[name] ?? Infinity, await perRequest(app))
}
printTable([
  ['a request', 'µs, least', 'of bare'],
  ...Object.entries(least).map(([name, took]) => [
    name,
    took.toFixed(1),
    (took / least['bare route']).toFixed(2),
  ]),
])

let asked
const asking = Fastify()
asking.register(kernel, { environment: 'development', identify: () => ({ id: 'ada', roles: ['owner'] }) })
asking.register(accessControl, { roles, scopes })
asking.get('/', async (request) => {
  await request.resolvePrincipal()
  const resource = { userId: 'ada' }
  for (const [name, ask] of Object.entries({
    'request.can(), by self': () => request.can('rows:read', resource),
    'request.can(), refused': () => request.can('rows:write', resource),
    'matrix.judge()': () => request.server.access.matrix.judge(request.principal, 'rows:read'),
  })) {
    let best = Number.POSITIVE_INFINITY
    for (let sample = 0; sample < 10; sample++) {
      const started = performance.now()
      for (let i = 0; i < 20_000; i++) await ask()
      best = Math.min(best, ((performance.now() - started) * 1000) / 20_000)
    }
    asked = [...(asked ?? []), [name, best.toFixed(3)]]
  }
  return 'ok'
})
await asking.inject('/')
printTable([['a call, awaited', 'µs, least'], ...asked])
await Promise.all([...Object.values(apps), asking].map((app) => app.close()))
console.log(`Node ${process.version}`)
