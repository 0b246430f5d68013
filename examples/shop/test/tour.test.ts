import Fastify, { type FastifyInstance } from 'fastify'
import { buildSchema, parse, validate } from 'graphql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readArguments } from '../src/arguments.ts'
import { schema } from '../src/schema.ts'
import { createShutdown } from '../src/shutdown.ts'
import { storedQueries } from '../src/stored-queries.ts'
import { createClient, type Answer, type Client } from '../src/tour/client.ts'
import { createPrinter } from '../src/tour/print.ts'
import { compare, decisive, gateOf, runTour, tally, type Result } from '../src/tour/runner.ts'
import { allPass, allRefusedWith, limitedAfter, refusedWith, type Step } from '../src/tour/step.ts'
import { steps } from '../src/tour/steps.ts'

const answer = (status: number, code: string | null = null): Answer => ({
  status,
  code,
  body: {},
  milliseconds: 1,
})

function step(answers: readonly Answer[], options: Partial<Step> = {}): Step {
  return {
    name: 'a step',
    kind: 'hostile',
    provenBy: [],
    send: async () => answers,
    expect: allPass,
    ...options,
  }
}

async function resultOf(tried: Step): Promise<Result> {
  const [result] = await runTour([tried], createClient('http://127.0.0.1:1', ''))
  if (!result) throw new Error('The tour returned nothing')
  return result
}

describe('what a step declares', () => {
  it('tells passing, refusing and limiting apart', () => {
    expect(allPass([answer(200), answer(200)])).toBe(true)
    expect(allPass([])).toBe(false)
    expect(allPass([answer(200, 'UNAUTHENTICATED')])).toBe(false)
    expect(refusedWith(400, 'A', 'B')([answer(400, 'B')])).toBe(true)
    expect(refusedWith(400, 'A')([answer(400, 'B')])).toBe(false)
    expect(refusedWith(400, 'A')([answer(200, 'A')])).toBe(false)
    expect(refusedWith(400, 'A')([])).toBe(false)
    expect(refusedWith(400, 'A')([answer(400, 'A'), answer(400, 'A')])).toBe(false)
    expect(allRefusedWith(400, 'A')([answer(400, 'A'), answer(400, 'A')])).toBe(true)
    expect(allRefusedWith(400, 'A')([answer(400, 'A'), answer(200)])).toBe(false)
    expect(allRefusedWith(400, 'A')([])).toBe(false)
    const limited = limitedAfter(200, { status: 429, code: 'L' })
    expect(limited([answer(200), answer(429, 'L')])).toBe(true)
    expect(limited([answer(200), answer(200)])).toBe(false)
    expect(limited([answer(429, 'L')])).toBe(false)
    expect(limited([answer(200), answer(429, 'L'), answer(500)])).toBe(false)
  })
})

describe('the tour of the shop', () => {
  it('has at least ten steps, honest and hostile, with names that fit their column', () => {
    expect(steps.length).toBeGreaterThanOrEqual(10)
    expect(steps.filter((entry) => entry.kind === 'honest').length).toBeGreaterThanOrEqual(3)
    expect(new Set(steps.map((entry) => entry.name)).size).toBe(steps.length)
    for (const { name } of steps) expect(name.length).toBeLessThanOrEqual(28)
    expect(new Set(steps.flatMap((entry) => entry.provenBy))).toEqual(
      new Set(['depth-limit', 'query-cost', 'user-rate-limit']),
    )
  })

  it("asks only what the schema answers, so that a refusal is the gates' own", async () => {
    const graphql = buildSchema(schema)
    const sent: string[] = []
    const recorder: Client = {
      send: async (_visitor, { path, body }) => {
        for (const entry of [body].flat()) {
          if (typeof entry === 'object' && entry !== null && 'query' in entry) sent.push(String(entry.query))
        }
        const inUrl = new URL(path, 'http://shop').searchParams.get('query')
        if (inUrl !== null) sent.push(inUrl)
        return answer(200)
      },
      graphql: (visitor, query, variables) =>
        recorder.send(visitor, { method: 'POST', path: '/graphql', body: { query, variables } }),
      stored: (visitor, id, variables) => recorder.graphql(visitor, storedQueries[id], variables),
      signIn: async () => ({ address: '192.0.2.1', token: 'token' }),
    }
    await runTour(steps, recorder)
    expect(sent.length).toBeGreaterThan(500)
    for (const source of new Set(sent)) expect(validate(graphql, parse(source))).toEqual([])
  })
})

describe('the runner', () => {
  it('keeps the order, goes on after a step that throws, and says why it did', async () => {
    const broken = step([], {
      send: () => Promise.reject(new Error('fetch failed', { cause: new Error('ECONNRESET') })),
    })
    const seen: number[] = []
    const results = await runTour(
      [step([answer(200)]), broken, step([answer(500)])],
      createClient('http://127.0.0.1:1', ''),
      (_, index) => seen.push(index),
    )
    expect(results.map((result) => result.asDeclared)).toEqual([true, false, false])
    expect(results[1]?.failure).toBe('fetch failed: ECONNRESET')
    expect(seen).toEqual([0, 1, 2])
  })

  it('names the gate from the code, and lets a refusal decide among many answers', async () => {
    expect(gateOf('QUERY_TOO_EXPENSIVE')).toBe('query-cost')
    expect(gateOf('UNAUTHENTICATED')).toBeNull()
    expect(gateOf('constructor')).toBeNull()
    const flood = await resultOf(step([answer(200), answer(429, 'USER_RATE_LIMIT_EXCEEDED'), answer(200)]))
    expect(decisive(flood)?.status).toBe(429)
    expect(tally(flood)).toBe('2 × 200, 1 × 429 USER_RATE_LIMIT_EXCEEDED')
  })

  it('demands that a missing gate changes what it decides, and nothing honest', async () => {
    const refused = step([answer(400, 'X')], { provenBy: ['query-cost'], expect: refusedWith(400, 'X') })
    const passed = { ...refused, send: async () => [answer(200)] }
    const [complete, same, other] = await Promise.all([
      resultOf(refused),
      resultOf(refused),
      resultOf(passed),
    ])
    const without = new Set(['query-cost'] as const)
    expect(compare(complete, other, without)).toMatchObject({ changed: true, asDeclared: true })
    expect(compare(complete, same, without)).toMatchObject({ changed: false, asDeclared: false })
    expect(compare(complete, same, new Set(['depth-limit']))).toMatchObject({
      changed: false,
      asDeclared: true,
    })
    expect(compare(other, other, without)).toMatchObject({ asDeclared: false })
    const honest = await resultOf(step([answer(200)], { kind: 'honest' }))
    const brokenHonest = await resultOf(step([answer(500)], { kind: 'honest' }))
    expect(compare(honest, honest, without)).toMatchObject({ changed: false, asDeclared: true })
    expect(compare(honest, brokenHonest, without)).toMatchObject({ changed: true, asDeclared: false })
  })

  it('does not take another number of the same answers for a change', async () => {
    const flood = (passed: number): Promise<Result> =>
      resultOf(step([...Array.from({ length: passed }, () => answer(200)), answer(429, 'L')]))
    const [twenty, nineteen] = await Promise.all([flood(20), flood(19)])
    expect(compare(twenty, nineteen, new Set()).changed).toBe(false)
  })
})

describe('the printed tour', () => {
  it('fits 100 columns, is plain without a terminal and colored with one', async () => {
    const results = await Promise.all([
      resultOf(step([answer(200)], { name: 'x'.repeat(60) })),
      resultOf(step([answer(401), answer(429, 'USER_RATE_LIMIT_EXCEEDED')])),
      resultOf(step([answer(400, 'Y'.repeat(200))])),
      resultOf(step([], { send: () => Promise.reject(new Error('z'.repeat(300))) })),
    ])
    const print = (colored: boolean): string[] => {
      const lines: string[] = []
      const printer = createPrinter((line) => lines.push(...line.split('\n')), colored)
      printer.begin()
      results.forEach((result, index) => printer.result(result, index))
      printer.beginComparison(['depth-limit', 'query-cost', 'user-rate-limit'])
      results.forEach((result, index) => printer.comparison(compare(result, result, new Set()), index))
      printer.verdict(results)
      return lines
    }
    const plain = print(false)
    for (const line of plain) expect(line.length).toBeLessThanOrEqual(100)
    expect(plain.join('')).not.toContain('\u001B')
    expect(plain.join('\n')).toContain('1 × 401, 1 × 429 USER_RATE_LIMIT_EXCEEDED')
    expect(print(true).join('')).toContain('\u001B[')
  })

  it('says how it ended', () => {
    const lines: string[] = []
    const printer = createPrinter((line) => lines.push(line), false)
    expect(printer.verdict([{ asDeclared: true }, { asDeclared: true }])).toBe(true)
    expect(printer.verdict([{ asDeclared: true }, { asDeclared: false }])).toBe(false)
    expect(lines.join(' ')).toMatch(/All 2 steps.*1 of 2 steps did not/s)
  })
})

describe('the client', () => {
  let app: FastifyInstance
  let origin: string

  beforeAll(async () => {
    app = Fastify({ trustProxy: 'loopback' })
    app.post('/auth/login', async (request, reply) =>
      at(request.body) === 'good' ? { token: 't' } : reply.code(401).send({ code: 'NO' }),
    )
    app.post('/graphql', async () => [{ errors: [{ extensions: { code: 'IN_BATCH' } }] }])
    app.get('/echo', async (request) => ({
      ip: request.ip,
      authorization: request.headers.authorization ?? null,
    }))
    app.get('/text', async (_request, reply) => reply.code(503).send('not JSON'))
    origin = await app.listen({ host: '127.0.0.1', port: 0 })
  })
  afterAll(() => app.close())

  const at = (body: unknown): unknown =>
    typeof body === 'object' && body !== null && 'password' in body ? body.password : undefined

  it('reports status, code and time, from the address of the visitor', async () => {
    const client = createClient(origin, 'good')
    const visitor = await client.signIn('a@example.com')
    const echo = await client.send(visitor, { method: 'GET', path: '/echo' })
    expect(echo).toMatchObject({
      status: 200,
      code: null,
      body: { ip: visitor.address, authorization: 'Bearer t' },
    })
    expect(echo.milliseconds).toBeGreaterThan(0)
    expect(await client.graphql(visitor, '{ x }')).toMatchObject({ code: 'IN_BATCH' })
    expect(await client.send(visitor, { method: 'GET', path: '/text' })).toMatchObject({
      status: 503,
      code: null,
      body: 'not JSON',
    })
  })

  it('signs each account in once, from an address of its own', async () => {
    const client = createClient(origin, 'good')
    const [one, again, other] = await Promise.all(
      ['a@example.com', 'a@example.com', 'b@example.com'].map((email) => client.signIn(email)),
    )
    expect(again).toBe(one)
    expect(other?.address).not.toBe(one?.address)
  })

  it('says so when an honest login is refused', async () => {
    await expect(createClient(origin, 'bad').signIn('a@example.com')).rejects.toThrow(
      'refused an honest login with 401 NO',
    )
  })
})

describe('the command line', () => {
  it('takes --once and gates to leave out', () => {
    expect(readArguments([])).toEqual({ once: false, without: new Set() })
    expect(readArguments(['--once', '--without', 'depth-limit', '--without=query-cost'])).toEqual({
      once: true,
      without: new Set(['depth-limit', 'query-cost']),
    })
  })

  it.each([['--without', 'cors'], ['--without', ''], ['--twice'], ['more'], ['--without']])(
    'refuses %s %s',
    (...args) => {
      expect(() => readArguments(args)).toThrow(
        /--without takes one of depth-limit|--twice|more|argument missing/,
      )
    },
  )
})

describe('shutting down', () => {
  it('stops the latest first, once, and goes on after a failure', async () => {
    const order: string[] = []
    const errors: unknown[] = []
    const shutdown = createShutdown((error) => errors.push(error))
    shutdown.add(async () => order.push('first'))
    shutdown.add(() => Promise.reject(new Error('stuck')))
    shutdown.add(async () => order.push('last'))
    expect(shutdown.begun).toBe(false)
    await Promise.all([shutdown.run(), shutdown.run()])
    expect(order).toEqual(['last', 'first'])
    expect(errors).toHaveLength(1)
    shutdown.add(async () => order.push('late'))
    await shutdown.run()
    expect(order).toEqual(['last', 'first', 'late'])
  })
})
