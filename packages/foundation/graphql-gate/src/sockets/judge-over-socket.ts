import type { ClientError } from '@portcullis/kernel'
import { readBody } from '../core/read-entries.ts'
import type { Door } from '../doors/door.ts'
import { MaxSocketOperationsExceeded, UnknownRoute } from '../errors.ts'
import type { Exchange } from '../fields/current-request.ts'
import { refuseAtEngine } from '../stages/judge-at-engine.ts'
import { judgeWhole } from '../stages/judge-whole.ts'
import { ledgerOf } from '../stages/request-ledger.ts'
import { rejection } from '../stages/rejection.ts'
import { spellOut } from '../stages/trust.ts'
import { validationProblem } from './validation-problem.ts'

/**
 * Judges an operation that a client sent over a socket.
 *
 * @param payload what it sent; the text of a known document is written into it in place of its id
 * @param full the most operations that may be under way, where that many are
 * @returns the error to answer with, where it may not run
 */
export async function judgeOverSocket(
  { request }: Exchange,
  door: Door | undefined,
  payload: unknown,
  full: number | undefined,
): Promise<ClientError | undefined> {
  // The reply was the upgrade's: headers of an operation have nowhere to go.
  const exchange = { request, reply: undefined }
  if (full !== undefined) {
    const error = new MaxSocketOperationsExceeded()
    return refuseAtEngine(exchange, rejection('graphqlGate', error, { limit: full }))
  }
  if (door === undefined) return refuseAtEngine(exchange, rejection('graphqlGate', new UnknownRoute()))
  // One operation for each message: an array is no batch here.
  const isBatch = Array.isArray(payload)
  if (!isBatch) await spellOut(request, payload, false)
  const read = readBody(isBatch ? undefined : payload)
  const refused = await judgeWhole(exchange, door, read)
  if (refused !== undefined) return refused
  const problem = validationProblem(door, ledgerOf(request).operations)
  return problem === undefined ? undefined : refuseAtEngine(exchange, problem)
}
