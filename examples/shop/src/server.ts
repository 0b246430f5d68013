import { frameworkErrors, notFound } from '@portcullis/kernel'
import { maskedStream, type LogDestination } from '@portcullis/pii-masking'
import Fastify, { type FastifyInstance } from 'fastify'
import mercurius from 'mercurius'
import type { Pool } from 'pg'
import { registerAuthentication } from './authentication.ts'
import { safeDatabase, type DatabaseOf } from './database/database.ts'
import { flawedDatabase } from './database/flawed-database.ts'
import { registerGates, type GateOptions } from './gates.ts'
import { contextOf, formatErrors, loaders, resolvers } from './resolvers/index.ts'
import { registerRoutes } from './rest/routes.ts'
import { schema } from './schema.ts'
import { storedQueries } from './stored-queries.ts'

/** What a shop is built from. */
export interface ShopOptions extends GateOptions {
  /** The pool of the tables' owner, on which a shop without safe-db runs, and no other. */
  readonly owner: Pool
  /** Where the log goes, line by line. */
  readonly log: LogDestination
}

/** Builds the shop. It does not listen yet. */
export async function buildShop({ owner, log, ...gates }: ShopOptions): Promise<FastifyInstance> {
  // Nobody reads a log with a role, so everything personal is masked in it.
  const stream = gates.without.has('pii-masking') ? log : maskedStream(log)
  const app = Fastify({
    frameworkErrors,
    logger: { stream },
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

  // What nothing answers is answered without a word of what was asked for.
  app.setNotFoundHandler(notFound)

  // Who asks: access tokens of @fastify/jwt.
  await registerAuthentication(app)

  // What protects the shop.
  await registerGates(app, gates, stream)

  // What the shop does: GraphQL and REST.
  const databaseOf: DatabaseOf = gates.without.has('safe-db') ? () => flawedDatabase(owner) : safeDatabase
  await app.register(mercurius, {
    schema,
    resolvers,
    loaders,
    context: (request) => contextOf(databaseOf, request),
    errorFormatter: formatErrors,
    allowBatchedQueries: true,
    persistedQueries: storedQueries,
  })
  registerRoutes(app, databaseOf)
  return app
}
