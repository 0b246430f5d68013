import type { FastifyInstance, FastifySchemaCompiler } from 'fastify'
import type { Decision } from './decisions/decide.ts'
import type { Environment } from './environment.ts'
import { createEventBus } from './events/event-bus.ts'
import type { SecurityEvents } from './events/event-bus.ts'
import type { GateRegistration } from './registrations.ts'
import type { Identify } from './principal.ts'
import type { RefusalFormat } from './refusal.ts'
import type { ArrivalListener } from './requests/arrival.ts'
import type { RouteRecord } from './routes/route-record.ts'
import { createScopedRegistry } from './scoped-registry.ts'
import type { ScopedRegistry } from './scoped-registry.ts'

/** Everything the kernel knows of one app. All scopes of the app share it; two apps share nothing. */
export interface KernelState {
  readonly events: SecurityEvents
  readonly gates: ScopedRegistry<GateRegistration>
  /** What holds where a foundation was loaded by a gate and not registered by the app. */
  readonly defaults: ScopedRegistry<GateRegistration>
  readonly decisions: ScopedRegistry<Decision>
  readonly identifiers: ScopedRegistry<Identify>
  readonly arrivals: ArrivalListener[]
  readonly routes: RouteRecord[]
  /** Whether every route of the app was recorded, because the kernel was loaded before `Fastify()` was called. */
  sawEveryRoute: boolean
  readonly routesKnown: (() => void | Promise<void>)[]
  readonly routeConfigSources: ((route: RouteRecord) => Record<string, unknown> | undefined)[]
  routesChecked: boolean
  /** Who compiles the request schemas of routes instead of the app, where somebody does. */
  validators: ((route: RouteRecord) => FastifySchemaCompiler<unknown> | undefined) | undefined
  refusalFormat: RefusalFormat | undefined
  environment: Environment | undefined
  instances: number | undefined
  now: () => number
}

// A registered symbol on the one object that all scopes of an app share: copies of the kernel meet in it.
const KEY = Symbol.for('portcullis.kernel/1')

type Carrier = { [KEY]?: KernelState }

function createState(app: FastifyInstance): KernelState {
  const state: KernelState = {
    events: createEventBus(app.log, () => state.now()),
    gates: createScopedRegistry(),
    defaults: createScopedRegistry(),
    decisions: createScopedRegistry(),
    identifiers: createScopedRegistry(),
    arrivals: [],
    routes: [],
    sawEveryRoute: false,
    routesKnown: [],
    routeConfigSources: [],
    routesChecked: false,
    validators: undefined,
    refusalFormat: undefined,
    environment: undefined,
    instances: undefined,
    now: Date.now,
  }
  return state
}

/** The kernel's state of an app, created when first asked for. */
export function stateOf(app: FastifyInstance): KernelState {
  const carrier = app.server as Carrier
  carrier[KEY] ??= createState(app)
  return carrier[KEY]
}
