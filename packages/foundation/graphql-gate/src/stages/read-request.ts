import type { FastifyRequest } from 'fastify'
import { readBody, readQueryString } from '../core/read-entries.ts'
import type { ReadResult } from '../core/read-entries.ts'
import { doorOf } from '../doors/door-of.ts'
import { ledgerOf } from './request-ledger.ts'

type Query = Readonly<Record<string, unknown>>

/** Whether a request carries its operation in the URL: by its method or, with OPTIONS, because it has no body. */
export function isOverGet(request: FastifyRequest): boolean {
  const { method, body } = request
  if (ledgerOf(request).overSocket) return false
  return (
    method === 'GET' || method === 'HEAD' || (method === 'OPTIONS' && (body === undefined || body === null))
  )
}

const MEMBERS = ['query', 'variables', 'operationName', 'extensions', 'documentId'] as const

/** No GraphQL member in the URL: a browser, a health check, a preflight or a WebSocket upgrade. The engine answers. */
function isNoOperation(query: Query): boolean {
  return MEMBERS.every((member) => query[member] === undefined)
}

/** Handlers differ in whether they look at the URL of a POST first, so a request that uses both is refused. */
function contradicts(query: Query, read: ReadResult): boolean {
  if (['query', 'variables', 'extensions', 'documentId'].some((member) => query[member] !== undefined))
    return true
  const { operationName } = query
  return (
    operationName !== undefined &&
    read.ok &&
    read.entries.some((entry) => entry.operationName !== operationName)
  )
}

/** An upload that Yoga reads from the raw body: its plugin judges what Yoga finds there, before any of it runs. */
export function isUpload({ body, headers }: FastifyRequest): boolean {
  if (body !== undefined && body !== null) return false
  return headers['content-type']?.trimStart().toLowerCase().startsWith('multipart/form-data') === true
}

/**
 * Reads the operations that a request carries, as its body and URL are now.
 *
 * @returns `undefined` where its route is no door or it carries none
 */
export function readRequest(request: FastifyRequest): ReadResult | undefined {
  const door = doorOf(request)
  if (door === undefined || (door.engine === 'yoga' && isUpload(request))) return undefined
  const query = (request.query ?? {}) as Query
  if (isOverGet(request)) return isNoOperation(query) ? undefined : readQueryString(query)
  const read = readBody(request.body)
  return contradicts(query, read)
    ? { ok: false, problem: 'a POST carries its operation in the body alone' }
    : read
}
