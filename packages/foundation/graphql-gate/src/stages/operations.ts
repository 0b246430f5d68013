import { refuse } from '@portcullis/kernel'
import type { DecisionResult, Refusal } from '@portcullis/kernel'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { DocumentNode } from 'graphql'
import { countFieldMerges } from '../core/count-merges.ts'
import { describeOperation, isDetermined } from '../core/operation.ts'
import type { GraphQLOperation } from '../core/operation.ts'
import type { OperationBatch } from '../checks/operation-check.ts'
import type { ReadResult, RequestEntry } from '../core/read-entries.ts'
import { doorOf } from '../doors/door-of.ts'
import type { Door } from '../doors/door.ts'
import { MalformedGraphqlRequest, MaxFieldMergesExceeded, UnknownOperation } from '../errors.ts'
import { exposesLimits, gateOptionsFor } from '../gate-options.ts'
import { boundEntries } from './bounds.ts'
import { judge } from './judge.ts'
import { methodProblem } from './method-problem.ts'
import { readDocument } from './read-document.ts'
import { readRequest } from './read-request.ts'
import { ledgerOf } from './request-ledger.ts'
import { spellOutRequest, trustProblem } from './trust.ts'
import { rejection } from './rejection.ts'

interface Found {
  readonly operation: GraphQLOperation
  readonly source: string
}

/** Refuses a document that would keep graphql's validation busy for long. */
function boundMerges(request: FastifyRequest, document: DocumentNode): Refusal | undefined {
  const { maxFieldMerges: limit } = gateOptionsFor(request)
  const actual = countFieldMerges(document, limit)
  if (actual <= limit) return undefined
  const error = new MaxFieldMergesExceeded(exposesLimits(request) ? ` of ${limit}` : '')
  return rejection('graphqlGate', error, { limit, actual })
}

/** What an entry asks to run: the operation, a refusal, or nothing where the engine alone can know. */
async function findOperation(
  request: FastifyRequest,
  door: Door,
  entry: RequestEntry,
  batch: boolean,
): Promise<Found | Refusal | undefined> {
  const read = await readDocument(request, door, entry, batch)
  if (read === undefined || 'error' in read) return read
  const unmergeable = boundMerges(request, read.document)
  if (unmergeable !== undefined) return unmergeable
  const operation = describeOperation(read.document, entry.variables, entry.operationName)
  if (!isDetermined(operation)) return rejection('graphqlGate', new UnknownOperation())
  return methodProblem(request, operation) ?? { operation, source: read.source }
}

/**
 * Judges every operation whose text is known before the first one runs, a batch as a whole.
 *
 * @param onRefusal is told what the checks refuse, because a measured refusal must not end the judgement
 * @returns what is wrong with the form of the request, for the caller to refuse
 */
export async function judgeEntries(
  exchange: Pick<OperationBatch, 'request' | 'reply'>,
  door: Door,
  read: ReadResult,
  onRefusal: (refusal: Refusal) => Promise<boolean>,
): Promise<Refusal | undefined> {
  const { request } = exchange
  if (!read.ok) return rejection('graphqlGate', new MalformedGraphqlRequest(read.problem))
  const ledger = ledgerOf(request)
  ledger.entries = read.entries
  ledger.batch = read.batch
  const outOfBounds = boundEntries(request, read.entries)
  if (outOfBounds !== undefined && outOfBounds.mode !== 'measure') return outOfBounds

  const found: Found[] = []
  for (const entry of read.entries) {
    const untrusted = await trustProblem(request, entry.query)
    if (untrusted !== undefined && (await onRefusal(untrusted))) return undefined
    const one = await findOperation(request, door, entry, read.batch)
    if (one === undefined) continue
    if ('error' in one) return one
    found.push(one)
  }
  if (found.length === 0) return undefined
  const operations = found.map(({ operation }) => operation)
  if (await judge(exchange, door.schema(), operations, onRefusal)) {
    for (const { source, operation } of found) {
      const { variables, operationName } = operation
      ledger.judged.push({ source, variables, operationName, used: false })
    }
  }
  return undefined
}

/** Judges what a request to a door carries. Sends the refusals of the checks itself. */
export async function decideOperations(
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<DecisionResult> {
  const door = doorOf(request)
  if (door !== undefined) await spellOutRequest(request)
  // Read again: validation and hooks of the app may have replaced the body since it was bounded.
  const read = readRequest(request)
  if (read === undefined || door === undefined) return undefined
  return judgeEntries({ request, reply }, door, read, async (refusal) => refuse(request, reply, refusal))
}
