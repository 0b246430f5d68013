import diagnosticsChannel from 'node:diagnostics_channel'
import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify'
import { requestStateOf } from '../requests/request-state.ts'
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
  /** The route's handler as it was declared; `undefined` where the route was not seen then. */
  readonly handler: unknown
  /** The route's `config`, with what {@link provideRouteConfig} added. */
  readonly config: Record<string, unknown>
  /** Parsed options of the gates, by registration. */
  readonly parsed: Map<object, unknown>
  /** Whether it was recorded when it was declared, so that it could be checked at boot. */
  readonly seen: boolean
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
    handler: route.handler,
    config: { ...route.config },
    parsed: new Map(),
    seen: true,
  }
}

const unseen = new WeakMap<object, RouteRecord>()

/** An `onRoute` hook that records the route and nothing else. */
export function recordRoute(this: FastifyInstance, route: RouteOptions): void {
  const config = (route.config ?? {}) as Record<symbol, unknown>
  if (config[RECORD] !== undefined && stateOf(this).routes.includes(config[RECORD] as RouteRecord)) return
  const record = createRecord(this, route)
  stateOf(this).routes.push(record)
  const recorded: object = { ...config, [RECORD]: record }
  route.config = recorded
}

/** The record of the route of a request. One that was declared before the kernel was loaded gets its record here. */
export function routeRecordOf(request: FastifyRequest): RouteRecord {
  const state = requestStateOf(request)
  // Fastify makes the object of `routeOptions` anew for whoever asks.
  if (state.route === undefined || state.routeIs404 !== request.is404) {
    state.route = findRecord(request)
    state.routeIs404 = request.is404
  }
  return state.route
}

function findRecord(request: FastifyRequest): RouteRecord {
  const { config, url = '', method, schema } = request.routeOptions
  const known = (config as unknown as Record<symbol, RouteRecord | undefined>)[RECORD] ?? unseen.get(config)
  if (known !== undefined) return known
  const record: RouteRecord = {
    scope: request.server,
    method: String(method),
    url,
    websocket: false,
    schema,
    handler: undefined,
    config: { ...config },
    parsed: new Map(),
    seen: false,
  }
  unseen.set(config, record)
  return record
}

// Static imports run before the importing module calls Fastify(), so this sees every route in every order of
// registration, which a plugin's own onRoute hook does not.
diagnosticsChannel.subscribe('fastify.initialization', (message) => {
  const app = (message as { fastify: FastifyInstance }).fastify
  stateOf(app).sawEveryRoute = true
  app.addHook('onRoute', recordRoute)
})
