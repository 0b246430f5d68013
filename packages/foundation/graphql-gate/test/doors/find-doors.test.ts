import { ApolloServer } from '@apollo/server'
import fastifyApollo, { fastifyApolloHandler } from '@as-integrations/fastify'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { buildSchema } from 'graphql'
import mercurius from 'mercurius'
import { createYoga } from 'graphql-yoga'
import { describe, expect, it } from 'vitest'
import { addCheck, graphqlGate, useGraphqlGate } from '../../src/index.ts'
import { kernel } from '@portcullis/kernel'

const sdl = 'type Query { a: Int } type Subscription { b: Int }'
const schema = buildSchema(sdl)

function guarded(app: FastifyInstance): void {
  useGraphqlGate(app, 'sample')
  addCheck(app, { name: 'sample', phase: 'shape', run: () => undefined })
}

function production(): FastifyInstance {
  const app = Fastify()
  void app.register(kernel, { environment: 'production' })
  return app
}

describe('doors', () => {
  it('are found behind mercurius in any prefix, by config, and by the routes option', async () => {
    const app = production()
    void app.register(async (scope) => void scope.register(mercurius, { schema: sdl, path: '/inner' }), {
      prefix: '/api',
    })
    app.post('/mine', { config: { graphql: { schema } } }, async () => ({ data: null }))
    app.post('/theirs', async () => ({ data: null }))
    void app.register(graphqlGate, { routes: { '/theirs': { schema } } })
    void app.after(() => guarded(app))
    await app.ready()
    expect(app.graphqlGate.doors()).toEqual(
      expect.arrayContaining([
        { method: 'GET', url: '/api/inner', engine: 'mercurius' },
        { method: 'POST', url: '/api/inner', engine: 'mercurius' },
        { method: 'POST', url: '/mine', engine: 'hand-written' },
        { method: 'POST', url: '/theirs', engine: 'hand-written' },
      ]),
    )
    await app.close()
  })

  it('must exist in the scope of a gate, or the app does not boot', async () => {
    const app = Fastify()
    guarded(app)
    app.get('/rest', async () => 'ok')
    await expect(app.ready()).rejects.toMatchObject({
      code: 'PORTCULLIS_GRAPHQL_GATE_NO_DOOR',
      message: expect.stringContaining('sample is registered, but there is no GraphQL route in its scope'),
    })
    const sibling = Fastify()
    void sibling.register(async (scope) => guarded(scope))
    void sibling.register(async (scope) => void scope.register(mercurius, { schema: sdl }))
    await expect(sibling.ready()).rejects.toMatchObject({ code: 'PORTCULLIS_GRAPHQL_GATE_NO_DOOR' })
  })

  it('must exist in the scope of a gate also where that sees an engine of an outer scope', async () => {
    const app = Fastify()
    void app.register(async (scope) => guarded(scope))
    void app.register(mercurius, { schema: sdl })
    await expect(app.ready()).rejects.toMatchObject({ code: 'PORTCULLIS_GRAPHQL_GATE_NO_DOOR' })
    const without = Fastify()
    guarded(without)
    void without.register(mercurius, { schema: sdl, routes: false })
    await without.ready()
    await without.close()
  })

  it('that the routes option names must exist', async () => {
    const app = Fastify()
    void app.register(mercurius, { schema: sdl })
    void app.register(graphqlGate, { routes: { '/grpahql': {} } })
    await expect(app.ready()).rejects.toThrow("graphqlGate.routes['/grpahql']")
  })

  it('that no check guards refuse to boot in production', async () => {
    const app = production()
    void app.register(async (scope) => void scope.register(mercurius, { schema: sdl, prefix: '/open' }))
    void app.register(
      async (scope) => {
        void scope.register(mercurius, { schema: sdl })
        guarded(scope)
      },
      { prefix: '/guarded' },
    )
    await expect(app.ready()).rejects.toThrow(
      /The GraphQL route (GET|POST|HEAD) \/open\/graphql has no gate in its scope/,
    )
  })

  it('that only a gate without bounds of its own looks at refuse to boot in production', async () => {
    const app = production()
    useGraphqlGate(app, 'mask', false)
    void app.register(mercurius, { schema: sdl })
    await expect(app.ready()).rejects.toThrow('has no gate in its scope that bounds its operations')
  })

  describe.each([
    [
      'GraphQL Yoga',
      (app: FastifyInstance, config?: { graphql: false }) => {
        const yoga = createYoga({ schema, logging: false })
        app.route({
          url: '/server',
          method: ['GET', 'POST'],
          ...(config === undefined ? {} : { config }),
          handler: (request, reply) => yoga.handleNodeRequestAndResponse(request, reply, {}),
        })
      },
    ],
    [
      'Apollo Server',
      (app: FastifyInstance, config?: { graphql: false }) => {
        void app.register(async (scope) => {
          const server = new ApolloServer({ schema })
          await server.start()
          scope.addHook('onClose', () => server.stop())
          if (config === undefined) await scope.register(fastifyApollo(server), { path: '/server' })
          else scope.post('/server', { config }, fastifyApolloHandler(server))
        })
      },
    ],
  ])('of %s that nobody marked, beside a guarded door,', (_name, serve) => {
    const beside = (app: FastifyInstance, config?: { graphql: false }): FastifyInstance => {
      guarded(app)
      void app.register(mercurius, { schema: sdl })
      serve(app, config)
      return app
    }

    it('refuse to boot in production, and are named', async () => {
      const app = beside(production())
      await expect(app.ready()).rejects.toThrow(
        /The route (GET|POST|HEAD)[A-Z,]* \/server is answered by GraphQL Yoga or Apollo Server.* no gate guards its operations.*yogaGate\(app\) or apolloGate\(app\)/,
      )
      await app.close()
    })

    it('boot where their config says that they take no GraphQL', async () => {
      const app = beside(production(), { graphql: false })
      await app.ready()
      await app.close()
    })

    it('are warned of in development', async () => {
      const lines: string[] = []
      const stream = { write: (line: string) => void lines.push(line) }
      const app = Fastify({ logger: { level: 'warn', stream } })
      void app.register(kernel, { environment: 'development' })
      await beside(app).ready()
      expect(lines.join()).toContain('/server is answered by GraphQL Yoga or Apollo Server')
      await app.close()
    })
  })

  it('over WebSocket boot, and sockets that no gate can see do not, or are warned of in development', async () => {
    const app = production()
    void app.register(mercurius, { schema: sdl, subscription: true })
    guarded(app)
    await app.ready()
    // Attached when the app runs already.
    expect(() => app.server.on('upgrade', () => undefined)).toThrow(/listens to 'upgrade' of app\.server/)
    await app.close()

    const attached = production()
    void attached.register(mercurius, { schema: sdl })
    guarded(attached)
    attached.server.on('upgrade', () => undefined)
    await expect(attached.ready()).rejects.toThrow(/listens to 'upgrade' of app\.server/)

    const told = production()
    void told.register(graphqlGate, { otherSockets: true })
    void told.register(mercurius, { schema: sdl })
    guarded(told)
    told.server.on('upgrade', () => undefined)
    await told.ready()
    await told.close()

    const lines: string[] = []
    const developed = Fastify({
      logger: { level: 'warn', stream: { write: (line: string) => void lines.push(line) } },
    })
    void developed.register(kernel, { environment: 'development' })
    void developed.register(mercurius, { schema: sdl })
    guarded(developed)
    developed.server.on('upgrade', () => undefined)
    await developed.ready()
    expect(lines.join()).toContain("listens to 'upgrade' of app.server")
    await developed.close()
  })

  it('that are marked and tell no schema refuse to boot in production', async () => {
    const app = production()
    app.post('/mine', { config: { graphql: true } }, async () => ({ data: null }))
    guarded(app)
    await expect(app.ready()).rejects.toThrow(/POST \/mine is marked, but nobody told its schema/)
  })

  it('take the options of gates through the routes option, checked at boot', async () => {
    const app = Fastify()
    void app.register(mercurius, { schema: sdl })
    void app.register(graphqlGate, { routes: { '/graphql': { graphqlGate: { maxTokenz: 5 } as object } } })
    await expect(app.ready()).rejects.toThrow(
      /\/graphql: graphqlGate\.maxTokenz is not an option\. Did you mean 'maxTokens'\?/,
    )
  })

  it('must have a schema of the one graphql package that is loaded', async () => {
    // As another copy of graphql would make it: the same shape, another class.
    const foreign = Object.create(Object.prototype, Object.getOwnPropertyDescriptors(schema)) as typeof schema
    const hand = Fastify()
    guarded(hand)
    hand.post('/mine', { config: { graphql: { schema: foreign } } }, async () => ({ data: null }))
    await expect(hand.ready()).rejects.toMatchObject({
      code: 'PORTCULLIS_GRAPHQL_GATE_SECOND_GRAPHQL',
      message: expect.stringContaining('POST /mine'),
    })
    const engine = Fastify()
    guarded(engine)
    void engine.register(mercurius, { schema: foreign })
    await expect(engine.ready()).rejects.toMatchObject({ code: 'PORTCULLIS_GRAPHQL_GATE_SECOND_GRAPHQL' })
  })

  it('take options in the config of their route also where a gate loaded graphql-gate by itself', async () => {
    const wrong = Fastify()
    guarded(wrong)
    wrong.post(
      '/graphql',
      { config: { graphql: { schema }, graphqlGate: { legacyStatuz: true } as object } },
      async () => ({}),
    )
    await expect(wrong.ready()).rejects.toThrow(
      "graphqlGate.legacyStatuz is not an option. Did you mean 'legacyStatus'?",
    )
    const right = Fastify()
    guarded(right)
    right.post(
      '/graphql',
      { config: { graphql: { schema }, graphqlGate: { legacyStatus: true, maxTokens: 2 } } },
      async () => ({}),
    )
    const refused = await right.inject({ method: 'POST', url: '/graphql', payload: { query: '{ a }' } })
    expect(refused.statusCode).toBe(200)
    expect(refused.body).toContain('MAX_TOKENS_EXCEEDED')
    await right.close()
  })
})
