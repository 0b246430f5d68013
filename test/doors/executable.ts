import websocket from '@fastify/websocket'
import type { FastifyInstance } from 'fastify'
import { buildSchema } from 'graphql'
import type { GraphQLSchema } from 'graphql'
import { makeHandler } from 'graphql-ws/use/@fastify/websocket'
import type { ServerParts } from './server.ts'

/** Gives a schema that was built from SDL the resolvers of its types. */
export function executable(sdl: string, resolvers: ServerParts['resolvers']): GraphQLSchema {
  const schema = buildSchema(sdl)
  for (const [typeName, fields] of Object.entries(resolvers ?? {})) {
    const type = schema.getType(typeName)
    if (type === undefined || !('getFields' in type)) continue
    const key = typeName === 'Subscription' ? 'subscribe' : 'resolve'
    for (const [name, resolver] of Object.entries(fields)) {
      Object.assign(type.getFields()[name] ?? {}, { [key]: resolver })
    }
  }
  return schema
}

/** Where servers that have no sockets of their own take GraphQL over WebSocket. */
export const SOCKET_PATH = '/socket'

/** Serves a schema over WebSocket by graphql-ws, as its documentation says. */
export function mountSocket(
  app: FastifyInstance,
  schema: GraphQLSchema,
  options: object = {},
  config: Record<string, unknown> = {},
): void {
  void app.register(websocket)
  void app.register(async (scope) => {
    const route = { websocket: true as const, config: { ...config, graphql: { schema } } }
    scope.get(SOCKET_PATH, route, makeHandler({ schema, ...options }))
  })
}
