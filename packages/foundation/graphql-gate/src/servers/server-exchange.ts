import { rejection } from '../stages/rejection.ts'
import { GraphQLError } from 'graphql'
import { routeRecordOf } from '@portcullis/kernel'
import type { ClientError } from '@portcullis/kernel'
import { UnknownRoute } from '../errors.ts'
import { currentExchange } from '../fields/current-request.ts'
import type { Exchange } from '../fields/current-request.ts'
import { gateOptionsFor } from '../gate-options.ts'
import { gateStateOf } from '../state.ts'
import { serverOf } from '../doors/server-of.ts'
import type { GraphqlServer } from '../doors/server-of.ts'

/** Whether the app that a request came to has a plugin of its own in the server, which judges it. */
function isJudgedElsewhere({ request }: Exchange, { instance }: GraphqlServer): boolean {
  return instance !== undefined && serverOf(routeRecordOf(request))?.instance === instance
}

/**
 * The request of the server's own app that an operation came with; another app's, where two apps share a server, is for
 * that app's plugin.
 */
export function exchangeOf(server: GraphqlServer): Exchange | 'of another app' | undefined {
  const exchange = currentExchange()
  if (exchange === undefined) return undefined
  if (gateStateOf(exchange.request.server) === gateStateOf(server.scope)) return exchange
  return isJudgedElsewhere(exchange, server) ? 'of another app' : undefined
}

/** An error as GraphQL servers answer it best, with its status. */
function toGraphqlError(error: ClientError, legacyStatus: boolean): GraphQLError {
  const status = legacyStatus ? 200 : (error.statusCode ?? 400)
  return new GraphQLError(error.message, {
    extensions: { ...error.extensions, code: error.code, http: { status } },
  })
}

/** A refusal of the exchange's gates as an error of its route. */
export function refusedIn({ request }: Exchange, error: ClientError): GraphQLError {
  return toGraphqlError(error, gateOptionsFor(request).legacyStatus)
}

/** Refuses an operation that came in through no route of the app, where no gate could judge it. */
export function refuseUnknownRoute({ scope }: GraphqlServer): GraphQLError {
  const { error, event } = rejection('graphqlGate', new UnknownRoute())
  void scope.securityEvents.publish({ ...event, outcome: 'refused' })
  return toGraphqlError(error, false)
}
