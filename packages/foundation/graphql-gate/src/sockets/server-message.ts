import type { ClientError } from '@portcullis/kernel'
import { environmentOf } from '@portcullis/kernel'
import { cleanError } from '../answers/error-hygiene.ts'
import type { ResponseError } from '../answers/error-hygiene.ts'
import { rewriteAnswer } from '../answers/rewrite-response.ts'
import type { OperationId } from '../core/socket-message.ts'
import { ledgerOf } from '../stages/request-ledger.ts'
import type { SocketOperations } from './operations-of.ts'

/** Where no gate wants to see them, answers without errors pass as they are: reading each costs as much as writing it. */
const MATTERS = /"type":\s*"(?:complete|error)"|"errors":/

interface ServerMessage {
  readonly type?: unknown
  readonly id?: OperationId
  readonly payload?: unknown
}

/** A refusal as both protocols tell it. */
export function refusalMessage(id: OperationId, { message, extensions }: ClientError): string {
  return JSON.stringify({ id, type: 'error', payload: [{ message, extensions }] })
}

/**
 * Rewrites what a server answers over a socket as its answers over HTTP are: errors cleaned, the gates' extensions in
 * the first answer of an operation.
 *
 * @param untold operations whose first answer is still to come
 * @param readsAll whether a gate wants to see each answer
 * @returns the text to send, and the operation that it ends
 */
export function rewriteMessage(
  text: string,
  operations: SocketOperations,
  untold: Set<OperationId>,
  readsAll: boolean,
): { readonly text: string; readonly ended?: OperationId } {
  if (!readsAll && untold.size === 0 && !MATTERS.test(text)) return { text }
  const message = JSON.parse(text) as ServerMessage | null
  const { type, id, payload } = message ?? {}
  const request = id === undefined ? undefined : operations.get(id)?.request
  if (id === undefined || request === undefined) return { text }
  if (type === 'complete') return { text, ended: id }
  if (type === 'error') {
    const suggestions = environmentOf(request.server) !== 'production'
    const errors = Array.isArray(payload)
      ? payload.map((error: ResponseError) => cleanError(error, suggestions))
      : payload
    return { text: JSON.stringify({ ...message, payload: errors }), ended: id }
  }
  const answer = rewriteAnswer(request, 0, payload)
  if (untold.delete(id)) ledgerOf(request).extensions.clear()
  return { text: JSON.stringify({ ...message, payload: answer }) }
}
