import { createServer } from 'node:net'
import { once } from 'node:events'
import { startRedis } from '@portcullis/kernel/testing'
import type { FastifyInstance, LightMyRequestResponse } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { DEMO_ACCOUNTS, DEMO_PASSWORD } from '../src/database/seed/generate.ts'
import { GATES, type Gate } from '../src/gates.ts'
import { at, createClient } from '../src/tour/client.ts'
import { compare, runTour, type Result } from '../src/tour/runner.ts'
import { REPORT } from '../src/tour/honest-steps.ts'
import { steps } from '../src/tour/steps.ts'
import { startShop, type TestShop } from './shop.ts'

let shop: TestShop
/** The tour of a shop with every gate, counting in memory. */
let complete: Result[]

async function tourOf(app: FastifyInstance): Promise<Result[]> {
  const origin = await app.listen({ host: '127.0.0.1', port: 0 })
  return runTour(steps, createClient(origin, DEMO_PASSWORD), shop.backstage(app))
}

/** Names of steps that did not go as declared, with what was answered instead. */
function surprises(results: readonly Result[]): unknown[] {
  return results
    .filter(({ asDeclared }) => !asDeclared)
    .map(({ step, answers, failure }) => ({ step: step.name, failure, answers: answers.slice(0, 3) }))
}

beforeAll(async () => {
  shop = await startShop()
  complete = await tourOf(await shop.build())
})

afterAll(() => shop.close())

describe('the tour', () => {
  it('goes as declared with every gate, counting in memory', () => {
    expect(surprises(complete)).toEqual([])
  })

  it('goes as declared with every gate, counting in Redis', async () => {
    const redis = await startRedis()
    try {
      expect(surprises(await tourOf(await shop.build({ redisUrl: redis.url })))).toEqual([])
    } finally {
      await redis.stop()
    }
  })

  it.each(GATES)('changes without %s exactly where that gate decides', async (gate) => {
    const reduced = await tourOf(await shop.build({ without: [gate] }))
    const comparisons = complete.map((before, index) =>
      compare(before, reduced[index] ?? before, new Set<Gate>([gate])),
    )
    expect(comparisons.filter(({ asDeclared }) => !asDeclared).map(({ step }) => step.name)).toEqual([])
    expect(comparisons.filter(({ changed }) => changed).map(({ step }) => step.name)).toEqual(
      steps.filter(({ provenBy }) => provenBy.includes(gate)).map(({ name }) => name),
    )
  })

  it('goes as declared in production too, whose refusals tell no numbers', async () => {
    const results = await tourOf(await shop.build({ environment: 'production' }))
    expect(surprises(results)).toEqual([])
    expect(results.some(({ answers }) => JSON.stringify(answers).includes('maximumQueryCost'))).toBe(false)
  })

  it('without any gate is answered: hostile steps are harmless, honest ones pass', async () => {
    for (const result of await tourOf(await shop.build({ without: GATES }))) {
      expect(result.failure).toBeNull()
      expect(result.answers.every(({ status }) => status < 500)).toBe(true)
      expect(result).toMatchObject({ asDeclared: result.step.provenBy.length === 0 })
    }
  })
})

describe('guessing passwords over GraphQL', () => {
  const fields = (count: number, first = 0): string =>
    Array.from(
      { length: count },
      (_, index) => `g${first + index}: login(email: "sam@example.com", password: "guess") { token }`,
    ).join(' ')

  it.each([
    ['aliases', `mutation { ${fields(6)} }`],
    ['a fragment', `mutation { ...A } fragment A on Mutation { ${fields(6)} }`],
    ['nested fragments', `mutation { ...A ${fields(3)} } fragment A on Mutation { ... { ${fields(3, 3)} } }`],
    ['a batch', Array.from({ length: 6 }, () => ({ query: `mutation { ${fields(1)} }` }))],
    ['one of two operations', `query A { shop { name } } mutation B { ${fields(6)} }`, 'B'],
  ])('by %s is as many attempts as there are passwords', async (_way, sent, operationName?: string) => {
    const app = await shop.build()
    const payload = typeof sent === 'string' ? { query: sent, operationName } : sent
    const reply = await app.inject({ method: 'POST', url: '/graphql', payload })
    expect(reply.statusCode).toBe(429)
    expect(reply.body).toContain('Too many login attempts')
    expect(reply.body).not.toContain('guess')
  })

  it('leaves other mutations and queries alone when the attempts are used up', async () => {
    const app = await shop.build()
    const graphql = (query: string): Promise<LightMyRequestResponse> =>
      app.inject({ method: 'POST', url: '/graphql', payload: { query } })
    expect((await graphql(`mutation { ${fields(5)} }`)).statusCode).toBe(200)
    expect((await graphql(`mutation { ${fields(1)} }`)).statusCode).toBe(429)
    expect((await graphql('{ shop { name } }')).statusCode).toBe(200)
    const register = 'mutation { register(name: "", email: "x@example.com", password: "") { token } }'
    expect((await graphql(register)).body).toContain('BAD_USER_INPUT')
  })

  it('ends when a fragment spreads itself, without depth-limit too', async () => {
    const app = await shop.build({ without: ['depth-limit'] })
    const query = 'mutation { ...A } fragment A on Mutation { ...B } fragment B on Mutation { ...A }'
    const reply = await app.inject({ method: 'POST', url: '/graphql', payload: { query } })
    expect(reply.statusCode).toBe(400)
  })
})

describe('limits per user', () => {
  it('leave 20 mutations a minute, and queries after them', async () => {
    const app = await shop.build()
    const headers = await shop.login(DEMO_ACCOUNTS.customer, app)
    const graphql = (query: string): Promise<LightMyRequestResponse> =>
      app.inject({ method: 'POST', url: '/graphql', headers, payload: { query } })
    const change = 'mutation { updateProfile(profile: { name: "Ada Holm" }) { name } }'
    for (let count = 0; count < 20; count++) expect((await graphql(change)).statusCode).toBe(200)
    const last = await graphql(change)
    expect(last.statusCode).toBe(429)
    expect(last.json()).toMatchObject({ errors: [{ extensions: { policy: 'mutations' } }] })
    // A sliding window gives quota back a sixtieth of itself late.
    expect(Number(last.headers['retry-after'])).toBeLessThanOrEqual(61)
    expect((await graphql('{ me { name } }')).json()).toMatchObject({ data: { me: { name: 'Ada Holm' } } })
  })

  it('leave an admin a few costly reports at once, spend what they really cost, and cheap queries after them', async () => {
    const app = await shop.build()
    const headers = await shop.login(DEMO_ACCOUNTS.admin, app)
    const graphql = (query: string): Promise<LightMyRequestResponse> =>
      app.inject({ method: 'POST', url: '/graphql', headers, payload: { query } })
    const first = await graphql(REPORT)
    // The price is held until the answer is there, and what it really cost is spent then.
    const { requestedQueryCost: price, actualQueryCost: actual } = first.json().extensions.cost
    const affordable = Math.floor((50_000 - actual) / price)
    expect(affordable).toBeGreaterThan(1)
    const answers = await Promise.all(Array.from({ length: affordable + 10 }, () => graphql(REPORT)))
    const refused = answers.filter(({ statusCode }) => statusCode === 429)
    // Some may be answered, and so settled, before the last of them is decided.
    expect(refused.length).toBeGreaterThan(0)
    for (const answer of refused)
      expect(answer.json()).toMatchObject({ errors: [{ extensions: { policy: 'spending' } }] })
    expect((await graphql(REPORT)).statusCode).toBe(200)
    expect((await graphql('{ me { name } }')).statusCode).toBe(200)
  })
})

describe('Redis of REDIS_URL', () => {
  it('that cannot be reached stops the start: signing in is declared closed', async () => {
    const closed = createServer().listen(0, '127.0.0.1')
    await once(closed, 'listening')
    const port = at(closed.address(), 'port')
    closed.close()
    const app = await shop.build({ redisUrl: `redis://someone:hidden@127.0.0.1:${String(port)}` })
    const failure: unknown = await app.ready().then(
      () => undefined,
      (error: unknown) => error,
    )
    expect(failure).toMatchObject({ code: 'PORTCULLIS_USER_RATE_LIMIT_STORE_UNREACHABLE' })
    expect(String(failure)).toContain(`127.0.0.1:${String(port)}`)
    expect(String(failure)).toContain('login')
    expect(String(failure)).not.toContain('hidden')
  })

  it('that goes away stops signing in alone', async () => {
    const redis = await startRedis()
    const app = await shop.build({ redisUrl: redis.url })
    const login = (): Promise<LightMyRequestResponse> =>
      app.inject({
        method: 'POST',
        url: '/auth/login',
        payload: { email: DEMO_ACCOUNTS.customer, password: DEMO_PASSWORD },
      })
    const signedIn = await login()
    expect(signedIn.statusCode).toBe(200)
    await redis.stop()
    expect((await login()).json()).toMatchObject({ statusCode: 503, code: 'RATE_LIMIT_STORE_UNAVAILABLE' })
    const headers = { authorization: `Bearer ${signedIn.json<{ token: string }>().token}` }
    expect((await app.inject({ url: '/orders', headers })).statusCode).toBe(200)
  })
})
