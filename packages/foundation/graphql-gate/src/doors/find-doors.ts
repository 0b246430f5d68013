import {
  isWithin,
  onceRoutesKnown,
  provideRouteConfig,
  routesOf,
  sawEveryRoute,
  unsafeSetting,
} from '@portcullis/kernel'
import type { RouteRecord } from '@portcullis/kernel'
import type { FastifyInstance } from 'fastify'
import { NoDoorError, NoServerRouteError } from '../errors.ts'
import type { DoorSettings } from '../options.ts'
import { guardFields } from '../fields/guard-fields.ts'
import { guardEngine } from '../stages/engine.ts'
import { requireGuardedSockets, requireNoOtherSockets } from '../sockets/require-guarded-sockets.ts'
import { gateStateOf } from '../state.ts'
import { doorFrom } from './door-from.ts'
import type { Door } from './door.ts'
import { mercuriusOf } from './mercurius-engine.ts'
import { answers } from './server-of.ts'
import type { GraphqlServer } from './server-of.ts'

const METHODS: ReadonlySet<string> = new Set(['POST', 'GET', 'HEAD'])

/** The foundation itself, which judges nothing without gates. */
const NO_GATES: ReadonlySet<string> = new Set(['graphqlGate', 'yogaGate', 'apolloGate'])

/** Makes the options that graphql-gate's `routes` holds for routes of others part of those routes' config. */
export function provideDoorSettings(
  app: FastifyInstance,
  settings: Readonly<Record<string, DoorSettings>>,
): void {
  const used = new Set<string>()
  provideRouteConfig(app, (route) => {
    const found = settings[route.url]
    if (found === undefined || !route.method.split(',').some((method) => METHODS.has(method)))
      return undefined
    used.add(route.url)
    const { schema, ...gates } = found
    return { graphql: schema === undefined ? true : { schema }, ...gates }
  })
  onceRoutesKnown(app, () => {
    const unused = Object.keys(settings).find((url) => !used.has(url))
    if (unused !== undefined) throw new NoDoorError(`graphqlGate.routes['${unused}']`)
  })
}

/** Finds all doors once the routes are known, guards the engines behind them and refuses to boot where that fails. */
export function findDoors(app: FastifyInstance): void {
  const state = gateStateOf(app)
  if (state.installed) return
  state.installed = true
  onceRoutesKnown(app, () => {
    const scopes = new Set<FastifyInstance>(state.guards.map((guard) => guard.scope))
    for (const route of routesOf(app)) {
      scopes.add(route.scope)
      const door = doorFrom(route)
      if (door === undefined) continue
      guardFields(route.scope, door.schema())
      state.doors.set(route, door)
    }
    for (const scope of scopes) guardEngine(scope)
    for (const server of state.servers) requireRoute(server)
    for (const server of state.servers) requireResolvers(server)
    for (const route of routesOf(app)) if (!state.doors.has(route)) requireNoServer(app, route)
    for (const { scope, name, needsDoor } of state.guards) if (needsDoor) requireDoor(scope, name)
    for (const door of state.doors.values()) {
      requirePlugin(app, door)
      requireGuards(app, door)
    }
    if (state.doors.size === 0) return
    requireGuardedSockets(app)
    requireNoOtherSockets(app)
  })
}

/** The doors of a scope and the scopes within it, once all routes are known. */
export function doorsWithin(scope: FastifyInstance): readonly Door[] {
  return routesOf(scope)
    .filter((route) => isWithin(route.scope, scope))
    .map(doorFrom)
    .filter((door) => door !== undefined)
}

/** mercurius without routes of its own: what runs in it comes from routes of the app, and its own hook judges it. */
function hasEngineWithoutRoutes(scope: FastifyInstance): boolean {
  const engine = mercuriusOf(scope)
  if (engine === undefined) return false
  return ![...gateStateOf(scope).doors.keys()].some((route) => mercuriusOf(route.scope) === engine)
}

function requireDoor(scope: FastifyInstance, name: string): void {
  if (doorsWithin(scope).length > 0 || hasEngineWithoutRoutes(scope)) return
  // Doors that were declared before the kernel was loaded are found when their first request comes.
  if (sawEveryRoute(scope)) throw new NoDoorError(name)
}

function requireRoute(server: GraphqlServer): void {
  const { doors } = gateStateOf(server.scope)
  if ([...doors.keys()].some((route) => answers(server, route)) || !sawEveryRoute(server.scope)) return
  throw new NoServerRouteError(`${server.kind}Gate`, server.path)
}

/** Steps around resolvers do nothing where a gateway sends the operation on as it is. */
function requireResolvers({ scope, path, remote }: GraphqlServer): void {
  // Apollo Server runs no subscriptions, so what has to do with nothing else is not missing there.
  const step = gateStateOf(scope)
    .fieldSteps.all()
    .find(({ value }) => typeof value.subscribe !== 'function')
  if (!remote || step === undefined) return
  unsafeSetting(
    scope,
    `${step.name} works around resolvers, but the server at ${path} sends its operations on through a gateway, where no resolver of this app runs. Register the gate in the subgraphs.`,
  )
}

/** How the handlers that Yoga and Apollo Server document call them. */
const SERVER_CALL = /\.(?:handleNodeRequest|handleNodeRequestAndResponse|executeHTTPGraphQLRequest)\b/

function callsServer({ handler }: RouteRecord): boolean {
  return typeof handler === 'function' && SERVER_CALL.test(Function.prototype.toString.call(handler))
}

/** A server's route that nobody marked and whose server has no plugin of ours would run operations unjudged. */
function requireNoServer(app: FastifyInstance, route: RouteRecord): void {
  if (route.config['graphql'] === false || !callsServer(route)) return
  unsafeSetting(
    app,
    `The route ${route.method} ${route.url} is answered by GraphQL Yoga or Apollo Server, and no plugin of ours in it says so, so no gate guards its operations: put yogaGate(app) or apolloGate(app) into its plugins, with its path where it has another, or say { config: { graphql: false } } of a route that takes no GraphQL.`,
  )
}

/** Servers read more out of a request than a route of one's own does, which only their plugins can judge. */
function requirePlugin(app: FastifyInstance, { route, engine, schema }: Door): void {
  if (engine !== 'hand-written') return
  const where = `The GraphQL route ${route.method} ${route.url}`
  if (callsServer(route)) {
    unsafeSetting(
      app,
      `${where} is answered by GraphQL Yoga or Apollo Server, which has no plugin of ours: put yogaGate(app) or apolloGate(app) into its plugins.`,
    )
  }
  if (schema() === undefined) {
    unsafeSetting(
      app,
      `${where} is marked, but nobody told its schema. Mark it with { config: { graphql: { schema } } }, put yogaGate(app) or apolloGate(app) into the plugins of its server, or register mercurius in its scope.`,
    )
  }
}

function requireGuards(app: FastifyInstance, { route }: Door): void {
  const where = `${route.method} ${route.url}`
  const { guards } = gateStateOf(app)
  const bounds = guards.filter(({ name, needsDoor }) => needsDoor && !NO_GATES.has(name))
  if (bounds.some(({ scope }) => isWithin(route.scope, scope))) return
  unsafeSetting(
    app,
    `The GraphQL route ${where} has no gate in its scope that bounds its operations. Register one, such as @portcullis/depth-limit, in this scope or an outer one.`,
  )
}
