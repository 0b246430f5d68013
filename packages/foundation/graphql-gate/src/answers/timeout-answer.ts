import type { FastifyRequest } from 'fastify'
import { ExecutionTimeout } from '../errors.ts'
import { gateOptionsFor } from '../gate-options.ts'
import { ledgerOf } from '../stages/request-ledger.ts'
import type { ResponseError } from './error-hygiene.ts'

function isTimeout(error: unknown): boolean {
  const { extensions } = (error ?? {}) as { extensions?: { code?: unknown } }
  return extensions?.code === 'EXECUTION_TIMEOUT'
}

/** Whether an answer has a field that was ended because the time of its operation was over. */
export function isTimedOut(request: FastifyRequest, payload: unknown): boolean {
  if (ledgerOf(request).deadline === undefined) return false
  const { errors } = (payload ?? {}) as { errors?: unknown }
  return Array.isArray(errors) && errors.some(isTimeout)
}

/** What is told in place of such an answer: half of it would look whole. */
export function timeoutErrors(): readonly ResponseError[] {
  const { message, code } = new ExecutionTimeout()
  return [{ message, extensions: { code } }]
}

/** The status of a response that is one such answer. */
export function timeoutStatus(request: FastifyRequest): number {
  return gateOptionsFor(request).legacyStatus ? 200 : 503
}
