import type { FastifyRequest } from 'fastify'

/** W3C Trace Context ids of a request. */
export interface TraceContext {
  readonly traceId: string
  readonly spanId: string
}

const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/

/** Reads the `traceparent` header (W3C Trace Context, version 00), or `undefined` when it is absent or malformed. */
export function traceContextOf(request: FastifyRequest): TraceContext | undefined {
  const header = request.headers['traceparent']
  const match = typeof header === 'string' && header.length <= 55 ? TRACEPARENT.exec(header) : null
  const traceId = match?.[1]
  const spanId = match?.[2]
  if (traceId === undefined || spanId === undefined || /^0+$/.test(traceId) || /^0+$/.test(spanId))
    return undefined
  return { traceId, spanId }
}
