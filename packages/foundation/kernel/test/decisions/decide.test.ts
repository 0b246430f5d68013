import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { describe, expect, it } from 'vitest'
import { codedError, decide, onRefused, PHASES, useKernel } from '../../src/index.ts'
import type { Decision, Phase, Refusal, Stage } from '../../src/index.ts'

const No = codedError('NO', 'No.', 403)

function no(mode: 'enforce' | 'measure' = 'enforce'): Refusal {
  return {
    gate: 'sample',
    error: new No(),
    mode,
    headers: { 'x-reason': 'because' },
    event: { type: 'query.rejected', severity: 'WARNING', details: { code: 'NO' } },
  }
}

function allPhases(): { stage: Stage; phase: Phase }[] {
  return Object.entries(PHASES).flatMap(([stage, phases]) =>
    phases.map((phase) => ({ stage: stage as Stage, phase })),
  )
}

function add(
  app: FastifyInstance,
  decision: Pick<Decision, 'stage' | 'phase' | 'run'> & { name?: string },
): void {
  useKernel(app)
  decide(app, { name: 'sample', ...decision })
}

function shuffled<T>(items: readonly T[], seed: number): T[] {
  let state = seed
  const next = (): number => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648
  return items
    .map((item) => ({ item, rank: next() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item)
}

describe('decide', () => {
  it('runs all decisions in the order of the phases, whatever the order of registration', async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const app = Fastify()
      const order: string[] = []
      for (const { stage, phase } of shuffled(allPhases(), seed)) {
        const run = (): undefined => void order.push(phase)
        add(app, { stage, phase, run: seed % 2 === 0 ? run : async () => run() })
      }
      app.get('/', async () => 'ok')
      await app.inject('/')
      expect(order).toEqual(allPhases().map(({ phase }) => phase))
      await app.close()
    }
  })

  it('stops at the first refusal, answers with its error and headers', async () => {
    const app = Fastify()
    const order: string[] = []
    add(app, { stage: 'onRequest', phase: 'principal', run: () => void order.push('principal') })
    add(app, { stage: 'onRequest', phase: 'identity', run: async () => no() })
    add(app, { stage: 'preHandler', phase: 'resource', run: () => void order.push('resource') })
    app.get('/', async () => order.push('handler'))
    const answer = await app.inject('/')
    expect([answer.statusCode, answer.json(), answer.headers['x-reason']]).toEqual([
      403,
      { statusCode: 403, code: 'NO', error: 'Forbidden', message: 'No.' },
      'because',
    ])
    expect(order).toEqual([])
    await app.close()
  })

  it("keeps the app's own error format", async () => {
    const app = Fastify()
    app.setErrorHandler(
      (error, _request, reply) => void reply.code(418).send({ oops: (error as { code?: string }).code }),
    )
    add(app, { stage: 'onRequest', phase: 'identity', run: () => no() })
    app.get('/', async () => 'ok')
    expect((await app.inject('/')).json()).toEqual({ oops: 'NO' })
    await app.close()
  })

  it('reports in measure mode and goes on', async () => {
    const app = Fastify()
    const outcomes: unknown[] = []
    add(app, { stage: 'onRequest', phase: 'identity', run: () => no('measure') })
    add(app, { stage: 'onRequest', phase: 'principal', run: () => void outcomes.push('went on') })
    app.get('/', async () => 'ok')
    await app.ready()
    app.securityEvents.subscribe((event) => void outcomes.push(event.outcome))
    expect((await app.inject('/')).statusCode).toBe(200)
    expect(outcomes).toEqual(['measured', 'went on'])
    await app.close()
  })

  it('gives back what earlier phases reserved before it answers, even when giving back fails', async () => {
    const app = Fastify()
    const order: string[] = []
    add(app, {
      stage: 'onRequest',
      phase: 'address',
      run(request) {
        onRefused(request, () => {
          throw new Error('a store that is down')
        })
        onRefused(request, async (refusal) => void order.push(`given back after ${refusal.error.code}`))
        return undefined
      },
    })
    add(app, { stage: 'preHandler', phase: 'resource', run: () => no() })
    app.addHook('onSend', async () => void order.push('answered'))
    app.get('/', async () => 'ok')
    expect((await app.inject('/')).statusCode).toBe(403)
    expect(order).toEqual(['given back after NO', 'answered'])
    await app.close()
  })

  it('lets no request pass when a decision throws', async () => {
    for (const run of [
      (): never => {
        throw new Error('a defect of a gate')
      },
      async (): Promise<never> => {
        throw new Error('a defect of a gate')
      },
    ]) {
      const app = Fastify()
      add(app, { stage: 'onRequest', phase: 'identity', run })
      add(app, { stage: 'onRequest', phase: 'principal', run: async () => undefined })
      let handled = false
      app.get('/', async () => {
        handled = true
      })
      expect((await app.inject('/')).statusCode).toBe(500)
      expect(handled).toBe(false)
      await app.close()
    }
  })

  it('runs each decision once, also where a parent and a child scope both have some', async () => {
    const app = Fastify()
    const runs: string[] = []
    void app.register(
      async (child) => {
        add(child, { stage: 'onRequest', phase: 'origin', name: 'inner', run: () => void runs.push('inner') })
        child.get('/', async () => 'ok')
      },
      { prefix: '/child' },
    )
    void app.register(async (sibling) => {
      add(sibling, {
        stage: 'onRequest',
        phase: 'origin',
        name: 'sibling',
        run: () => void runs.push('sibling'),
      })
    })
    add(app, { stage: 'onRequest', phase: 'address', name: 'outer', run: () => void runs.push('outer') })
    app.get('/', async () => 'ok')
    await app.inject('/child/')
    expect(runs).toEqual(['inner', 'outer'])
    runs.length = 0
    await app.inject('/')
    expect(runs).toEqual(['outer'])
    await app.close()
  })
})
