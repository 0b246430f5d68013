import Fastify from 'fastify'
import type { InjectOptions } from 'fastify'
import { buildSchema, graphql, parse, validate } from 'graphql'
import type { GraphQLSchema } from 'graphql'
import mercurius from 'mercurius'
import { apolloServer } from './apollo-server.ts'
import { executable, mountSocket, SOCKET_PATH } from './executable.ts'
import type { DoorName, Operation, Server, ServerParts } from './server.ts'
import { yogaServer } from './yoga-server.ts'

/** How many times the resolvers of an app were called: what no refused operation may change. */
export function countingResolvers(fields: readonly string[]): {
  readonly resolvers: Record<string, Record<string, () => unknown>>
  readonly calls: () => number
} {
  let calls = 0
  const resolve = (): unknown => {
    calls += 1
    return null
  }
  return {
    resolvers: { Query: Object.fromEntries(fields.map((field) => [field, resolve])) },
    calls: () => calls,
  }
}

function forMercurius(resolvers: NonNullable<ServerParts['resolvers']>): object {
  const { Subscription = {}, ...others } = resolvers
  const streams = Object.entries(Subscription).map(([name, subscribe]) => [name, { subscribe }])
  return streams.length === 0 ? others : { ...others, Subscription: Object.fromEntries(streams) as object }
}

const mercuriusServer = (jit: number): Server => ({
  name: `mercurius, jit ${jit}`,
  doors: ['post', 'get', 'batch', 'prepared', 'application/graphql'],
  socketPath: '/graphql',
  build({ schema, resolvers, register, stored, config, sockets, automatic }) {
    const app = Fastify()
    register(app)
    void app.register(mercurius, {
      schema,
      ...(resolvers === undefined ? {} : { resolvers: forMercurius(resolvers) as never }),
      jit,
      allowBatchedQueries: true,
      ...(stored === undefined ? {} : { persistedQueries: stored }),
      ...(automatic === true ? { persistedQueryProvider: mercurius.persistedQueryDefaults.automatic() } : {}),
      ...(sockets === true ? { subscription: { fullWsTransport: true } } : {}),
      additionalRouteOptions: { config: config ?? {} },
    })
    return app
  },
})

interface Body {
  query: string
  variables?: Record<string, unknown> | string
  operationName?: string
}

async function run(schema: GraphQLSchema, body: Body, rootValue: unknown): Promise<unknown> {
  if (typeof body.query !== 'string')
    return { errors: [{ message: 'There is no query.', extensions: { code: 'BAD_REQUEST' } }] }
  const document = parse(body.query)
  const errors = validate(schema, document)
  if (errors.length > 0) return { errors }
  const given = body.variables === '' ? undefined : body.variables
  const variables: unknown = typeof given === 'string' ? JSON.parse(given) : given
  return graphql({
    schema,
    source: body.query,
    rootValue,
    variableValues: variables as Record<string, unknown>,
    operationName: body.operationName,
  })
}

const handWrittenServer: Server = {
  name: 'hand-written',
  doors: ['post', 'get', 'batch'],
  socketPath: SOCKET_PATH,
  build({ schema: sdl, resolvers, register, config, sockets }) {
    const app = Fastify()
    const schema = sockets === true ? executable(sdl, resolvers) : buildSchema(sdl)
    const root = sockets === true ? undefined : resolvers?.['Query']
    register(app)
    const routeConfig = { ...config, graphql: { schema } }
    app.post<{ Body: Body | Body[] }>('/graphql', { config: routeConfig }, async ({ body }) =>
      Array.isArray(body) ? Promise.all(body.map((one) => run(schema, one, root))) : run(schema, body, root),
    )
    app.get<{ Querystring: Body }>('/graphql', { config: routeConfig }, async ({ query }) =>
      run(schema, query, root),
    )
    if (sockets === true) mountSocket(app, schema, {}, config)
    return app
  },
}

/** Every server of the harness. */
export const SERVERS: readonly Server[] = [
  mercuriusServer(0),
  mercuriusServer(1),
  handWrittenServer,
  yogaServer,
  apolloServer,
]

/** Apollo takes no GET without it: a browser sends such a header across sites only when it is allowed to. */
const headers = { 'apollo-require-preflight': 'true' }

/** The request that sends an operation through a door. `prepared` and `hash` send the id under which it was stored. */
export function requestThrough(door: DoorName, operation: Operation, id = 'stored'): InjectOptions {
  const { query, variables, operationName } = operation
  switch (door) {
    case 'post':
      return { method: 'POST', url: '/graphql', payload: { ...operation } }
    case 'batch':
      return { method: 'POST', url: '/graphql', payload: [{ query: '{ __typename }' }, { ...operation }] }
    case 'prepared':
      return { method: 'POST', url: '/graphql', payload: { ...operation, query: id, persisted: true } }
    case 'hash': {
      const { query: _text, ...rest } = operation
      const extensions = { persistedQuery: { version: 1, sha256Hash: id } }
      return { method: 'POST', url: '/graphql', payload: { ...rest, extensions } }
    }
    case 'application/graphql':
      return {
        method: 'POST',
        url: '/graphql',
        headers: { 'content-type': 'application/graphql' },
        payload: query,
      }
    case 'get': {
      const search = new URLSearchParams({ query })
      if (variables !== undefined) search.set('variables', JSON.stringify(variables))
      if (operationName !== undefined) search.set('operationName', operationName)
      return { method: 'GET', url: `/graphql?${search.toString()}`, headers }
    }
  }
}

/** The code of the first error in an answer, whatever its shape. */
export function codeOf(body: string): string | undefined {
  interface Answer {
    readonly code?: string
    readonly errors?: readonly { readonly extensions?: { readonly code?: string } }[]
  }
  const parsed = JSON.parse(body) as Answer | Answer[]
  const answers = Array.isArray(parsed) ? parsed : [parsed]
  return answers
    .flatMap((answer) => [answer.code, ...(answer.errors ?? []).map((error) => error.extensions?.code)])
    .find((code) => code !== undefined)
}
