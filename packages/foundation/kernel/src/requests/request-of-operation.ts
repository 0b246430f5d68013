import type { FastifyRequest } from 'fastify'
import { requestStateOf } from './request-state.ts'
import { settle } from './settled.ts'
import type { Outcome } from './settled.ts'

/** A request of its own for one operation of many that share a connection. */
export interface OperationRequest {
  readonly request: FastifyRequest
  /** Tells those who wait with `onSettled` that the operation is over. Once. */
  readonly settle: (outcome: Outcome) => void
}

/**
 * Makes a request for one operation of a connection that stays open, such as a WebSocket. It has everything that the
 * request of the connection has (headers, route, what the app put there), and its own principal, charges, refusal and
 * end: nothing of an operation is left on the connection.
 */
export function requestOfOperation(connection: FastifyRequest): OperationRequest {
  const request = Object.create(connection) as FastifyRequest
  requestStateOf(request).armed = true
  return { request, settle: (outcome) => settle(request, outcome) }
}
