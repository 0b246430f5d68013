import type { Refusal } from '@portcullis/kernel'
import type { FastifyRequest } from 'fastify'
import type { DocumentNode } from 'graphql'
import { syntaxErrorAt } from '../core/parse-document.ts'
import type { RequestEntry } from '../core/read-entries.ts'
import type { Door } from '../doors/door.ts'
import { AstNotAllowed, GraphqlParseFailed, MalformedGraphqlRequest, UnknownDocument } from '../errors.ts'
import { gateOptionsFor } from '../gate-options.ts'
import { gateStateOf } from '../state.ts'
import { ledgerOf } from './request-ledger.ts'
import { rejection } from './rejection.ts'

/** A document with the text it was parsed from. */
export interface ReadDocument {
  readonly source: string
  readonly document: DocumentNode
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function parsed(request: FastifyRequest, source: string | undefined): ReadDocument | undefined {
  const document = source === undefined ? undefined : gateStateOf(request.server).documents.get(source)
  return document === undefined || source === undefined ? undefined : { source, document }
}

/** The text that the app has stored under an id. A look-up in an object finds more than texts: `constructor`, say. */
async function storedText(request: FastifyRequest, id: string | undefined): Promise<string | undefined> {
  const stored: unknown = id === undefined ? undefined : await gateOptionsFor(request).persistedQuery?.(id)
  return typeof stored === 'string' ? stored : undefined
}

/** A text that is sent to be run as it is. */
async function readText(
  request: FastifyRequest,
  text: string,
  hash: string | undefined,
): Promise<ReadDocument | Refusal> {
  const read = parsed(request, text)
  // Some servers keep ids in the very member that holds texts elsewhere.
  if (read === undefined) return parsed(request, await storedText(request, text)) ?? unparsable(text)
  const stored = await storedText(request, hash)
  if (stored === undefined || stored === text) return read
  return rejection('graphqlGate', new MalformedGraphqlRequest("'query' is not the document of its hash"))
}

function unparsable(text: string): Refusal {
  // Servers that take a document as a tree would run it past every bound on text.
  if (isJson(text)) return rejection('graphqlGate', new AstNotAllowed())
  return rejection('graphqlGate', new GraphqlParseFailed(syntaxErrorAt(text)))
}

/**
 * Finds the document of an entry.
 *
 * @returns `undefined` where only the engine knows it, whose own hook judges it then
 */
export async function readDocument(
  request: FastifyRequest,
  door: Door,
  { query, hash, persisted }: RequestEntry,
  batch: boolean,
): Promise<ReadDocument | Refusal | undefined> {
  const { overSocket } = ledgerOf(request)
  const isId = persisted && door.engine === 'mercurius' && !overSocket
  if (query !== undefined && !isId) return readText(request, query, hash)
  const id = query ?? hash
  // Other servers may have a way of their own to name a document.
  if (id === undefined && door.engine === 'mercurius')
    return rejection('graphqlGate', new MalformedGraphqlRequest("'query' is missing"))
  const read = parsed(request, await storedText(request, id))
  if (read !== undefined) return read
  const engineJudges = door.engine !== 'hand-written' && !batch && !overSocket
  return engineJudges ? undefined : rejection('graphqlGate', new UnknownDocument())
}
