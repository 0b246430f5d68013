import { yogaGate } from '@portcullis/graphql-gate/yoga'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { buildSchema } from 'graphql'
import type { GraphQLSchema } from 'graphql'
import { createYoga } from 'graphql-yoga'
import type { Plugin } from 'graphql-yoga'
import type { Server, ServerParts } from './server.ts'

/** Gives a schema that was built from SDL the resolvers of its types. */
export function executable(sdl: string, resolvers: ServerParts['resolvers']): GraphQLSchema {
  const schema = buildSchema(sdl)
  for (const [typeName, fields] of Object.entries(resolvers ?? {})) {
    const type = schema.getType(typeName)
    if (type === undefined || !('getFields' in type)) continue
    for (const [name, resolve] of Object.entries(fields)) {
      Object.assign(type.getFields()[name] ?? {}, { resolve })
    }
  }
  return schema
}

/** Stored documents by id, in the manner of Yoga's plugin for them. */
function storedDocuments(stored: Readonly<Record<string, string>>): Plugin {
  return {
    onParams({ params, setParams }) {
      const { sha256Hash } = (params.extensions?.['persistedQuery'] ?? {}) as { sha256Hash?: string }
      const query = sha256Hash === undefined ? undefined : stored[sha256Hash]
      if (params.query === undefined && query !== undefined) setParams({ ...params, query })
    },
  }
}

/** Declares the route of a Yoga server as its documentation says. */
function mountYoga(app: FastifyInstance, parts: Omit<ServerParts, 'register'>): void {
  const yoga = createYoga<object>({
    schema: executable(parts.schema, parts.resolvers),
    batching: true,
    logging: false,
    plugins: [...(parts.guarded === false ? [] : [yogaGate(app)]), storedDocuments(parts.stored ?? {})],
  })
  app.route({
    url: yoga.graphqlEndpoint,
    method: ['GET', 'POST', 'OPTIONS'],
    config: parts.config ?? {},
    handler: (request, reply) => yoga.handleNodeRequestAndResponse(request, reply, {}),
  })
}

/** GraphQL Yoga, mounted as its documentation says. */
export const yogaServer: Server = {
  name: 'GraphQL Yoga',
  doors: ['post', 'get', 'batch', 'hash'],
  build(parts) {
    const app = Fastify()
    parts.register(app)
    mountYoga(app, parts)
    return app
  },
}
