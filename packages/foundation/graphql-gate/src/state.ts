import { createScopedRegistry } from '@portcullis/kernel'
import type { RouteRecord, ScopedRegistry } from '@portcullis/kernel'
import type { FastifyInstance } from 'fastify'
import type { AnswerStep } from './answers/answer-step.ts'
import type { BoundsSource } from './checks/bounds-source.ts'
import type { OperationCheck } from './checks/operation-check.ts'
import { createDocumentCache } from './core/parse-document.ts'
import type { DocumentCache } from './core/parse-document.ts'
import type { Door } from './doors/door.ts'
import type { FieldStep } from './fields/field-step.ts'
import type { GraphqlServer } from './doors/server-of.ts'
import type { SubscriptionStep } from './subscriptions/subscription-step.ts'

/** Everything graphql-gate knows of one app. */
export interface GateState {
  readonly documents: DocumentCache
  readonly checks: ScopedRegistry<OperationCheck>
  readonly bounds: ScopedRegistry<BoundsSource>
  readonly fieldSteps: ScopedRegistry<FieldStep>
  readonly answerSteps: ScopedRegistry<AnswerStep>
  readonly subscriptionSteps: ScopedRegistry<SubscriptionStep>
  /** The doors that were found at boot. */
  readonly doors: Map<RouteRecord, Door>
  /** Servers that our plugin is in. */
  readonly servers: GraphqlServer[]
  /** Engines whose own hook is guarded. */
  readonly engines: Set<object>
  /** The gates, with the scopes they were registered in, and whether each must see a door there. */
  readonly guards: {
    readonly name: string
    readonly scope: FastifyInstance
    readonly needsDoor: boolean
  }[]
  installed: boolean
  /** Whether WebSocket servers that Fastify has no route for take no GraphQL. */
  otherSockets: boolean
}

// A registered symbol: copies of this package in one process share the state of an app.
const KEY = Symbol.for('portcullis.graphql-gate/1')

type Carrier = { [KEY]?: GateState }

/** graphql-gate's state of an app, created when first asked for. */
export function gateStateOf(app: FastifyInstance): GateState {
  const carrier = app.server as Carrier
  carrier[KEY] ??= {
    documents: createDocumentCache(),
    checks: createScopedRegistry(),
    bounds: createScopedRegistry(),
    fieldSteps: createScopedRegistry(),
    answerSteps: createScopedRegistry(),
    subscriptionSteps: createScopedRegistry(),
    doors: new Map(),
    servers: [],
    engines: new Set(),
    guards: [],
    installed: false,
    otherSockets: false,
  }
  return carrier[KEY]
}
