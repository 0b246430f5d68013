import { ApolloServer } from '@apollo/server'
import fastifyApollo, { fastifyApolloDrainPlugin, fastifyApolloHandler } from '@as-integrations/fastify'
import { apolloGate } from '@portcullis/graphql-gate/apollo'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { executable, mountSocket, SOCKET_PATH } from './executable.ts'
import type { Server, ServerParts } from './server.ts'

/** A cache of documents that somebody filled: what automatic persisted queries leave behind. */
function documentCache(stored: Readonly<Record<string, string>>): {
  get(key: string): Promise<string | undefined>
  set(key: string, value: string): Promise<void>
  delete(key: string): Promise<void>
} {
  const documents = new Map(Object.entries(stored).map(([id, text]) => [`apq:${id}`, text]))
  return {
    get: (key) => Promise.resolve(documents.get(key)),
    set: (key, value) => Promise.resolve(void documents.set(key, value)),
    delete: (key) => Promise.resolve(void documents.delete(key)),
  }
}

/** Declares the route of an Apollo Server as its documentation says. */
function mountApollo(app: FastifyInstance, parts: Omit<ServerParts, 'register'>): void {
  const schema = executable(parts.schema, parts.resolvers)
  const server = new ApolloServer({
    schema,
    allowBatchedHttpRequests: true,
    persistedQueries: { cache: documentCache(parts.stored ?? {}) },
    plugins: [...(parts.guarded === false ? [] : [apolloGate(app)]), fastifyApolloDrainPlugin(app)],
  })
  void app.register(async (instance) => {
    await server.start()
    const { config } = parts
    if (config === undefined) await instance.register(fastifyApollo(server))
    else {
      const handler = fastifyApolloHandler(server)
      instance.route({ url: '/graphql', method: ['GET', 'POST', 'OPTIONS'], config, handler })
    }
  })
  // Apollo Server has no sockets: its documentation serves the schema by graphql-ws beside it.
  if (parts.sockets === true) mountSocket(app, schema, {}, parts.config)
}

/** Apollo Server, mounted as its documentation says. */
export const apolloServer: Server = {
  name: 'Apollo Server',
  doors: ['post', 'get', 'batch', 'hash'],
  socketPath: SOCKET_PATH,
  build(parts) {
    const app = Fastify()
    parts.register(app)
    mountApollo(app, parts)
    return app
  },
}
