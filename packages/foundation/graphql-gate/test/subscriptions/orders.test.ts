import { codedError } from '@portcullis/kernel'
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import Fastify from 'fastify'
import { buildSchema, parse, subscribe } from 'graphql'
import { describe, expect, it } from 'vitest'
import { addFieldStep, addSubscriptionStep, useGraphqlGate } from '../../src/index.ts'

const Enough = codedError('ENOUGH', 'Enough.', 429)

function served(scope: FastifyInstance): void {
  const schema = buildSchema('type Query { a: Int } type Subscription { tick: Int }')
  const field = schema.getSubscriptionType()?.getFields()['tick']
  if (field === undefined) throw new Error('the schema has it')
  field.subscribe = async function* () {
    yield { tick: 1 }
    yield { tick: 2 }
  }
  scope.post<{ Body: { query: string } }>(
    '/graphql',
    { config: { graphql: { schema } } },
    async ({ body }) => {
      const stream = await subscribe({ schema, document: parse(body.query) })
      if (!(Symbol.asyncIterator in stream)) return stream
      const results: unknown[] = []
      for await (const result of stream) results.push(result)
      return { data: { results } }
    },
  )
}

const plugin = (load: (app: FastifyInstance) => void): FastifyPluginAsync => {
  const named: FastifyPluginAsync = async (app) => load(app)
  // As fastify-plugin does: it belongs to the scope it is registered in.
  return Object.assign(named, { [Symbol.for('skip-override')]: true })
}

const gate = plugin((app) => useGraphqlGate(app, 'test'))
const step = plugin((app) => {
  let events = 0
  addSubscriptionStep(app, {
    name: 'test',
    event: () => {
      const error = new Enough()
      const event = { type: 'rate_limit.exceeded', severity: 'INFO', details: { code: error.code } } as const
      return (events += 1) > 1 ? { gate: 'test', error, event } : undefined
    },
  })
})

const inner =
  (...parts: readonly (FastifyPluginAsync | 'route')[]): FastifyPluginAsync =>
  async (scope) => {
    for (const part of parts) {
      if (part === 'route') served(scope)
      else await scope.register(part)
    }
  }

describe('subscriptions are held', () => {
  it.each<[string, readonly FastifyPluginAsync[]]>([
    ['with the gate first', [gate, step, inner('route')]],
    ['with the step first', [step, gate, inner('route')]],
    ['with the route first', [inner('route'), step, gate]],
    ['with the gate in the inner scope, the step outside before it', [step, inner(gate, 'route')]],
    ['with the gate in the inner scope, the step outside after it', [inner('route', gate), step]],
    ['with the step in the inner scope, the gate outside before it', [gate, inner('route', step)]],
    ['with the step in the inner scope, the gate outside after it', [inner(step, 'route'), gate]],
    ['with both in the inner scope', [inner(step, 'route', gate)]],
    ['with the gate in both', [gate, step, inner(gate, 'route')]],
    ['with the step in both', [step, inner(step, gate, 'route'), gate]],
  ])('%s', async (_order, plugins) => {
    const app = Fastify()
    for (const one of plugins) void app.register(one)
    const answer = await app.inject({
      method: 'POST',
      url: '/graphql',
      payload: { query: 'subscription { tick }' },
    })
    expect(answer.json()).toMatchObject({
      data: { results: [{ data: { tick: 1 } }, { errors: [{ extensions: { code: 'ENOUGH' } }] }] },
    })
    await app.close()
  })

  it('is not held by a step of a scope beside it, nor without graphql-gate, where nothing is wrapped', async () => {
    const app = Fastify()
    void app.register(inner(step))
    void app.register(inner(gate, 'route'))
    const answer = await app.inject({
      method: 'POST',
      url: '/graphql',
      payload: { query: 'subscription { tick }' },
    })
    expect(answer.json()).toEqual({ data: { results: [{ data: { tick: 1 } }, { data: { tick: 2 } }] } })
    await app.close()
  })

  it('has the error of the end seen by no other step around the field', async () => {
    const app = Fastify()
    const seen: unknown[] = []
    void app.register(gate)
    void app.register(step)
    void app.register(
      plugin((scope) =>
        addFieldStep(scope, {
          name: 'witness',
          phase: 'access',
          plan: ({ field }) =>
            field.name === 'tick'
              ? ({ source }, next) => {
                  seen.push(source)
                  return next()
                }
              : undefined,
        }),
      ),
    )
    void app.register(inner('route'))
    await app.inject({ method: 'POST', url: '/graphql', payload: { query: 'subscription { tick }' } })
    expect(seen).toEqual([{ tick: 1 }])
    await app.close()
  })
})
