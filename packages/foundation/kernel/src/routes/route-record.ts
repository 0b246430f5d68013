import diagnosticsChannel from 'node:diagnostics_channel'
import type { FastifyInstance, RouteOptions } from 'fastify'
import { stateOf } from '../state.ts'

/** One route of the app, with the scope it belongs to. */
export interface RouteRecord {
  readonly scope: FastifyInstance
  readonly method: string
  /** The pattern, prefix included. */
  readonly url: string
  readonly websocket: boolean
  /** The route's schema as it was declared. */
  readonly schema: unknown
  /** The route's `config`, with what {@link provideRouteConfig} added. */
  readonly config: Record<string, unknown>
  /** Parsed options of the gates, by registration. */
  readonly parsed: Map<object, unknown>
}

// Fastify copies a route's `config` once, after the onRoute hooks, symbols included: so each request finds its record.
const RECORD = Symbol.for('portcullis.route/1')

type RouteWithSocket = RouteOptions & { wsHandler?: unknown; websocket?: boolean }

function createRecord(scope: FastifyInstance, route: RouteWithSocket): RouteRecord {
  return {
    scope,
    method: String(route.method),
    url: route.url,
    websocket: route.websocket === true || route.wsHandler !== undefined,
    schema: route.schema,
    config: { ...(route.config as object | undefined) },
    parsed: new Map(),
  }
}

/** An `onRoute` hook that records the route and nothing else. */
export function recordRoute(this: FastifyInstance, route: RouteOptions): void {
  const config = (route.config ?? {}) as Record<symbol, unknown>
  if (config[RECORD] !== undefined && stateOf(this).routes.includes(config[RECORD] as RouteRecord)) return
  const record = createRecord(this, route)
  stateOf(this).routes.push(record)
  route.config = { ...config, [RECORD]: record } as never
}

/** The record of the route that a request's `config` belongs to, or `undefined` where the kernel did not see it. */
export function recordOf(config: object): RouteRecord | undefined {
  return (config as Record<symbol, RouteRecord | undefined>)[RECORD]
}

// Static imports run before the importing module calls Fastify(), so this sees every route in every order of
// registration, which a plugin's own onRoute hook does not.
diagnosticsChannel.subscribe('fastify.initialization', (message) => {
  const app = (message as { fastify: FastifyInstance }).fastify
  stateOf(app).sawEveryRoute = true
  app.addHook('onRoute', recordRoute)
})
