import type { Refusal } from '@portcullis/kernel'
import type { FastifyRequest } from 'fastify'
import { readBody, readQueryString } from '../core/read-entries.ts'
import { UntrustedDocument } from '../errors.ts'
import { gateOptionsFor } from '../gate-options.ts'
import type { TrustedDocuments } from '../options.ts'
import { boundEntries } from './bounds.ts'
import { isOverGet, isUpload } from './read-request.ts'
import { rejection } from './rejection.ts'
import { ledgerOf } from './request-ledger.ts'

type Json = Record<string, unknown>

function trustedFor(request: FastifyRequest): TrustedDocuments | undefined {
  return gateOptionsFor(request).trustedDocuments || undefined
}

/** An entry's extensions without the hash, in the form they came in; nothing where there is nothing else. */
function withoutHash(extensions: unknown): unknown {
  if (extensions === '') return undefined
  const asText = typeof extensions === 'string'
  const given: unknown = asText ? JSON.parse(extensions) : extensions
  if (typeof given !== 'object' || given === null) return undefined
  const { persistedQuery: _hash, ...rest } = given as Json
  if (Object.keys(rest).length === 0) return undefined
  return asText ? JSON.stringify(rest) : rest
}

/**
 * Writes the text of known documents in place of their ids, so that every server runs them without a store of its own.
 *
 * @param input a body, or the members of a query string, which are changed
 */
export async function spellOut(request: FastifyRequest, input: unknown, asText: boolean): Promise<void> {
  const trusted = trustedFor(request)
  if (trusted === undefined) return
  const read = asText ? readQueryString(input) : readBody(input)
  const outOfBounds = read.ok ? boundEntries(request, read.entries) : undefined
  // Whoever judges it refuses it then.
  if (!read.ok || (outOfBounds !== undefined && outOfBounds.mode !== 'measure')) return
  const raws = (Array.isArray(input) ? input : [input]) as readonly Json[]
  for (const [index, { query, hash, persisted }] of read.entries.entries()) {
    const raw = raws[index]
    const id = persisted ? query : hash
    if (raw === undefined || id === undefined || (query !== undefined && !persisted)) continue
    const text = await trusted.find(id)
    if (text === undefined) continue
    raw['query'] = text
    const extensions = withoutHash(raw['extensions'])
    for (const member of ['persisted', 'documentId', 'extensions']) delete raw[member]
    if (extensions !== undefined) raw['extensions'] = extensions
  }
}

/** The same for what a request to a door holds. An upload is read by its server alone. */
export function spellOutRequest(request: FastifyRequest): Promise<void> {
  if (isOverGet(request)) return spellOut(request, request.query, true)
  return isUpload(request) ? Promise.resolve() : spellOut(request, request.body, false)
}

/** The members of an operation that a server has read from the URL for itself, with the text of its document. */
export function spelledOut<Members extends { query?: string | undefined; extensions?: unknown }>(
  request: FastifyRequest,
  members: Members,
): Members | undefined {
  if (members.query !== undefined || trustedFor(request) === undefined || !isOverGet(request))
    return undefined
  const query = ledgerOf(request).entries?.[0]?.query
  return query === undefined ? undefined : { ...members, query, extensions: withoutHash(members.extensions) }
}

async function mayAskAnything(request: FastifyRequest, { exceptRoles }: TrustedDocuments): Promise<boolean> {
  if (exceptRoles.length === 0) return false
  const { roles } = await request.resolvePrincipal()
  return roles.some((role) => exceptRoles.includes(role))
}

/**
 * Refuses what is none of the known documents, where only those may run.
 *
 * @param text the document's text; `undefined` where nobody knows it, which is refused too
 */
export async function trustProblem(
  request: FastifyRequest,
  text: string | undefined,
): Promise<Refusal | undefined> {
  const trusted = trustedFor(request)
  if (trusted === undefined || (text !== undefined && (await trusted.knows(text)))) return undefined
  if (await mayAskAnything(request, trusted)) return undefined
  return rejection('graphqlGate', new UntrustedDocument(), { mode: trusted.mode })
}
