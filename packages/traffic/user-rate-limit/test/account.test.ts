import fc from 'fast-check'
import type { FastifyInstance } from 'fastify'
import { buildSchema, graphql, parse } from 'graphql'
import { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'
import { memberAt, readAccount } from '../src/core/account.ts'
import { argumentAt, rootCallsOf } from '../src/core/root-fields.ts'
import type { PolicyOptions, UserRateLimitOptions } from '../src/index.ts'
import { gateApps } from './gate-app.ts'
import type { StoreKind } from './gate-app.ts'
import { property } from './property.ts'

const apps = gateApps()
const perAccount = {
  quota: 3,
  window: '5m',
  partitionKey: 'account',
  account: 'email',
  message: 'Too many login attempts',
} as const satisfies PolicyOptions

const schema = buildSchema(`
  type Query { me: String }
  input Login { email: String }
  type Mutation { login(email: String, input: Login): String reset(email: ID): String }
`)

function restApp(options: UserRateLimitOptions, policy: PolicyOptions): FastifyInstance {
  const app = apps.build(options)
  app.post('/login', { config: { userRateLimit: { policies: { perAccount: policy } } } }, () => 'ok')
  return app
}

async function login(app: FastifyInstance, payload: unknown, address = '198.51.100.1'): Promise<number> {
  const answer = await app.inject({
    method: 'POST',
    url: '/login',
    remoteAddress: address,
    headers: { 'content-type': 'application/json' },
    payload: JSON.stringify(payload),
  })
  return answer.statusCode
}

describe.each<StoreKind>(['memory', 'redis'])('an account in the body, with %s', (kind) => {
  it('has one quota, from every address and however it is written', async () => {
    const app = restApp(apps.store(kind), perAccount)
    const spellings = ['Ada@Example.com', ' ada@example.com ', 'ＡDA@example.com', 'ada@EXAMPLE.COM']
    const seen: number[] = []
    for (const [index, email] of spellings.entries())
      seen.push(await login(app, { email }, `203.0.113.${index}`))
    expect(seen).toEqual([200, 200, 200, 429])
    expect(await login(app, { email: 'grace@example.com' })).toBe(200)
  })

  it('is a partition together with the address', async () => {
    const app = restApp(apps.store(kind), { ...perAccount, quota: 1, partitionKey: ['address', 'account'] })
    expect(await login(app, { email: 'ada' })).toBe(200)
    expect(await login(app, { email: 'ada' })).toBe(429)
    expect(await login(app, { email: 'ada' }, '203.0.113.9')).toBe(200)
    expect(await login(app, { email: 'grace' })).toBe(200)
  })

  it('that is missing is counted by address, refused or left alone, as the policy says', async () => {
    const byAddress = restApp(apps.store(kind), perAccount)
    const bodies = [{}, { email: null }, { mail: 'ada' }, 'text', []]
    const seen: number[] = []
    for (const body of bodies) seen.push(await login(byAddress, body))
    expect(seen).toEqual([200, 200, 200, 429, 429])
    const denying = restApp(apps.store(kind), { ...perAccount, anonymous: 'deny' })
    expect(await login(denying, {})).toBe(400)
    const skipping = restApp(apps.store(kind), { ...perAccount, anonymous: 'skip' })
    for (let sent = 0; sent < 5; sent++) expect(await login(skipping, {})).toBe(200)
  })

  it('that is no name is a 400 which does not repeat it, and never somebody called undefined', async () => {
    const app = restApp(apps.store(kind), perAccount)
    for (const email of ['', '   ', 'x'.repeat(1025), 'ﷺ'.repeat(1000), {}, ['ada'], true, 1.5, 1e300]) {
      const answer = await app.inject({ method: 'POST', url: '/login', payload: { email } })
      expect([email, answer.statusCode, answer.json<{ code: string }>().code]).toEqual([
        email,
        400,
        'INVALID_ACCOUNT',
      ])
      expect(answer.body).not.toContain('xxx')
    }
    expect(await login(app, { email: 'undefined' })).toBe(200)
    expect(await login(app, { email: 7 })).toBe(200)
    expect(await login(app, { email: '7' })).toBe(200)
  })

  it('is found in members within, own ones only', async () => {
    const app = restApp(apps.store(kind), {
      ...perAccount,
      quota: 1,
      account: 'user.email',
      anonymous: 'deny',
    })
    expect(await login(app, { user: { email: 'ada' } })).toBe(200)
    expect(await login(app, { user: { email: 'ADA' } })).toBe(429)
    expect(await login(app, { user: 'ada' })).toBe(400)
    const inherited = restApp(apps.store(kind), {
      ...perAccount,
      account: 'toString.name',
      anonymous: 'deny',
    })
    expect(await login(inherited, {})).toBe(400)
  })

  it('and in a GraphQL argument share one quota, counted call by call before anything runs', async () => {
    const app = apps.build({
      ...apps.store(kind),
      policies: {
        perAccount: {
          ...perAccount,
          account: { body: 'email', argument: ['Mutation.login.email', 'Mutation.login.input.email'] },
        },
      },
    })
    let ran = 0
    const rootValue = { login: () => String((ran += 1)), me: 'ada' }
    app.register(await import('@portcullis/graphql-gate').then(({ graphqlGate }) => graphqlGate))
    app.post('/login', () => 'ok')
    app.post<{ Body: { query: string; variables?: Record<string, unknown> } }>(
      '/graphql',
      { config: { graphql: { schema } } },
      ({ body }) => graphql({ schema, source: body.query, rootValue, variableValues: body.variables ?? {} }),
    )
    const send = async (query: string, variables?: object): Promise<number> =>
      (await app.inject({ method: 'POST', url: '/graphql', payload: { query, variables } })).statusCode
    expect(await login(app, { email: 'ada' })).toBe(200)
    expect(
      await send('mutation { a: login(email: "ada") b: login(email: "ADA") c: login(email: "ada ") }'),
    ).toBe(429)
    expect(ran).toBe(0)
    expect(
      await send('mutation M($e: String) { a: login(email: $e) b: login(email: "grace") }', { e: 'Ada' }),
    ).toBe(200)
    expect(ran).toBe(2)
    expect(
      await send('mutation M($e: String = "ada") { ...F } fragment F on Mutation { login(email: $e) }'),
    ).toBe(200)
    expect(await login(app, { email: 'ada' })).toBe(429)
    expect(await send('{ me }')).toBe(200)
    // Whichever place the resolver takes it from, the account is charged.
    expect(await send('mutation { login(input: { email: "ada" }) }')).toBe(429)
    expect(await send('mutation { login(email: "linus", input: { email: "ada" }) }')).toBe(429)
    expect(await send('mutation { login(input: { email: "linus" }) }')).toBe(200)
    const many = Array.from({ length: 17 }, (_, index) => `a${index}: login(email: "user-${index}")`)
    expect(await send(`mutation { ${many.join(' ')} }`)).toBe(400)
  })
})

it('Redis holds no account', async () => {
  const app = restApp(apps.store('redis', 'accounts'), perAccount)
  await login(app, { email: 'ada@example.com' })
  const client = new Redis(apps.redis.url)
  const keys = await client.keys('accounts*')
  expect(keys).toHaveLength(1)
  expect(keys[0]).toMatch(/^accounts:v1:\{[\w-]{22}\}$/)
  await client.quit()
})

describe('at boot', () => {
  it.each<[string, PolicyOptions, string]>([
    ['no source', { ...perAccount, account: undefined }, 'account is missing'],
    ['a source that nobody uses', { ...perAccount, partitionKey: 'address' }, "does not have 'account'"],
    [
      'an argument without a field',
      { ...perAccount, account: { argument: 'Mutation.login' } },
      'Mutation.login.email',
    ],
    ['a body for operations', { ...perAccount, when: 'mutation' }, 'needs an argument'],
  ])('refuses %s', async (_name, policy, says) => {
    await expect(restApp({}, policy).ready()).rejects.toThrow(says)
  })
})

describe('the core', () => {
  it('never fails on what a client sends, and folds every name to one that folds to itself', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.anything()), (value) => {
        const reading = readAccount(value)
        if (typeof reading === 'string') return
        expect(reading.name).not.toBe('')
        expect(readAccount(reading.name)).toEqual(reading)
      }),
      property(500),
    )
  })

  it('reads members of any value', () => {
    fc.assert(
      fc.property(fc.anything(), fc.array(fc.string(), { maxLength: 4 }), (value, path) => {
        memberAt(value, path)
      }),
      property(300),
    )
    expect(memberAt({ a: { b: 1 } }, ['a', 'b'])).toBe(1)
    expect(memberAt({}, ['__proto__'])).toBeUndefined()
  })

  it('reads an argument as literal, variable, default, and member of either', () => {
    const read = (source: string, path: string[], variables: Record<string, unknown> = {}): unknown => {
      const [definition] = parse(source).definitions
      if (definition?.kind !== 'OperationDefinition') throw new Error('not an operation')
      const [call] = rootCallsOf({ candidates: [definition], fragments: new Map(), variables })
      return call === undefined ? 'no call' : argumentAt(call, path, variables)
    }
    expect(read('mutation { login(email: "a") }', ['email'])).toBe('a')
    expect(read('mutation { login(email: 7) }', ['email'])).toBe('7')
    expect(read('mutation { login(email: null) }', ['email'])).toBeUndefined()
    expect(read('mutation { login }', ['email'])).toBeUndefined()
    expect(read('mutation { login(email: """ a """) }', ['email'])).toBe(' a ')
    expect(read('mutation M($e: String) { login(email: $e) }', ['email'], { e: 'b' })).toBe('b')
    expect(read('mutation M($e: String) { login(email: $e) }', ['email'])).toBeUndefined()
    expect(read('mutation M($e: String = "c") { login(email: $e) }', ['email'])).toBe('c')
    expect(read('mutation { login(i: { e: "d" }) }', ['i', 'e'])).toBe('d')
    expect(read('mutation M($i: I) { login(i: $i) }', ['i', 'e'], { i: { e: 'f' } })).toBe('f')
    expect(read('mutation M($e: S) { login(i: { e: $e }) }', ['i', 'e'], { e: 'g' })).toBe('g')
    expect(read('mutation M($i: I = { e: "h" }) { login(i: $i) }', ['i', 'e'])).toBe('h')
    expect(read('mutation { login(i: { e: "d" }) }', ['i', 'x'])).toBeUndefined()
    expect(readAccount(read('mutation { login(email: ["a"]) }', ['email']))).toBe('invalid')
  })
})
