import type { FastifyInstance, FastifyRequest } from 'fastify'
import { gateStateOf } from '../state.ts'

/** A GraphQL response: `data`, `errors`, `extensions`. */
export type AnswerPayload = Readonly<Record<string, unknown>>

/** What an engine answers to one operation, before it is sent. */
export interface OperationAnswer {
  readonly request: FastifyRequest
  /** The operation's place among those of the request; 0 for a single one. */
  readonly index: number
  readonly payload: AnswerPayload
}

/** What a gate does with the answers of operations. It sees each answer once, and each event of a subscription. */
export interface AnswerStep {
  /** The gate's name. The innermost scope's step of a name replaces the outer ones. */
  readonly name: string
  /** May add extensions, and answer with another payload. It must not throw. */
  readonly run: (answer: OperationAnswer) => AnswerPayload | undefined
}

/**
 * Adds a step to a scope.
 *
 * @throws PORTCULLIS_KERNEL_DUPLICATE_REGISTRATION when the scope has one of this name
 */
export function addAnswerStep(app: FastifyInstance, step: AnswerStep): void {
  gateStateOf(app).answerSteps.add(app, step.name, step)
}

const plans = new WeakMap<FastifyInstance, readonly AnswerStep[]>()

/** The steps that hold in a scope. Complete once the app is ready. */
function answerStepsOf(scope: FastifyInstance): readonly AnswerStep[] {
  const known = plans.get(scope)
  if (known !== undefined) return known
  const plan = gateStateOf(scope)
    .answerSteps.visibleFrom(scope)
    .map((entry) => entry.value)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  plans.set(scope, plan)
  return plan
}

/** Whether any gate of a scope wants to see answers. */
export function wantsAnswers(scope: FastifyInstance): boolean {
  return answerStepsOf(scope).length > 0
}

/** Shows an answer to the gates of its scope. @returns what is answered then */
export function showAnswer(answer: OperationAnswer): AnswerPayload {
  let { payload } = answer
  for (const step of answerStepsOf(answer.request.server))
    payload = step.run({ ...answer, payload }) ?? payload
  return payload
}
