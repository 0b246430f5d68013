import { refuse } from '@portcullis/kernel'
import type { DecisionResult, Refusal } from '@portcullis/kernel'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { OperationTypeNode } from 'graphql'
import type { DocumentNode } from 'graphql'
import { describeOperation, isDetermined } from '../core/operation.ts'
import type { GraphQLOperation } from '../core/operation.ts'
import type { RequestEntry } from '../core/read-entries.ts'
import { doorOf } from '../doors/door-of.ts'
import type { Door } from '../doors/door.ts'
import {
  AstNotAllowed,
  GraphqlParseFailed,
  OperationNotAllowedOverGet,
  UnknownOperation,
  UnreadableBatchEntry,
} from '../errors.ts'
import { gateOptionsFor } from '../gate-options.ts'
import { gateStateOf } from '../state.ts'
import { judge } from './judge.ts'
import { ledgerOf } from './request-ledger.ts'
import { rejection } from './rejection.ts'

interface Readable {
  readonly source: string
  readonly document: DocumentNode
}

function looksLikeAst(text: string | undefined): boolean {
  return text !== undefined && /^\s*\{\s*"/.test(text)
}

/** The document of an entry: its own text, or the stored text of its hash or id where the app tells it. */
async function readDocument(request: FastifyRequest, entry: RequestEntry): Promise<Readable | undefined> {
  const { documents } = gateStateOf(request.server)
  const own = entry.query === undefined ? undefined : documents.get(entry.query)
  if (own !== undefined) return { source: entry.query ?? '', document: own }
  const id = entry.hash ?? entry.query
  const source = id === undefined ? undefined : await gateOptionsFor(request).persistedQuery?.(id)
  const stored = source === undefined ? undefined : documents.get(source)
  return stored === undefined || source === undefined ? undefined : { source, document: stored }
}

/** Who may answer an entry that could not be read here: the engine, where its own hook is guarded and it is alone. */
function unreadable(entry: RequestEntry, door: Door, batch: boolean): Refusal | undefined {
  if (looksLikeAst(entry.query)) return rejection('graphqlGate', new AstNotAllowed())
  if (batch) return rejection('graphqlGate', new UnreadableBatchEntry())
  return door.engine === 'mercurius' ? undefined : rejection('graphqlGate', new GraphqlParseFailed())
}

function formProblem(request: FastifyRequest, operation: GraphQLOperation): Refusal | undefined {
  if (!isDetermined(operation)) return rejection('graphqlGate', new UnknownOperation())
  const overGet = request.method === 'GET' || request.method === 'HEAD'
  if (overGet && operation.kind !== OperationTypeNode.QUERY) {
    const refusal = rejection('graphqlGate', new OperationNotAllowedOverGet())
    return { ...refusal, headers: { allow: 'POST' } }
  }
  return undefined
}

/**
 * Judges every operation whose text is known before the first one runs, a batch as a whole. Sends the refusals itself,
 * because a measured one must not end the judgement.
 */
export async function decideOperations(
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<DecisionResult> {
  const ledger = ledgerOf(request)
  const door = doorOf(request)
  if (door === undefined || ledger.entries === undefined) return undefined
  const operations: GraphQLOperation[] = []
  const sources: string[] = []
  for (const entry of ledger.entries) {
    const readable = await readDocument(request, entry)
    if (readable === undefined) {
      const refusal = unreadable(entry, door, ledger.batch)
      if (refusal !== undefined) return refusal
      continue
    }
    const operation = describeOperation(readable.document, entry.variables, entry.operationName)
    const refusal = formProblem(request, operation)
    if (refusal !== undefined) return refusal
    operations.push(operation)
    sources.push(readable.source)
  }
  if (operations.length === 0) return undefined
  const allowed = await judge({ request, reply }, door.schema(), operations, (refusal) =>
    refuse(request, reply, refusal),
  )
  if (allowed) {
    operations.forEach(({ variables }, index) => {
      ledger.judged.push({ source: sources[index] ?? '', variables, used: false })
    })
  }
  return undefined
}
