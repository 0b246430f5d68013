import type { FastifyInstance } from 'fastify'
import type { GraphqlServer } from '../doors/server-of.ts'
import { followRequests } from '../fields/current-request.ts'
import { gateStateOf } from '../state.ts'
import { useGraphqlGate } from '../use-graphql-gate.ts'

/** Makes a server known to the app whose routes it answers, and the app's requests known to the server's hooks. */
export function addServer(scope: FastifyInstance, kind: GraphqlServer['kind'], path: string): GraphqlServer {
  const server: GraphqlServer = {
    kind,
    scope,
    path,
    instance: undefined,
    schema: undefined,
    remote: false,
  }
  useGraphqlGate(scope, `${kind}Gate`, false)
  followRequests(scope)
  gateStateOf(scope).servers.push(server)
  return server
}
