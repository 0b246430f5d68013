import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { GraphQLField, GraphQLObjectType, GraphQLResolveInfo, GraphQLSchema } from 'graphql'
import { gateStateOf } from '../state.ts'
import { followRequests } from './current-request.ts'

/** The fixed order of what happens around a resolver, from the outside in. */
export const FIELD_PHASES = ['access', 'mask', 'count'] as const

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
}

/** Runs around a resolver: `next` resolves the field. It stays synchronous where `next` is. */
export type FieldHandler = (call: FieldCall, next: () => unknown) => unknown

/** What a gate does around the resolvers of a schema, under every alias and in every fragment. */
export interface FieldStep {
  /** The gate's name. The innermost scope's step of a name replaces the outer ones. */
  readonly name: string
  readonly phase: FieldPhase
  /** Asked once for each field and scope: what to do around it, or nothing, which costs nothing. */
  readonly plan: (target: FieldTarget) => FieldHandler | undefined
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

/** The handlers of a field in a scope, in order. */
export function handlersOf(scope: FastifyInstance, target: FieldTarget): readonly FieldHandler[] {
  return gateStateOf(scope)
    .fieldSteps.visibleFrom(scope)
    .map((entry) => entry.value)
    .sort(
      (a, b) => FIELD_PHASES.indexOf(a.phase) - FIELD_PHASES.indexOf(b.phase) || (a.name < b.name ? -1 : 1),
    )
    .map((step) => step.plan(target))
    .filter((handler) => handler !== undefined)
}
