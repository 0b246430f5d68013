import Fastify, { type FastifyInstance } from 'fastify'
import mercurius from 'mercurius'
import type { Pool } from 'pg'
import { registerAuthentication } from './authentication.ts'
import { registerGates, type GateOptions } from './gates.ts'
import { contextOf, formatErrors, loaders, resolvers } from './resolvers/index.ts'
import { registerRoutes } from './rest/routes.ts'
import { schema } from './schema.ts'
import { storedQueries } from './stored-queries.ts'

/** What a shop is built from. */
export interface ShopOptions extends GateOptions {
  /** The database, with the shop's tables in it. */
  readonly db: Pool
  /** Log level of Fastify. Default: no log. */
  readonly logLevel?: string
}

/** Builds the shop. It does not listen yet. */
export async function buildShop({ db, logLevel, ...gates }: ShopOptions): Promise<FastifyInstance> {
  const app = Fastify({
    logger: logLevel ? { level: logLevel } : false,
    // The reverse proxy in front of the shop runs on the same machine; nobody else may say where a request came from.
    trustProxy: 'loopback',
    handlerTimeout: 15_000,
    forceCloseConnections: true,
  })

  // An unforeseen failure is for the log; the client learns only that it happened. 503 is foreseen: come back later.
  app.setErrorHandler<Error & { statusCode?: number }>((error, request, reply) => {
    const status = error.statusCode ?? 500
    if (status < 500 || status === 503) return reply.send(error)
    request.log.error(error)
    return reply.code(status).send({ code: 'INTERNAL_SERVER_ERROR', message: 'Something failed on our side' })
  })

  // Who asks: access tokens of @fastify/jwt.
  await registerAuthentication(app)

  // What protects the shop.
  await registerGates(app, gates)

  // What the shop does: GraphQL and REST.
  await app.register(mercurius, {
    schema,
    resolvers,
    loaders,
    context: (request) => contextOf(db, request),
    errorFormatter: formatErrors,
    allowBatchedQueries: true,
    persistedQueries: storedQueries,
  })
  registerRoutes(app, db)
  return app
}
