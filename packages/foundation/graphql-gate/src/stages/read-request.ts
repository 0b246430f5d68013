import type { FastifyRequest } from 'fastify'
import { readBody, readQueryString } from '../core/read-entries.ts'
import type { ReadResult } from '../core/read-entries.ts'
import { doorOf } from '../doors/door-of.ts'

type Query = Readonly<Record<string, unknown>>

/** Whether a request comes with a method that carries its operation in the URL. */
export function isOverGet(request: FastifyRequest): boolean {
  return request.method === 'GET' || request.method === 'HEAD'
}

/** A GET without any GraphQL member: a person's browser, a health check or a WebSocket upgrade. The engine answers. */
function isNoOperation(query: Query): boolean {
  return query['query'] === undefined && query['extensions'] === undefined
}

/** Handlers differ in whether they look at the URL of a POST first, so a request that uses both is refused. */
function contradicts(query: Query, read: ReadResult): boolean {
  if (['query', 'variables', 'extensions'].some((member) => query[member] !== undefined)) return true
  const { operationName } = query
  return (
    operationName !== undefined &&
    read.ok &&
    read.entries.some((entry) => entry.operationName !== operationName)
  )
}

/**
 * Reads the operations that a request carries, as its body and URL are now.
 *
 * @returns `undefined` where its route is no door or it carries none
 */
export function readRequest(request: FastifyRequest): ReadResult | undefined {
  if (doorOf(request) === undefined || request.method === 'OPTIONS') return undefined
  const query = (request.query ?? {}) as Query
  if (isOverGet(request)) return isNoOperation(query) ? undefined : readQueryString(query)
  const read = readBody(request.body)
  return contradicts(query, read)
    ? { ok: false, problem: 'a POST carries its operation in the body alone' }
    : read
}
