import { yogaGate } from '@portcullis/graphql-gate/yoga'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import type { ExecutionArgs } from 'graphql'
import { createYoga } from 'graphql-yoga'
import type { Plugin } from 'graphql-yoga'
import { executable, mountSocket, SOCKET_PATH } from './executable.ts'
import type { Server, ServerParts } from './server.ts'

/** Stored documents by id, in the manner of Yoga's plugins for them. */
function storedDocuments(stored: Record<string, string>): Plugin {
  return {
    onParams({ params, setParams }) {
      const { sha256Hash } = (params.extensions?.['persistedQuery'] ?? {}) as { sha256Hash?: string }
      if (sha256Hash !== undefined && typeof params.query === 'string') stored[sha256Hash] = params.query
      const query = sha256Hash === undefined ? undefined : stored[sha256Hash]
      if (params.query === undefined && query !== undefined) setParams({ ...params, query })
    },
  }
}

/** Declares the route of a Yoga server as its documentation says. */
function mountYoga(app: FastifyInstance, parts: Omit<ServerParts, 'register'>): void {
  const schema = executable(parts.schema, parts.resolvers)
  const yoga = createYoga<object>({
    schema,
    batching: true,
    logging: false,
    plugins: [...(parts.guarded === false ? [] : [yogaGate(app)]), storedDocuments({ ...parts.stored })],
  })
  // Yoga reads uploads itself.
  if (parts.uploads === true)
    app.addContentTypeParser('multipart/form-data', {}, (_request, _payload, done) => done(null))
  app.route({
    url: yoga.graphqlEndpoint,
    method: ['GET', 'POST', 'OPTIONS'],
    config: parts.config ?? {},
    handler: (request, reply) => yoga.handleNodeRequestAndResponse(request, reply, {}),
  })
  if (parts.sockets === true) mountSocket(app, schema, overYoga(yoga), parts.config)
}

interface Enveloped {
  readonly execute: (args: ExecutionArgs) => unknown
  readonly subscribe: (args: ExecutionArgs) => unknown
}

/** Runs what comes over a socket through Yoga and its plugins, as its documentation says. */
function overYoga(yoga: { getEnveloped: (context: object) => unknown }): object {
  return {
    execute: (args: ExecutionArgs) => (args.rootValue as Enveloped).execute(args),
    subscribe: (args: ExecutionArgs) => (args.rootValue as Enveloped).subscribe(args),
    async onSubscribe(
      context: { extra: { request: unknown; socket: unknown } },
      _id: string,
      params: { query: string; variables?: Record<string, unknown>; operationName?: string },
    ) {
      const { request: req, socket } = context.extra
      const { schema, execute, subscribe, contextFactory, parse, validate } = yoga.getEnveloped({
        ...context,
        req,
        socket,
        params,
      }) as Enveloped & {
        schema: ExecutionArgs['schema']
        contextFactory: () => Promise<unknown>
        parse: (text: string) => ExecutionArgs['document']
        validate: (schema: unknown, document: unknown) => readonly unknown[]
      }
      const args = {
        schema,
        operationName: params.operationName,
        document: parse(params.query),
        variableValues: params.variables,
        contextValue: await contextFactory(),
        rootValue: { execute, subscribe },
      }
      const errors = validate(args.schema, args.document)
      return errors.length > 0 ? errors : args
    },
  }
}

/** GraphQL Yoga, mounted as its documentation says. */
export const yogaServer: Server = {
  name: 'GraphQL Yoga',
  doors: ['post', 'get', 'batch', 'hash'],
  socketPath: SOCKET_PATH,
  build(parts) {
    const app = Fastify()
    parts.register(app)
    mountYoga(app, parts)
    return app
  },
}
