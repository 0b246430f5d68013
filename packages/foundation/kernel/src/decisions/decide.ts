import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Refusal } from '../refusal.ts'
import { stateOf } from '../state.ts'
import type { Phase, Stage } from './phases.ts'
import { stageHook } from './run-stage.ts'

/** What a decision answers: nothing to let the request pass, a refusal to stop it (or only report, in measure mode). */
export type DecisionResult = Refusal | undefined

/** One decision of a gate on a request. */
export interface Decision<S extends Stage = Stage> {
  readonly stage: S
  readonly phase: Phase<S>
  /** The gate's name. The innermost scope's decision of a name replaces the outer ones. */
  readonly name: string
  /**
   * Decides. It returns `undefined` at once when the gate is off for the route, and a promise only when it has to wait.
   * What it throws goes to Fastify's error handling, so the request does not pass.
   */
  readonly run: (request: FastifyRequest, reply: FastifyReply) => DecisionResult | Promise<DecisionResult>
}

/**
 * Adds a decision to a scope. All decisions of a stage run in one hook, in the order of {@link PHASES}.
 *
 * @throws PORTCULLIS_KERNEL_DUPLICATE_REGISTRATION when the scope has one of this name, stage and phase
 */
export function decide<S extends Stage>(app: FastifyInstance, decision: Decision<S>): void {
  const { decisions } = stateOf(app)
  const { stage, phase, name } = decision
  const firstOfStage = !decisions.all().some((entry) => entry.scope === app && entry.value.stage === stage)
  decisions.add(app, `${name} (${stage}, ${phase})`, decision)
  if (firstOfStage) app.addHook(stage as 'onRequest', stageHook(stage))
}
