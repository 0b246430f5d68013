import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ResolvedStrictCorsOptions } from './options.ts'

/** What the answers of an API need, which are data and no pages (OWASP REST Security Cheat Sheet). */
const OF_AN_API = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
} as const

/**
 * Sets the security headers before anything answers; a handler may replace one. HSTS too without TLS, since a proxy may
 * end it: browsers ignore it then (RFC 6797, section 8.1).
 */
export function setSecurityHeaders(reply: FastifyReply, { hsts }: ResolvedStrictCorsOptions): void {
  void reply.headers(OF_AN_API)
  if (hsts > 0) void reply.header('strict-transport-security', `max-age=${hsts / 1_000}; includeSubDomains`)
}

function knowsWhoAsks(request: FastifyRequest): boolean {
  try {
    return request.principal.kind !== 'anonymous'
  } catch {
    // Nobody has asked yet who it is.
    return false
  }
}

/** Keeps an answer to somebody out of caches, where the handler said nothing of them. */
export function keepFromCaches(request: FastifyRequest, reply: FastifyReply): void {
  if (reply.hasHeader('cache-control')) return
  const { authorization, cookie } = request.headers
  const personal = authorization !== undefined || cookie !== undefined || reply.hasHeader('set-cookie')
  if (personal || knowsWhoAsks(request)) void reply.header('cache-control', 'no-store')
}
