import type { ClientError, Refusal } from '@portcullis/kernel'
import type { OperationBatch } from '../checks/operation-check.ts'
import type { ReadResult } from '../core/read-entries.ts'
import type { Door } from '../doors/door.ts'
import { boundEntries } from './bounds.ts'
import { refuseAtEngine } from './judge-at-engine.ts'
import { judgeEntries } from './operations.ts'

/**
 * Bounds and judges in one go what no hook of Fastify could read: an upload, an operation over WebSocket.
 *
 * @returns the error to answer with, where nothing of it may run
 */
export async function judgeWhole(
  exchange: Pick<OperationBatch, 'request' | 'reply'>,
  door: Door,
  read: ReadResult,
): Promise<ClientError | undefined> {
  let refused: ClientError | undefined
  const onRefusal = async (refusal: Refusal): Promise<boolean> => {
    refused = await refuseAtEngine(exchange, refusal)
    return refused !== undefined
  }
  const outOfBounds = read.ok ? boundEntries(exchange.request, read.entries) : undefined
  if (outOfBounds !== undefined && (await onRefusal(outOfBounds))) return refused
  const problem = await judgeEntries(exchange, door, read, onRefusal)
  if (problem !== undefined) await onRefusal(problem)
  return refused
}
