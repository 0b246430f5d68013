import { environmentOf } from '@portcullis/kernel'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { doorOf } from '../doors/door-of.ts'
import { ledgerOf } from '../stages/request-ledger.ts'
import { cleanError } from './error-hygiene.ts'
import type { ResponseError } from './error-hygiene.ts'

type Payload = Record<string, unknown>

function isPayload(value: unknown): value is Payload {
  return typeof value === 'object' && value !== null && ('data' in value || 'errors' in value)
}

function rewrite(payload: unknown, extensions: Payload | undefined, suggestions: boolean): unknown {
  if (!isPayload(payload)) return payload
  const { errors } = payload
  const answer: Payload = { ...payload }
  if (Array.isArray(errors))
    answer['errors'] = errors.map((error: ResponseError) => cleanError(error, suggestions))
  if (extensions !== undefined)
    answer['extensions'] = { ...(payload['extensions'] as Payload), ...extensions }
  return answer
}

/** A `preSerialization` hook: cleans errors of what the client sent and writes the gates' `extensions`. */
export function rewriteResponse(
  request: FastifyRequest,
  _reply: FastifyReply,
  payload: unknown,
  done: (error: null, payload: unknown) => void,
): void {
  if (doorOf(request) === undefined) return done(null, payload)
  const { extensions } = ledgerOf(request)
  const suggestions = environmentOf(request.server) !== 'production'
  const answer = Array.isArray(payload)
    ? payload.map((one, index) => rewrite(one, extensions.get(index), suggestions))
    : rewrite(payload, extensions.get(0), suggestions)
  done(null, answer)
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
