import { environmentOf } from '@portcullis/kernel'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { doorOf } from '../doors/door-of.ts'
import { ledgerOf } from '../stages/request-ledger.ts'
import { showAnswer } from './answer-step.ts'
import { withCode } from './error-code.ts'
import { cleanError } from './error-hygiene.ts'
import type { ResponseError } from './error-hygiene.ts'
import { isTimedOut, timeoutErrors, timeoutStatus } from './timeout-answer.ts'

type Payload = Record<string, unknown>

function isPayload(value: unknown): value is Payload {
  return typeof value === 'object' && value !== null && ('data' in value || 'errors' in value)
}

/**
 * Cleans the errors of one operation's answer of what the client sent, and writes the gates' `extensions`.
 *
 * @param index the operation's place in the batch; 0 for a single one
 * @param otherwise the code of errors that do not tell what they are
 */
export function rewriteAnswer(
  request: FastifyRequest,
  index: number,
  given: unknown,
  otherwise?: string,
): unknown {
  if (!isPayload(given)) return given
  const payload = showAnswer({ request, index, payload: given })
  const extensions = ledgerOf(request).extensions.get(index)
  const suggestions = environmentOf(request.server) !== 'production'
  const isLate = isTimedOut(request, given)
  const { errors } = payload
  const answer: Payload = isLate ? { errors: timeoutErrors() } : { ...payload }
  if (Array.isArray(errors) && !isLate)
    answer['errors'] = errors.map((error: ResponseError) =>
      withCode(cleanError(error, suggestions), otherwise),
    )
  if (extensions !== undefined)
    answer['extensions'] = { ...(payload['extensions'] as Payload), ...extensions }
  return answer
}

/** The same for a whole response: one answer, or those of a batch in order. */
export function rewriteAnswers(request: FastifyRequest, payload: unknown, otherwise?: string): unknown {
  return Array.isArray(payload)
    ? payload.map((one, index) => rewriteAnswer(request, index, one, otherwise))
    : rewriteAnswer(request, 0, payload, otherwise)
}

/** A `preSerialization` hook, for engines that hand their answers to Fastify as objects. */
export function rewriteResponse(
  request: FastifyRequest,
  reply: FastifyReply,
  payload: unknown,
  done: (error: null, payload: unknown) => void,
): void {
  if (doorOf(request) === undefined) return done(null, payload)
  if (isTimedOut(request, payload)) void reply.code(timeoutStatus(request))
  // Whatever the engine has to say of a request that it refuses.
  done(null, rewriteAnswers(request, payload, reply.statusCode === 400 ? 'BAD_REQUEST' : undefined))
}

/**
 * Adds to the `extensions` of the response of one operation. graphql-gate is their only writer.
 *
 * @param index the operation's place in the batch; 0 for a single one
 */
export function addExtensions(
  request: FastifyRequest,
  index: number,
  members: Record<string, unknown>,
): void {
  const { extensions } = ledgerOf(request)
  extensions.set(index, { ...extensions.get(index), ...members })
}
