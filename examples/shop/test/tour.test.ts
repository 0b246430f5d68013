import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { AuditRecord } from '@portcullis/audit-logger'
import { buildSchema, parse, validate } from 'graphql'
import { describe, expect, it, vi } from 'vitest'
import { readArguments } from '../src/arguments.ts'
import { GATES } from '../src/gates.ts'
import { schema } from '../src/schema.ts'
import { createShutdown } from '../src/shutdown.ts'
import { StartFailure, startDemo } from '../src/start.ts'
import { storedQueries } from '../src/stored-queries.ts'
import type { Backstage } from '../src/tour/backstage.ts'
import { createClient, type Answer, type Client } from '../src/tour/client.ts'
import { createPrinter } from '../src/tour/print.ts'
import { compare, decidedBy, decisive, gateOf, runTour, tally, type Result } from '../src/tour/runner.ts'
import { allPass, allRefusedWith, limitedAfter, refusedWith, type Step } from '../src/tour/step.ts'
import { steps } from '../src/tour/steps.ts'
import { timelineOf } from '../src/tour/timeline.ts'

const answer = (status: number, code: string | null = null): Answer => ({
  status,
  code,
  body: {},
  milliseconds: 1,
  requestId: null,
})

/** Of a shop whose steps ask for nothing behind the counter. */
const NOTHING: Backstage = {
  records: async () => [],
  trailLines: async () => [],
  logLines: () => [],
  verifyEditedCopy: async () => null,
}

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
  const [result] = await runTour([tried], createClient('http://127.0.0.1:1', ''), NOTHING)
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
  it('has at least thirty steps, honest and hostile, with names that fit their column', () => {
    expect(steps.length).toBeGreaterThanOrEqual(30)
    expect(steps.filter((entry) => entry.kind === 'honest').length).toBeGreaterThanOrEqual(3)
    expect(new Set(steps.map((entry) => entry.name)).size).toBe(steps.length)
    for (const { name } of steps) expect(name.length).toBeLessThanOrEqual(28)
    expect(new Set(steps.flatMap((entry) => entry.provenBy))).toEqual(new Set(GATES))
  })

  it('is the one that the README lists', async () => {
    const readme = await readFile(join(import.meta.dirname, '../README.md'), 'utf8')
    const listed = [...readme.matchAll(/^\| (.+?) \| (.+?) \|/gm)].map(
      ([, name, gates]) => `${name}: ${gates}`,
    )
    const all = steps.map(({ name, provenBy }) => `${name}: ${provenBy.join(', ') || '–'}`)
    expect(listed.filter((row) => all.includes(row))).toEqual(all)
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
      hangUp: async () => answer(0),
      signIn: async () => ({ address: '192.0.2.1', token: 'token' }),
    }
    await runTour(steps, recorder, NOTHING)
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
      NOTHING,
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
    // The same status, and yet another outcome: what should be masked is shown.
    const masked = step([answer(200)], { provenBy: ['pii-masking'], expect: () => true })
    const shown = { ...masked, expect: () => false }
    expect(compare(await resultOf(masked), await resultOf(shown), new Set(['pii-masking']))).toMatchObject({
      changed: true,
      asDeclared: true,
    })
    const honest = await resultOf(step([answer(200)], { kind: 'honest' }))
    const brokenHonest = await resultOf(step([answer(500)], { kind: 'honest' }))
    expect(compare(honest, honest, without)).toMatchObject({ changed: false, asDeclared: true })
    expect(compare(honest, brokenHonest, without)).toMatchObject({ changed: true, asDeclared: false })
  })

  it('names the gate that decides where no code does, and shows what a step tells', async () => {
    const told = await resultOf(step([answer(200)], { provenBy: ['pii-masking'], shows: () => '***' }))
    expect(decidedBy(told)).toBe('pii-masking')
    expect(told.shown).toBe('***')
    expect(decidedBy(await resultOf(step([answer(200)])))).toBeNull()
    expect(decidedBy(await resultOf(step([answer(400, 'MAX_DEPTH_EXCEEDED')])))).toBe('depth-limit')
    const other = await resultOf(step([answer(500)], { provenBy: ['pii-masking'] }))
    expect(decidedBy(other)).toBeNull()
  })

  it('asks for the timeline of the request that decides', async () => {
    const asked: string[] = []
    const backstage: Backstage = {
      ...NOTHING,
      records: async (id) => {
        asked.push(id)
        return []
      },
    }
    const answers = [
      { ...answer(200), requestId: 'first' },
      { ...answer(429, 'USER_RATE_LIMIT_EXCEEDED'), requestId: 'second' },
    ]
    await runTour([step(answers), step([answer(200)])], createClient('http://127.0.0.1:1', ''), backstage)
    expect(asked).toEqual(['second'])
  })

  it('does not take another number of the same answers for a change', async () => {
    const flood = (passed: number): Promise<Result> =>
      resultOf(step([...Array.from({ length: passed }, () => answer(200)), answer(429, 'L')]))
    const [twenty, nineteen] = await Promise.all([flood(20), flood(19)])
    expect(compare(twenty, nineteen, new Set()).changed).toBe(false)
  })
})

describe('the timeline of a request', () => {
  const record = (over: Partial<AuditRecord>): AuditRecord => ({
    seq: 1,
    prev: '',
    v: 1,
    id: '',
    time: '',
    type: 'http.request',
    stage: 'complete',
    severity: 'INFO',
    outcome: 'succeeded',
    request: { status: 200, completed: true },
    ...over,
  })
  const limit = { policy: 'perUser', quota: 200, remaining: 199, violated: false }

  it.each<[string | null, AuditRecord[]]>([
    [null, []],
    [null, [record({ stage: 'received' })]],
    ['200', [record({})]],
    ['200', [record({ stage: 'received', request: { status: 500 } }), record({})]],
    [
      'limit ok → cost 42 → mask 3 → show 1 → SQL 2 (1.3 ms) → 200',
      [
        record({
          facts: {
            limits: [limit],
            cost: 42,
            pii: { masked: 3, revealed: 1, infoTypes: [] },
            queries: { count: 2, failed: 0, milliseconds: 1.251 },
          },
        }),
      ],
    ],
    [
      'limit login (5) → 429 USER_RATE_LIMIT_EXCEEDED',
      [
        record({
          facts: { limits: [limit, { ...limit, policy: 'login', quota: 5, violated: true }] },
          reason: 'USER_RATE_LIMIT_EXCEEDED',
          request: { status: 429, completed: true },
        }),
      ],
    ],
    [
      'cost 0 → aborted',
      [
        record({
          facts: { cost: 0, pii: { masked: 0, revealed: 0, infoTypes: [] } },
          request: { completed: false },
        }),
      ],
    ],
  ])('is %s', (line, records) => {
    expect(timelineOf(records)).toBe(line)
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

describe('a start that fails', () => {
  it('is told once, by the list of tasks', async () => {
    const written: string[] = []
    const write = (text: unknown): boolean => written.push(String(text)) > 0
    const spies = [process.stdout, process.stderr].map((stream) =>
      vi.spyOn(stream, 'write').mockImplementation(write),
    )
    vi.stubEnv('DATABASE_URL', 'postgres://somebody:s3cret@127.0.0.1:1/shop')
    const shutdown = createShutdown(() => {})
    try {
      await expect(startDemo(new Set(), shutdown, false)).rejects.toBeInstanceOf(StartFailure)
    } finally {
      for (const spy of spies) spy.mockRestore()
      vi.unstubAllEnvs()
      await shutdown.run()
    }
    expect(written.join('').match(/PostgreSQL at 127\.0\.0\.1:1\/shop can't be reached/g)).toHaveLength(1)
    expect(written.join('')).not.toContain('s3cret')
  })
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
