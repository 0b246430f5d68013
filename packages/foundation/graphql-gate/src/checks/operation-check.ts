import type { Refusal } from '@portcullis/kernel'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { GraphQLSchema } from 'graphql'
import type { GraphQLOperation } from '../core/operation.ts'
import { gateStateOf } from '../state.ts'

/** The fixed order in which operations are judged. */
export const CHECK_PHASES = ['shape', 'price', 'access', 'budget'] as const

/** A phase of {@link CHECK_PHASES}. */
export type CheckPhase = (typeof CHECK_PHASES)[number]

/** The operations of a request that are judged together. */
export interface OperationBatch {
  readonly request: FastifyRequest
  /** The reply, for headers; `undefined` where an engine tells none. */
  readonly reply: FastifyReply | undefined
  /** The schema they run against, or `undefined` where nobody told it. */
  readonly schema: GraphQLSchema | undefined
  readonly operations: readonly GraphQLOperation[]
  /** Operations of the same request that were judged before, where a stored document is only known while it runs. */
  readonly earlier: readonly GraphQLOperation[]
}

/** A gate's judgement of operations before any of them executes, on every request. */
export interface OperationCheck {
  /** The gate's name. The innermost scope's check of a name replaces the outer ones. */
  readonly name: string
  readonly phase: CheckPhase
  readonly run: (batch: OperationBatch) => Refusal | undefined | Promise<Refusal | undefined>
}

/**
 * Adds a check to a scope.
 *
 * @throws PORTCULLIS_KERNEL_DUPLICATE_REGISTRATION when the scope has one of this name and phase
 */
export function addCheck(app: FastifyInstance, check: OperationCheck): void {
  gateStateOf(app).checks.add(app, `${check.name} (${check.phase})`, check)
}

const plans = new WeakMap<FastifyInstance, readonly OperationCheck[]>()

/** The checks that hold in a scope, in order. Complete once the app is ready. */
export function checksOf(scope: FastifyInstance): readonly OperationCheck[] {
  const known = plans.get(scope)
  if (known !== undefined) return known
  const plan = gateStateOf(scope)
    .checks.visibleFrom(scope)
    .map((entry) => entry.value)
    .sort(
      (a, b) => CHECK_PHASES.indexOf(a.phase) - CHECK_PHASES.indexOf(b.phase) || (a.name < b.name ? -1 : 1),
    )
  plans.set(scope, plan)
  return plan
}
