import { beginExecution, recordRefusal } from '@portcullis/kernel'
import type { ClientError, Refusal } from '@portcullis/kernel'
import type { DocumentNode, GraphQLSchema } from 'graphql'
import type { OperationBatch } from '../checks/operation-check.ts'
import { describeOperation } from '../core/operation.ts'
import { doorOf } from '../doors/door-of.ts'
import { guardFields } from '../fields/guard-fields.ts'
import { judge } from './judge.ts'
import { methodProblem } from './method-problem.ts'
import { isOverGet } from './read-request.ts'
import { ledgerOf, takeJudgement } from './request-ledger.ts'
import { trustProblem } from './trust.ts'

type Exchange = Pick<OperationBatch, 'request' | 'reply'>

/** An operation that an engine is about to run. */
export interface EngineCall {
  readonly schema: GraphQLSchema | undefined
  readonly document: DocumentNode
  /** The text that the document was parsed from; without it, nothing that was judged before can be this. */
  readonly source: string | undefined
  readonly variables: Readonly<Record<string, unknown>>
  readonly operationName: string | undefined
  /** What is wrong with it in any case. */
  readonly problem?: Refusal | undefined
}

/**
 * Records a refusal that an engine will answer, with its headers.
 *
 * @returns the error to answer with, where the refusal is enforced
 */
export async function refuseAtEngine(
  { request, reply }: Exchange,
  refusal: Refusal,
): Promise<ClientError | undefined> {
  if (!(await recordRefusal(request, refusal))) return undefined
  for (const [name, value] of Object.entries(refusal.headers ?? {})) void reply?.header(name, value)
  return refusal.error
}

async function judgeNow(exchange: Exchange, call: EngineCall): Promise<ClientError | undefined> {
  const { request } = exchange
  const operation = describeOperation(call.document, call.variables, call.operationName)
  // In a route of the app's own, the method says nothing about the operation.
  const isDoor = doorOf(request) !== undefined
  const untrusted = await trustProblem(request, call.source)
  const untaken = untrusted === undefined ? undefined : await refuseAtEngine(exchange, untrusted)
  if (untaken !== undefined) return untaken
  const problem = call.problem ?? (isDoor ? methodProblem(request, operation) : undefined)
  if (problem !== undefined) return refuseAtEngine(exchange, problem)
  let refused: ClientError | undefined
  await judge(exchange, call.schema, [operation], async (refusal) => {
    refused = await refuseAtEngine(exchange, refusal)
    return refused !== undefined
  })
  return refused
}

/**
 * Judges an operation that was not known when the request arrived: a stored document, `reply.graphql()` in any route.
 * The rest was judged before, each judgement good once.
 *
 * @returns the error to answer with, where the operation may not run
 */
export async function judgeAtEngine(exchange: Exchange, call: EngineCall): Promise<ClientError | undefined> {
  const { request } = exchange
  // The schema may have been replaced since the request was judged.
  guardFields(request.server, call.schema)
  // In a route of the app's own, its handler runs already.
  if (doorOf(request) === undefined) beginExecution(request)
  const ledger = ledgerOf(request)
  const byValue = ledger.overSocket || isOverGet(request)
  if (call.source === undefined || !takeJudgement(ledger, { ...call, source: call.source }, byValue)) {
    const refused = await judgeNow(exchange, call)
    if (refused !== undefined) return refused
  }
  beginExecution(request)
  return undefined
}
