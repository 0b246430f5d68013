import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { unbuilt } from '../../scripts/docs/examine.mjs'
import { packages } from '../../scripts/suite/workspaces.mjs'
import { createConsumer } from './consumer.ts'
import type { Consumer } from './consumer.ts'

let consumer: Consumer

beforeAll(async () => {
  if (unbuilt().length > 0) throw new Error(`Build first (npx tsc -b): ${unbuilt().join(', ')}`)
  consumer = await createConsumer()
})
afterAll(() => consumer?.remove())

const names = packages().map(({ manifest }) => manifest.name)

/**
 * What a user of each package writes. One program for each, since types that one package adds would hide that another
 * has lost them.
 */
const programs: Readonly<Record<string, string>> = {
  '@portcullis/kernel': `
import { kernel } from '@portcullis/kernel'
import Fastify from 'fastify'
const app = Fastify()
app.register(kernel, { identify: () => ({ id: 'ada', roles: ['admin'] }) })
app.get('/', async (request) => {
  await request.resolvePrincipal()
  const id: string | null = request.principal.id
  return { id }
})
app.after(() => app.securityEvents.subscribe(({ type, time }) => console.log(type, time)))
`,
  '@portcullis/graphql-gate': `
import graphqlGate from '@portcullis/graphql-gate'
import Fastify from 'fastify'
import { buildSchema } from 'graphql'
const app = Fastify()
app.register(graphqlGate, { maxTokens: 500 })
const graphql = { schema: buildSchema('type Query { a: Int }') }
app.post('/', { config: { graphql, graphqlGate: { maxTokens: 100 } } }, (request) => {
  const kinds: string[] = request.graphqlOperations.map(({ kind }) => kind)
  return { kinds, id: request.principal.id }
})
export const urls: string[] = app.graphqlGate.doors().map(({ url }) => url)
`,

  '@portcullis/depth-limit': `
import depthLimit from '@portcullis/depth-limit'
import Fastify, { type FastifyContextConfig } from 'fastify'
import { parse } from 'graphql'
const app = Fastify()
app.register(depthLimit, { maxDepth: 5 })
app.post('/', { config: { graphql: true, depthLimit: { maxDepth: 3 } } }, (request) => request.principal.id)
export const [shape] = app.depthLimit.measure(parse('{ a }'))
// @ts-expect-error misspelt
export const wrong: FastifyContextConfig = { depthLimit: { maxDeph: 3 } }
export const doors = app.graphqlGate.doors()
`,
  '@portcullis/query-cost': `
import queryCost from '@portcullis/query-cost'
import { createCostModel } from '@portcullis/query-cost/core'
import Fastify, { type FastifyContextConfig } from 'fastify'
import { buildSchema, parse } from 'graphql'
const app = Fastify()
app.register(queryCost, { weights: { Query: 2 } })
app.post('/', { config: { graphql: true, queryCost: { maxCost: 3 } } }, (request) => {
  const cost: number | undefined = request.queryCost?.cost
  return { cost, id: request.principal.id }
})
export const cost: number = app.queryCost.analyze(parse('{ a }')).cost
export const model = createCostModel(buildSchema('type Query { a: Int }'), {})
// @ts-expect-error misspelt
export const wrong: FastifyContextConfig = { queryCost: { maxCots: 3 } }
`,
  '@portcullis/user-rate-limit': `
import userRateLimit from '@portcullis/user-rate-limit'
import { definePolicy } from '@portcullis/user-rate-limit/core'
import { fastifyRateLimitStore, MemoryStore } from '@portcullis/user-rate-limit/fastify-rate-limit'
import Fastify, { type FastifyContextConfig } from 'fastify'
const app = Fastify()
app.register(userRateLimit, { policies: { perUser: { quota: 3, window: '1m' } } })
app.get('/', { config: { userRateLimit: { policies: { perUser: false } } } }, (request) => {
  const left: (number | undefined)[] = request.userRateLimit.map(({ remaining }) => remaining)
  return { left, id: request.principal.id }
})
const policy = { name: 'mails', quota: 1, window: 1000 }
export const { capacity } = definePolicy(policy)
export const answer = app.userRateLimit.consume({ policy, identity: ['user', 'ada'] })
export const Store = fastifyRateLimitStore({ store: new MemoryStore(), keySecret: 'a'.repeat(32) })
// @ts-expect-error misspelt
export const wrong: FastifyContextConfig = { userRateLimit: { polices: {} } }
`,
  '@portcullis/strict-cors': `
import strictCors, { checkOrigin } from '@portcullis/strict-cors'
import { compileOrigins } from '@portcullis/strict-cors/core'
import Fastify, { type FastifyContextConfig } from 'fastify'
const app = Fastify()
app.register(strictCors, { origins: ['https://app.example.com'], credentials: true })
app.get('/', { config: { strictCors: { origins: ['https://*.example.com'] } } }, (request) => request.principal.id)
export const mend: string | undefined = checkOrigin('null')?.text
export const has: boolean = compileOrigins(['https://app.example.com']).has('https://evil.example')
// @ts-expect-error misspelt
export const wrong: FastifyContextConfig = { strictCors: { orgins: [] } }
`,
  '@portcullis/access-control': `
import accessControl, { ownedBy } from '@portcullis/access-control'
import { createMatrix } from '@portcullis/access-control/core'
import Fastify, { type FastifyContextConfig } from 'fastify'
const app = Fastify()
app.register(accessControl, { roles: { user: ['orders:read:self'] }, scopes: { self: ownedBy('userId') } })
app.get('/', { config: { access: { permission: 'orders:read' } } }, async (request) => {
  const may: boolean = await request.can('orders:write', { userId: 'ada' })
  return { may, id: request.principal.id }
})
export const table = String(app.access.matrix)
export const allowed = createMatrix({ roles: { user: ['orders:read'] } }).allows(['user'], 'orders:read')
// @ts-expect-error misspelt
export const wrong: FastifyContextConfig = { access: { permision: 'orders:read' } }
`,
  '@portcullis/audit-logger': `
import auditLogger, { verify } from '@portcullis/audit-logger'
import Fastify, { type FastifyContextConfig } from 'fastify'
const app = Fastify()
app.register(auditLogger, { directory: 'trail', signingKey: 'PEM', subjectSecret: 'a'.repeat(32) })
app.get('/', { config: { audit: { action: 'order.read', level: 'request' } } }, async (request) => {
  const { seq } = await request.audit.dataAccess('orders')
  return { seq, id: request.principal.id }
})
export const report = verify(app.audit.directory, { publicKey: 'PEM' })
// @ts-expect-error misspelt
export const wrong: FastifyContextConfig = { audit: { levle: 'none' } }
`,
  '@portcullis/transparency-log': `
import { appendEntries, createSigner, openCheckpoint, verifyLog, type Appended, type Trust } from '@portcullis/transparency-log'
const signer = createSigner('example.com/log', 'PEM')
const trust: Trust = { key: signer.verifier, witnesses: [], quorum: 0 }
export const appended: Promise<Appended> = appendEntries('log', [new Uint8Array(1)], { signer })
export const size: number = openCheckpoint('note', trust).size
export const faults: Promise<string | undefined> = verifyLog('log', trust).then(({ fault }) => fault?.kind)
// @ts-expect-error misspelt
export const wrong: Trust = { kye: signer.verifier }
`,
  '@portcullis/classification': `
import { createClassification, maskText } from '@portcullis/classification'
export const classification = createClassification({ 'User.ssn': 'US_SOCIAL_SECURITY_NUMBER' })
export const masked: string = maskText('US_SOCIAL_SECURITY_NUMBER', '900-12-3456')
`,
  '@portcullis/input-validation': `
import inputValidation, { email, uuid, validate, type Issue } from '@portcullis/input-validation'
import Fastify, { type FastifyContextConfig } from 'fastify'
const app = Fastify()
app.register(inputValidation, { messages: { email: 'That is no address' } })
const body = { type: 'object', properties: { email: email(), id: uuid({ versions: [7] }) } }
app.post('/', { schema: { body }, config: { inputValidation: { maxDepth: 3 } } }, ({ principal }) => principal.id)
export const issues: readonly Issue[] = validate(body, { email: 'x' }).issues
// @ts-expect-error misspelt
export const wrong: FastifyContextConfig = { inputValidation: { maxDeph: 3 } }
`,
  '@portcullis/pii-masking': `
import piiMasking from '@portcullis/pii-masking'
import Fastify, { type FastifyContextConfig } from 'fastify'
const app = Fastify()
app.register(piiMasking, { classify: { 'User.ssn': 'US_SOCIAL_SECURITY_NUMBER' } })
app.get('/', async (request) => ({ user: request.pii.mask({ ssn: '900-12-3456' }), id: request.principal.id }))
// @ts-expect-error misspelt
export const wrong: FastifyContextConfig = { piiMasking: { polciy: {} } }
`,
  '@portcullis/secrets': `
import { environmentSecrets, firstOf, fileSecrets, type SecretsProvider } from '@portcullis/secrets'
export const secrets: SecretsProvider = firstOf(environmentSecrets(), fileSecrets({ directory: '/run/secrets' }))
export const value: Promise<string> = secrets.get('KEY').then((secret) => secret.value)
`,
  '@portcullis/auth-tokens': `
import authTokens, { postgresSchema } from '@portcullis/auth-tokens'
import { RevocationList } from '@portcullis/auth-tokens/core'
import { authRoutes } from '@portcullis/auth-tokens/routes'
import Fastify, { type FastifyContextConfig } from 'fastify'
const app = Fastify()
const keys = [{ kid: 'k', alg: 'HS256', secret: 'x'.repeat(32) }] as const
app.register(authTokens, { issuer: 'https://a.example', audience: 'b', algorithms: ['HS256'], keys })
app.register(authRoutes, { prefix: '/auth' })
app.get('/', { config: { auth: { required: false } } }, (request) => request.principal.id)
app.post('/login', async (_request, reply) => reply.sendTokens(await app.tokens.issue({ subject: 'ada' })))
export const size: number = new RevocationList().size
export const ddl: string = postgresSchema
// @ts-expect-error misspelt
export const wrong: FastifyContextConfig = { auth: { requird: false } }
`,
  '@portcullis/password': `
import password, { hibpRange } from '@portcullis/password'
import Fastify from 'fastify'
const app = Fastify()
app.register(password, { policy: { breached: { source: hibpRange(), onError: 'open' } } })
app.get('/', async (request) => {
  const ok: boolean = (await app.passwords.verify('typed', undefined)).ok
  return { ok, id: request.principal.id }
})
// @ts-expect-error a new hash must be saved
export const login = app.passwords.login('typed', 'stored')
// @ts-expect-error misspelt
app.register(password, { polciy: {} })
`,
  '@portcullis/safe-db': `
import safeDb, { sql } from '@portcullis/safe-db'
import Fastify, { type FastifyContextConfig } from 'fastify'
const app = Fastify()
app.register(safeDb, { dsn: async () => 'postgresql://localhost/shop' })
app.get('/', { config: { db: { access: 'read' } } }, async (request) => {
  const rows = await request.db.many(sql\`SELECT 1 AS one WHERE 1 = \${1}\`)
  return { count: rows.length, id: request.principal.id }
})
// @ts-expect-error a string is no statement
export const injected = app.db.query('SELECT 1')
// @ts-expect-error misspelt
export const wrong: FastifyContextConfig = { db: { acces: 'read' } }
`,
}

/** What a user of each GraphQL server writes that takes a plugin. */
const servers: Readonly<Record<string, string>> = {
  yoga: `
import { yogaGate } from '@portcullis/graphql-gate/yoga'
import Fastify from 'fastify'
import { createSchema, createYoga } from 'graphql-yoga'
const app = Fastify()
interface Context { user: string }
const schema = createSchema<Context>({ typeDefs: 'type Query { a: Int }' })
const yoga = createYoga<object, Context>({ schema, context: { user: 'ada' }, plugins: [yogaGate(app)] })
app.route({
  url: yoga.graphqlEndpoint,
  method: ['GET', 'POST'],
  handler: (request, reply) => yoga.handleNodeRequestAndResponse(request, reply, {}),
})
// @ts-expect-error misspelt
yogaGate(app, { paht: '/graphql' })
`,
  apollo: `
import { ApolloServer } from '@apollo/server'
import fastifyApollo from '@as-integrations/fastify'
import { apolloGate } from '@portcullis/graphql-gate/apollo'
import Fastify from 'fastify'
const app = Fastify()
interface Context { user: string }
const server = new ApolloServer<Context>({ typeDefs: 'type Query { a: Int }', plugins: [apolloGate(app)] })
await server.start()
await app.register(fastifyApollo(server), { context: () => Promise.resolve({ user: 'ada' }) })
// @ts-expect-error misspelt
apolloGate(app, { paht: '/graphql' })
`,
}

describe('as published', () => {
  it('there is a program for each package', () => {
    expect(Object.keys(programs).toSorted()).toEqual(names.toSorted())
  })

  it.for(names)('%s is complete in itself', (name) => {
    const manifest = consumer.manifests.get(name)
    const files = consumer.files.get(name) ?? []
    expect(files).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'package.json']))
    expect(files.filter((path) => /tsbuildinfo|\.test\.|^src\/|^test\//.test(path))).toEqual([])
    const targets = Object.values(manifest?.exports ?? {}).flatMap((conditions) => Object.values(conditions))
    expect(targets.length).toBeGreaterThan(0)
    expect(targets.filter((path) => !files.includes(path.replace('./', '')))).toEqual([])
    expect(JSON.stringify(manifest)).not.toMatch(/workspace:|catalog:|@portcullis\/source/)
  })

  it.for(names)('%s brings its types of Fastify along', async (name) => {
    expect(await consumer.typeCheck(name.replace(/\W/g, ''), programs[name] ?? '')).toBe('')
  })

  it.for(Object.keys(servers))('the plugin for %s fits into the server', async (name) => {
    expect(await consumer.typeCheck(name, servers[name] ?? '')).toBe('')
  })

  it('every entry can be required', async () => {
    const entries = [...consumer.manifests].flatMap(([name, { exports = {} }]) =>
      Object.keys(exports).map((path) => name + path.slice(1)),
    )
    const code = `
      const entries = ${JSON.stringify(entries)}
      const empty = entries.filter((entry) => Object.keys(require(entry)).length === 0)
      console.log(entries.length, JSON.stringify(empty))`
    expect(await consumer.runCommonJs('require', code)).toBe(`${entries.length} []\n`)
    expect(entries.length).toBeGreaterThan(names.length)
  })

  it('every command is there and says how it is used', async () => {
    const commands = [...consumer.manifests.values()].flatMap(({ bin = {} }) => Object.keys(bin))
    expect(commands.length).toBeGreaterThan(1)
    for (const command of commands) {
      const { code, output } = await consumer.runCommand(command, [])
      expect(output).toMatch(new RegExp(`^${command} `, 'm'))
      expect(code).toBe(2)
    }
  })

  it('documents are priced by the command', async () => {
    const schema = consumer.write('schema.graphql', 'type Query { a(first: Int): [A] } type A { b: Int }')
    const document = consumer.write('document.graphql', 'query Dear { a(first: 99) { b } }')
    const args = ['check', document, '--schema', schema, '--max-cost', '50']
    const { code, output } = await consumer.runCommand('portcullis-query-cost', args)
    expect(output).toContain('QUERY_TOO_EXPENSIVE: costs 101, more than 50')
    expect(code).toBe(1)
  })

  it('a CommonJS server is guarded', async () => {
    const code = `
      const { depthLimit } = require('@portcullis/depth-limit')
      const { queryCost } = require('@portcullis/query-cost')
      const { userRateLimit } = require('@portcullis/user-rate-limit')
      const Fastify = require('fastify')
      const mercurius = require('mercurius')
      async function main() {
        const app = Fastify()
        app.register(depthLimit, { maxDepth: 2 })
        app.register(queryCost, { maxCost: 50 })
        app.register(userRateLimit, { policies: { all: { quota: 2, window: '1h', when: 'query' } } })
        app.register(mercurius, { schema: 'type Query { a(first: Int): [A] } type A { a: A b: Int }' })
        for (const query of ['{ a { a { b } } }', '{ a(first: 99) { b } }', '{ a { b } }', '{ a { b } }', '{ a { b } }']) {
          const reply = await app.inject({ method: 'POST', url: '/graphql', payload: { query } })
          console.log(reply.json().errors?.[0].extensions.code ?? reply.statusCode)
        }
        await app.close()
      }
      main()`
    expect((await consumer.runCommonJs('server', code)).trim().split('\n')).toEqual([
      'MAX_DEPTH_EXCEEDED',
      'QUERY_TOO_EXPENSIVE',
      '200',
      '200',
      'USER_RATE_LIMIT_EXCEEDED',
    ])
  })
})

describe('a REST server', () => {
  it('installs its gates without graphql, and is guarded', async () => {
    const gates = ['access-control', 'user-rate-limit', 'pii-masking', 'audit-logger', 'safe-db'].map(
      (name) => `@portcullis/${name}`,
    )
    const rest = await createConsumer(gates)
    const code = `
      const { accessControl } = require('@portcullis/access-control')
      const { auditLogger } = require('@portcullis/audit-logger')
      const { piiMasking } = require('@portcullis/pii-masking')
      const { sql } = require('@portcullis/safe-db')
      const { userRateLimit } = require('@portcullis/user-rate-limit')
      const { generateKeyPairSync } = require('node:crypto')
      const Fastify = require('fastify')
      async function main() {
        for (const name of ['graphql', '@portcullis/graphql-gate']) {
          try { console.log(require.resolve(name)) } catch (error) { console.log(name, error.code) }
        }
        const app = Fastify()
        app.register(userRateLimit, { policies: { all: { quota: 1, window: '1h' } } })
        app.register(piiMasking, { classify: { email: 'EMAIL_ADDRESS' } })
        app.register(auditLogger, {
          directory: __dirname + '/trail',
          signingKey: generateKeyPairSync('ed25519').privateKey,
          subjectSecret: 'a'.repeat(32),
        })
        app.register(accessControl)
        app.get('/', () => ({ email: 'ada.lovelace@example.com', one: typeof sql }))
        app.get('/closed', { config: { access: { authenticated: true } } }, () => 'nobody reads this')
        console.log((await app.inject('/closed')).json().code)
        console.log((await app.inject('/')).body)
        console.log((await app.inject('/')).json().code)
        await app.close()
      }
      main()`
    try {
      expect([...rest.manifests.keys()].toSorted()).toEqual(
        [
          ...gates,
          '@portcullis/classification',
          '@portcullis/kernel',
          '@portcullis/secrets',
          '@portcullis/transparency-log',
        ].toSorted(),
      )
      expect((await rest.runCommonJs('rest', code)).trim().split('\n')).toEqual([
        'graphql MODULE_NOT_FOUND',
        '@portcullis/graphql-gate MODULE_NOT_FOUND',
        'UNAUTHENTICATED',
        '{"email":"a***@example.com","one":"function"}',
        'USER_RATE_LIMIT_EXCEEDED',
      ])
    } finally {
      rest.remove()
    }
  })
})
