import { onSettled, requestOfOperation } from '@portcullis/kernel'
import type { OperationRequest } from '@portcullis/kernel'
import type { FastifyRequest } from 'fastify'
import type { OperationId } from '../core/socket-message.ts'
import { currentExchange } from '../fields/current-request.ts'
import { findJudgement, ledgerOf } from '../stages/request-ledger.ts'
import type { OperationKey } from '../stages/request-ledger.ts'

/** An operation that is under way over a socket. */
interface SocketOperation extends OperationRequest {
  /** The type of the message that stops it. */
  readonly stoppedBy: string
}

/** The operations of one socket, by the ids their client gave them. */
export type SocketOperations = Map<OperationId, SocketOperation>

const sockets = new WeakMap<FastifyRequest, SocketOperations>()

/** Begins to keep the operations of a socket. */
export function keepOperations(connection: FastifyRequest): SocketOperations {
  const operations: SocketOperations = new Map()
  sockets.set(connection, operations)
  return operations
}

/** A request of its own for one operation of a socket: its charges and its end are not the socket's. */
export function requestOverSocket(connection: FastifyRequest): OperationRequest {
  const operation = requestOfOperation(connection)
  ledgerOf(operation.request).overSocket = true
  return operation
}

/** The request of the operation that a client named so; the given one where it is no socket's. */
export function requestById(connection: FastifyRequest, id: OperationId): FastifyRequest {
  return sockets.get(connection)?.get(id)?.request ?? connection
}

/**
 * The request of an operation that an engine is about to run, where the engine tells only that of the socket; the given
 * one where it is no socket's.
 */
export function requestByJudgement(
  connection: FastifyRequest,
  key: Omit<OperationKey, 'operationName'>,
): FastifyRequest {
  const operations = sockets.get(connection)
  if (operations === undefined) return connection
  for (const { request } of operations.values()) {
    if (findJudgement(ledgerOf(request), key, true) !== undefined) return request
  }
  // What a resolver runs by itself is over when the operation it runs for is.
  const inner = requestOverSocket(connection)
  onSettled(currentExchange()?.request ?? connection, inner.settle)
  return inner.request
}
