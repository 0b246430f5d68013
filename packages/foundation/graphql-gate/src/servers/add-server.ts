import { onceRoutesKnown, sawEveryRoute } from '@portcullis/kernel'
import type { FastifyInstance } from 'fastify'
import { answers } from '../doors/server-of.ts'
import type { GraphqlServer } from '../doors/server-of.ts'
import { NoServerRouteError } from '../errors.ts'
import { followRequests } from '../fields/current-request.ts'
import { gateStateOf } from '../state.ts'
import { useGraphqlGate } from '../use-graphql-gate.ts'

/**
 * Makes a server known to the app whose routes it answers, and the app's requests known to the server's hooks.
 *
 * @throws PORTCULLIS_GRAPHQL_GATE_NO_SERVER_ROUTE at boot, where no route of the scope has its path
 */
export function addServer(scope: FastifyInstance, kind: GraphqlServer['kind'], path: string): GraphqlServer {
  const server: GraphqlServer = { kind, scope, path, schema: undefined }
  useGraphqlGate(scope, `${kind}Gate`, false)
  followRequests(scope)
  const { servers, doors } = gateStateOf(scope)
  servers.push(server)
  onceRoutesKnown(scope, () => {
    if ([...doors.keys()].some((route) => answers(server, route)) || !sawEveryRoute(scope)) return
    throw new NoServerRouteError(`${kind}Gate`, server.path)
  })
  return server
}
