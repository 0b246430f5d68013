import { routesOf, unsafeSetting } from '@portcullis/kernel'
import type { FastifyInstance } from 'fastify'
import { gateStateOf } from '../state.ts'

function hasSocketServer(scope: FastifyInstance): boolean {
  return (scope as { websocketServer?: object }).websocketServer !== undefined
}

/** GraphQL over WebSocket needs nothing but a schema, so any socket beside a GraphQL route may take it. */
export function requireGuardedSockets(app: FastifyInstance): void {
  const { doors } = gateStateOf(app)
  for (const route of routesOf(app)) {
    const { method, url, websocket, config } = route
    if (!websocket || config['graphql'] === false) continue
    if (doors.has(route)) {
      if (hasSocketServer(route.scope)) continue
      unsafeSetting(
        app,
        `${method} ${url} takes GraphQL over WebSocket, but not from @fastify/websocket, so no gate guards it. Register that in its scope.`,
      )
      continue
    }
    unsafeSetting(
      app,
      `${method} ${url} takes WebSocket connections beside a GraphQL route. If it takes GraphQL, mark it with { config: { graphql: { schema } } }, and its operations are guarded. If it takes something else, say so with { config: { graphql: false } }.`,
    )
  }
}

function refuseUpgrades(app: FastifyInstance): void {
  unsafeSetting(
    app,
    "Something listens to 'upgrade' of app.server beside a GraphQL route: a WebSocket server that no gate can see. Serve it from a route (@fastify/websocket), which is guarded, or from another HTTP server. If it takes no GraphQL, say so: register @portcullis/graphql-gate with { otherSockets: true }.",
  )
}

/**
 * A WebSocket server that is attached to `app.server` itself is no route, so its operations meet no gate. Those that
 * are attached later are refused then: `on('upgrade')` throws in production.
 */
export function requireNoOtherSockets(app: FastifyInstance): void {
  const state = gateStateOf(app)
  if (state.otherSockets) return
  const scopes = [app, ...routesOf(app).map(({ scope }) => scope)]
  const known = new Set(scopes.map((scope) => (scope as { websocketServer?: object }).websocketServer))
  known.delete(undefined)
  // @fastify/websocket has one listener for each of its servers.
  if (app.server.listenerCount('upgrade') > known.size) refuseUpgrades(app)
  app.server.on('newListener', (event) => {
    if (event === 'upgrade') refuseUpgrades(app)
  })
}
