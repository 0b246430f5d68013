import type { ApolloServerPlugin } from '@apollo/server'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { rewriteAnswer } from '../answers/rewrite-response.ts'
import { isTimedOut, timeoutStatus } from '../answers/timeout-answer.ts'
import { knownSchema } from '../doors/known-schema.ts'
import { judgeAtEngine } from '../stages/judge-at-engine.ts'
import { ledgerOf } from '../stages/request-ledger.ts'
import { spelledOut } from '../stages/trust.ts'
import { addServer } from './add-server.ts'
import { exchangeOf, refusedIn, refuseUnknownRoute } from './server-exchange.ts'
import { apolloGateOptions } from './server-options.ts'
import type { ServerGateOptions } from './server-options.ts'

export type { ServerGateOptions } from './server-options.ts'

/** Apollo hands each entry of a batch over as the body of a request of its own. */
function placeOf(request: FastifyRequest, entry: unknown): number {
  return Array.isArray(request.body) ? Math.max(0, request.body.indexOf(entry)) : 0
}

/**
 * The plugin that lets the gates of an app guard an Apollo Server: put it into the server's `plugins`. The routes at
 * `path` become doors by themselves.
 *
 * @param app the scope in which the server's route is declared
 * @throws PORTCULLIS_KERNEL_INVALID_OPTIONS at once; at boot PORTCULLIS_GRAPHQL_GATE_NO_SERVER_ROUTE and
 * PORTCULLIS_GRAPHQL_GATE_SECOND_GRAPHQL
 */
export function apolloGate(app: FastifyInstance, options: ServerGateOptions = {}): ApolloServerPlugin {
  const { path = '/graphql' } = apolloGateOptions.parse(options)
  const server = addServer(app, 'apollo', path)
  return {
    serverWillStart(service) {
      // Apollo hands one object to the plugins of a server, and tells them nothing else to know it by.
      server.instance = service
      server.schema = service.schema
      return Promise.resolve({
        schemaDidLoadOrUpdate({ apiSchema, coreSupergraphSdl }) {
          server.schema = apiSchema
          server.remote = coreSupergraphSdl !== undefined
        },
      })
    },
    requestDidStart({ request: started }) {
      const begun = exchangeOf(server)
      if (typeof begun === 'object') Object.assign(started, spelledOut(begun.request, started))
      return Promise.resolve({
        async didResolveOperation({ request, schema, document, source }) {
          const exchange = exchangeOf(server)
          if (exchange === 'of another app') return
          // Without HTTP it is the app's own call of executeOperation(), not a client's.
          if (exchange === undefined && request.http === undefined) return
          if (exchange === undefined) throw refuseUnknownRoute(server)
          const refused = await judgeAtEngine(exchange, {
            schema: knownSchema(schema, 'Apollo Server'),
            document,
            source,
            variables: request.variables ?? {},
            operationName: request.operationName || undefined,
          })
          if (refused !== undefined) throw refusedIn(exchange, refused)
        },
        willSendResponse({ request, response }) {
          const exchange = exchangeOf(server)
          const { body } = response
          if (typeof exchange === 'object' && body.kind === 'single') {
            if (isTimedOut(exchange.request, body.singleResult) && !ledgerOf(exchange.request).batch)
              response.http.status = timeoutStatus(exchange.request)
            const place = placeOf(exchange.request, request.http?.body)
            body.singleResult = rewriteAnswer(
              exchange.request,
              place,
              body.singleResult,
            ) as typeof body.singleResult
          }
          return Promise.resolve()
        },
      })
    },
  }
}
