import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { GraphQLField, GraphQLObjectType, GraphQLResolveInfo, GraphQLSchema } from 'graphql'
import { gateStateOf } from '../state.ts'
import { followRequests } from './current-request.ts'

/** The fixed order of what happens around a resolver, from the outside in. */
export const FIELD_PHASES = ['time', 'access', 'mask', 'count'] as const

/** A phase of {@link FIELD_PHASES}. */
export type FieldPhase = (typeof FIELD_PHASES)[number]

/** A field of an object type. */
export interface FieldTarget {
  readonly schema: GraphQLSchema
  readonly type: GraphQLObjectType
  readonly field: GraphQLField<unknown, unknown>
}

/** One call of a resolver. */
export interface FieldCall {
  /** On whose behalf; `undefined` where it is the app's own call, or nobody can tell. */
  readonly request: FastifyRequest | undefined
  readonly source: unknown
  readonly args: Readonly<Record<string, unknown>>
  readonly info: GraphQLResolveInfo
  /**
   * Set by a step of the phase `access` before it calls `next`: whoever asks may not see the value, so a step that
   * masks treats them as a reader it does not know. Only where a handler within `hides`.
   */
  withheld: boolean
}

/** Runs around a resolver: `next` resolves the field. It stays synchronous where `next` is. */
export interface FieldHandler {
  (call: FieldCall, next: () => unknown): unknown
  /** Says that it honours {@link FieldCall.withheld}. */
  readonly hides?: true
  /**
   * Says of a request that it would do nothing but call `next` for this field, whatever the call: it is not called then.
   * What it says is remembered for the request, until the gate calls {@link forgetPasses}.
   */
  readonly passes?: (request: FastifyRequest) => boolean
}

/** What a gate does around the resolvers of a schema, under every alias and in every fragment. */
export interface FieldStep {
  /** The gate's name. The innermost scope's step of a name replaces the outer ones. */
  readonly name: string
  readonly phase: FieldPhase
  /**
   * Whether it also runs around what starts a subscription, where `source` is the root value; or what else does there.
   * Default: false.
   */
  readonly subscribe?: boolean | ((target: FieldTarget) => FieldHandler | undefined)
  /**
   * Asked once for each field and scope: what to do around it, or nothing, which costs nothing.
   *
   * @param within the handlers of later phases, which run inside this one
   */
  readonly plan: (target: FieldTarget, within: readonly FieldHandler[]) => FieldHandler | undefined
}

/**
 * Adds a step to a scope.
 *
 * @throws PORTCULLIS_KERNEL_DUPLICATE_REGISTRATION when the scope has one of this name and phase
 */
export function addFieldStep(app: FastifyInstance, step: FieldStep): void {
  gateStateOf(app).fieldSteps.add(app, `${step.name} (${step.phase})`, step)
  followRequests(app)
}

/** The handlers of a field in a scope, from the outside in. */
export interface FieldHandlers {
  /** Around its resolver. */
  readonly resolve: readonly FieldHandler[]
  /** Around what starts a subscription. */
  readonly subscribe: readonly FieldHandler[]
}

/** Plans the handlers of a field in a scope, from the inside out. */
export function handlersOf(scope: FastifyInstance, target: FieldTarget): FieldHandlers {
  const steps = gateStateOf(scope)
    .fieldSteps.visibleFrom(scope)
    .map((entry) => entry.value)
    .sort(
      (a, b) => FIELD_PHASES.indexOf(b.phase) - FIELD_PHASES.indexOf(a.phase) || (a.name > b.name ? -1 : 1),
    )
  const resolve: FieldHandler[] = []
  const subscribe: FieldHandler[] = []
  for (const step of steps) {
    const handler = step.plan(target, resolve)
    if (handler === undefined) continue
    resolve.unshift(handler)
    const starting = typeof step.subscribe === 'function' ? step.subscribe(target) : handler
    if (starting !== undefined && step.subscribe !== undefined && step.subscribe !== false)
      subscribe.unshift(starting)
  }
  return { resolve, subscribe }
}
