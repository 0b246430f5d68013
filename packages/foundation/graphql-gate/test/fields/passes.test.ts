import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { buildSchema, graphql } from 'graphql'
import type { GraphQLSchema } from 'graphql'
import { describe, expect, it } from 'vitest'
import { addFieldStep, forgetPasses, useGraphqlGate } from '../../src/index.ts'
import type { FieldCall, FieldHandler, FieldPhase } from '../../src/index.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

const sdl = 'type Query { a: String list: [Item] } type Item { a: String }'

function addStep(scope: FastifyInstance, name: string, handler: FieldHandler, phase: FieldPhase): void {
  useGraphqlGate(scope, name)
  const plan = ({ field }: { field: { name: string } }) => (field.name === 'a' ? handler : undefined)
  addFieldStep(scope, { name, phase, plan })
}

/** A step that hides the field from who is not let in, and counts how often it is asked who is. */
function letIn(isIn: (request: FastifyRequest) => boolean) {
  const asked: string[] = []
  const handler: FieldHandler = Object.assign(
    ({ request }: FieldCall, next: () => unknown) => (request !== undefined && isIn(request) ? next() : null),
    {
      passes: (request: FastifyRequest) => {
        asked.push(request.id)
        return isIn(request)
      },
    },
  )
  return { asked, handler }
}

const shout: FieldHandler = (_call, next) => `${String(next())}!`

type Run = (schema: GraphQLSchema, request: FastifyRequest, reply: FastifyReply) => unknown

const execute = (schema: GraphQLSchema, query = '{ list { a } }', rootValue: object = rows): unknown =>
  graphql({ schema, source: query, rootValue })
const rows = { list: [{ a: '1' }, { a: '2' }, { a: '3' }] }
const shown = { data: { list: [{ a: '1' }, { a: '2' }, { a: '3' }] } }
const hidden = { data: { list: [{ a: null }, { a: null }, { a: null }] } }

function serve(steps: (scope: FastifyInstance) => void, run: Run = (schema) => execute(schema)) {
  const schema = buildSchema(sdl)
  const app = Fastify()
  void app.register(async (scope) => {
    steps(scope)
    const config = { graphql: { schema } }
    scope.post('/graphql', { config }, (request, reply) => run(schema, request, reply))
  })
  const ask = async (who: string): Promise<unknown> => {
    const payload = { query: '{ list { a } }' }
    return (await app.inject({ method: 'POST', url: '/graphql', payload, headers: { who } })).json()
  }
  return { app, ask, schema }
}

const isAda = ({ headers }: FastifyRequest): boolean => headers['who'] === 'ada'

describe('passes', () => {
  it('are asked once for a request and field, and again for each other request', async () => {
    const { asked, handler } = letIn(isAda)
    const { app, ask } = serve((scope) => addStep(scope, 'door', handler, 'access'))
    for (const who of ['ada', 'bob', 'ada', 'bob'])
      expect(await ask(who)).toEqual(who === 'ada' ? shown : hidden)
    expect(asked).toHaveLength(4)
    expect(new Set(asked).size).toBe(4)
    await app.close()
  })

  it('are nobody else’s where requests wait for each other, with one context for all of them', async () => {
    const { handler } = letIn(isAda)
    const late = async (value: string): Promise<string> => new Promise((done) => setImmediate(done, value))
    const rootValue = { list: () => ['1', '2', '3'].map((value) => ({ a: () => late(value) })) }
    // Whoever comes first stays in the context, as an app might have it by mistake.
    const contextValue: { request?: FastifyRequest } = {}
    const { app, ask } = serve(
      (scope) => addStep(scope, 'door', handler, 'access'),
      (schema, request) => {
        contextValue.request ??= request
        return graphql({ schema, source: '{ list { a } }', rootValue, contextValue })
      },
    )
    const who = Array.from({ length: 20 }, (_, index) => (index % 3 === 0 ? 'ada' : 'bob'))
    expect(await Promise.all(who.map(ask))).toEqual(who.map((one) => (one === 'ada' ? shown : hidden)))
    await app.close()
  })

  it('leave the steps that do not pass, in their order', async () => {
    const { handler } = letIn(isAda)
    const { app, ask } = serve((scope) => {
      addStep(scope, 'door', handler, 'access')
      addStep(scope, 'shout', shout, 'mask')
    })
    expect(await ask('ada')).toEqual({ data: { list: [{ a: '1!' }, { a: '2!' }, { a: '3!' }] } })
    expect(await ask('bob')).toEqual(hidden)
    await app.close()
  })

  it('are asked again of a request that is judged anew', async () => {
    let open = true
    const { handler } = letIn(() => open)
    const { app, ask } = serve(
      (scope) => addStep(scope, 'door', handler, 'access'),
      async (schema, request) => {
        const before = await execute(schema)
        open = false
        const remembered = await execute(schema)
        forgetPasses(request)
        const after = await execute(schema)
        open = true
        const reopened = await execute(schema)
        return { before, remembered, after, reopened }
      },
    )
    expect(await ask('ada')).toEqual({ before: shown, remembered: shown, after: hidden, reopened: shown })
    await app.close()
  })

  it('hold for a resolver that is set in the middle of a request', async () => {
    const { handler } = letIn(isAda)
    const { app, ask } = serve(
      (scope) => addStep(scope, 'door', handler, 'access'),
      async (schema) => {
        await execute(schema)
        const field = schema.getType('Item') as unknown as { getFields(): { a: { resolve: () => string } } }
        field.getFields().a.resolve = () => 'set'
        return execute(schema)
      },
    )
    expect(await ask('bob')).toEqual(hidden)
    expect(await ask('ada')).toMatchObject({ data: { list: [{ a: 'set' }, { a: 'set' }, { a: 'set' }] } })
    await app.close()
  })

  it('of a request say nothing of a call without one, or from outside', async () => {
    const { handler } = letIn(isAda)
    const { app, ask, schema } = serve((scope) => addStep(scope, 'door', handler, 'access'))
    expect(await ask('ada')).toEqual(shown)
    expect(await execute(schema)).toEqual(hidden)
    await app.close()
  })

  it.each([0, 1])(
    'are those of the scope of the door, in another handler too, after %i executions',
    async (before) => {
      const { handler } = letIn(isAda)
      const { app, ask, schema } = serve(
        (scope) => addStep(scope, 'door', handler, 'access'),
        async (built, _request, reply) => {
          for (let time = 0; time < before; time++) await execute(built)
          return reply.callNotFound()
        },
      )
      app.setNotFoundHandler(async () => execute(schema))
      expect(await ask('bob')).toEqual(hidden)
      expect(await ask('ada')).toEqual(shown)
      await app.close()
    },
  )

  it('are not those of the scope of the door where the other handler’s scope has steps of its own', async () => {
    const { handler } = letIn(isAda)
    const schema = buildSchema(sdl)
    const app = Fastify()
    addStep(app, 'door', letIn(() => false).handler, 'access')
    void app.register(async (scope) => {
      addStep(scope, 'door', handler, 'access')
      scope.post('/graphql', { config: { graphql: { schema } } }, async (_request, reply) => {
        expect(await execute(schema)).toEqual(shown)
        return reply.callNotFound()
      })
    })
    app.setNotFoundHandler(async () => execute(schema))
    const sent = {
      method: 'POST',
      url: '/graphql',
      payload: { query: '{ list { a } }' },
      headers: { who: 'ada' },
    } as const
    expect((await app.inject(sent)).json()).toEqual(hidden)
    await app.close()
  })

  it('keep no request alive that is over', async () => {
    const seen: WeakRef<FastifyRequest>[] = []
    const { handler } = letIn(() => true)
    const { app, ask } = serve(
      (scope) => addStep(scope, 'door', handler, 'access'),
      (schema, request) => {
        seen.push(new WeakRef(request))
        return execute(schema)
      },
    )
    for (let time = 0; time < 5; time++) expect(await ask('ada')).toEqual(shown)
    // What servers and collectors keep for a moment goes within the next ones.
    const alive = (): number => seen.filter((one) => one.deref() !== undefined).length
    for (let time = 0; time < 40 && alive() > 0; time++) {
      await new Promise((done) => setTimeout(done, 50))
      collect()
    }
    expect(alive()).toBe(0)
    await app.close()
  })
})
